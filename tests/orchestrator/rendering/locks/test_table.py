"""What is asked of each tool. Here they are stood in for: real ones are in `test_renewing`."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_auditor.linters import programs as search
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem
from gitops_auditor.orchestrator.rendering.locks.table import ECOSYSTEMS
from gitops_auditor.services import Services
from tests.orchestrator.rendering.locks.renewals import renewed, stand_in, texts
from tests.orchestrator.rendering.places import MOMENT, open_places

BERRY = "__metadata:\n  version: 8\n"
TOFU = 'provider "registry.opentofu.org/acme/tool" {\n}\n'
NPM = "npm install --package-lock-only --ignore-scripts --no-audit --no-fund --no-progress"
CASES = {
    "npm/package-lock.json": (
        "package.json",
        '{"lockfileVersion": 2}',
        f"{NPM} --lockfile-version=2",
    ),
    "shrunk/npm-shrinkwrap.json": (
        "package.json",
        "{}",
        NPM,
    ),
    "pnpm/pnpm-lock.yaml": (
        "pnpm-workspace.yaml",
        "",
        "pnpm install --lockfile-only --ignore-scripts --no-frozen-lockfile",
    ),
    "classic/yarn.lock": (
        "package.json",
        "# yarn lockfile v1\n",
        "yarn install --ignore-scripts --ignore-engines --non-interactive --no-progress",
    ),
    "berry/yarn.lock": (
        "package.json",
        BERRY,
        "yarn install --mode=update-lockfile --no-immutable",
    ),
    "bun/bun.lock": ("package.json", "{}", "bun install --lockfile-only --ignore-scripts"),
    "uv/uv.lock": ("pyproject.toml", "", "uv lock --no-progress"),
    "poetry/poetry.lock": (
        "pyproject.toml",
        "",
        "poetry lock --no-update --no-interaction --no-ansi",
    ),
    "pipenv/Pipfile.lock": ("Pipfile", "{}", "pipenv upgrade --lock-only lib"),
    "pdm/pdm.lock": ("pyproject.toml", "", "pdm lock --update-reuse"),
    "cargo/Cargo.lock": ("Cargo.toml", "", "cargo update --workspace"),
    "go/go.sum": ("go.mod", "", "go mod tidy"),
    "chart/Chart.lock": ("Chart.yaml", "", "helm dependency update ."),
    "old-chart/requirements.lock": ("requirements.yaml", "", "helm dependency update ."),
    "infra/.terraform.lock.hcl": (
        "main.tf",
        "",
        "terraform init -backend=false -input=false -no-color",
    ),
    "open/.terraform.lock.hcl": (
        "main.tofu",
        TOFU,
        "tofu init -backend=false -input=false -no-color",
    ),
}
"""For each lock file: the manifest beside it, what it holds, and the command that it is made by."""

TELLS = """
if [ "$1" = --version ]; then
    case "${0##*/}" in
        poetry) echo "Poetry (version 1.8.3)" ;;
        *) if [ -f .berry ]; then echo 4.1.0; else echo 1.22.22; fi ;;
    esac
    exit
fi
for file in *lock* .terraform.lock.hcl go.sum npm-shrinkwrap.json; do
    if [ -f "$file" ]; then echo "${0##*/} $*" > "$file"; fi
done
if [ -f go.mod ]; then echo tidied >> go.mod; fi
"""


@pytest.fixture
def stand_for(runs_in: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a program in place of a tool; nothing else but the system's programs is to be found."""
    git = shutil.which("git")
    folder = runs_in / "programs"
    stand_in(folder, "git", f'exec {git} "$@"')
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return lambda name, script: stand_in(folder, name, script)


def the(lock: str) -> Ecosystem:
    """The first ecosystem with a lock file of that name."""
    return next(one for one in ECOSYSTEMS if one.lock == lock)


async def test_each_lock_file_is_made_by_the_tool_of_its_ecosystem(
    services: Services,
    runs_in: Path,
    tmp_path: Path,
    stand_for: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs = {one.program for one in ECOSYSTEMS}
    for program in programs:
        stand_for(program, TELLS)
    # The real uv may stand beside the interpreter of the tests.
    monkeypatch.setattr(search, "search_folders", lambda: [runs_in / "programs"])
    manifests = {f"{Path(lock).parent}/{case[0]}": "old" for lock, case in CASES.items()}
    files = {**manifests, **{lock: case[1] for lock, case in CASES.items()}, "berry/.berry": ""}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, dict.fromkeys(manifests, "edited\n"))
    said = {lock: f"{case[2]}\n" for lock, case in CASES.items()}
    assert texts(made) == {**said, "go/go.mod": "edited\ntidied\n"}
    assert {case[2].split()[0] for case in CASES.values()} == programs
    assert "uv/uv.lock was made anew: uv lock --no-progress" in made.notes


async def test_a_lock_file_of_another_form_than_the_tool_writes_is_refused(
    services: Services, runs_in: Path, tmp_path: Path, stand_for: Callable[[str, str], None]
) -> None:
    stand_for("yarn", TELLS)
    files = {"package.json": "{}", "yarn.lock": BERRY}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        with pytest.raises(WorkFailed, match=r"yarn\.lock is of another form than yarn 1\.22\.22"):
            await renewed(places, {"package.json": "edited"})


async def test_a_tool_gets_the_addresses_of_its_registry_and_no_password(
    services: Services,
    runs_in: Path,
    tmp_path: Path,
    stand_for: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_for("pdm", "env | grep -E '^(PIP|PDM|UV|TOKEN)_' | sort > pdm.lock")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.org/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://me:secret@packages.example.org/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example.org")
    monkeypatch.setenv("TOKEN_OF_PDM", "secret")
    monkeypatch.delenv("PIP_CERT", raising=False)
    files = {"pyproject.toml": "", "pdm.lock": ""}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"pyproject.toml": "edited"})
    assert texts(made)["pdm.lock"].splitlines() == [
        "PDM_CHECK_UPDATE=false",
        "PDM_NON_INTERACTIVE=true",
        "PIP_INDEX_URL=https://packages.example.org/simple",
    ]


async def test_packages_that_stand_beside_a_lock_file_are_said_to_be_of_before(
    services: Services, runs_in: Path, tmp_path: Path, stand_for: Callable[[str, str], None]
) -> None:
    stand_for("helm", TELLS)
    files = {"it/Chart.yaml": "", "it/Chart.lock": "", "it/charts/lib-1.0.0.tgz": "x"}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"it/Chart.yaml": "edited"})
    assert made.notes[1] == "it/charts/ holds packages of before: it was not made anew."


async def test_a_lock_file_above_is_made_anew_where_a_workspace_shares_it(
    services: Services, runs_in: Path, tmp_path: Path, stand_for: Callable[[str, str], None]
) -> None:
    for program in ("npm", "cargo"):
        stand_for(program, TELLS)
    files = {
        "js/package.json": '{"workspaces": ["*"]}',
        "js/package-lock.json": "{}",
        "js/a/package.json": "{}",
        "rust/Cargo.toml": "[package]",
        "rust/Cargo.lock": "",
        "rust/a/Cargo.toml": "",
    }
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"js/a/package.json": "x", "rust/a/Cargo.toml": "x"})
    assert texts(made) == {"js/package-lock.json": f"{NPM}\n"}


async def test_a_lock_file_of_terraform_is_also_of_the_modules_that_are_called(
    services: Services, runs_in: Path, tmp_path: Path, stand_for: Callable[[str, str], None]
) -> None:
    stand_for("terraform", TELLS)
    call = 'module "it" {{\n  source = "{0}"\n}}\n'
    files = {
        "envs/prod/main.tf": call.format("../../modules/web"),
        "envs/prod/.terraform.lock.hcl": "",
        "envs/bare/main.tf": call.format("acme/web/aws"),
        "envs/bare/.terraform.lock.hcl": "",
        "modules/web/main.tf": call.format("../net") + call.format("./"),
        "modules/net/main.tf": "",
    }
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"modules/net/main.tf": "edited"})
    assert [*made.files] == ["envs/prod/.terraform.lock.hcl"]


@pytest.mark.parametrize(
    ("version", "is_told"),
    [("Poetry (version 1.8.3)", True), ("Poetry (version 2.5.1)", False), ("", False)],
)
def test_only_an_old_poetry_is_told_to_leave_other_packages(version: str, is_told: bool) -> None:
    arguments = the("poetry.lock").arguments(Asked("lib", b"", version))
    assert ("--no-update" in arguments) is is_told


def test_the_time_in_a_chart_lock_is_that_of_the_commit() -> None:
    settled = the("Chart.lock").settled
    old = b'digest: sha256:1\ngenerated: "2020-01-01T00:00:00Z"\n'
    moved = b'digest: sha256:2\ngenerated: "2026-11-23T21:00:00.123+01:00"\n'
    assert settled(old, moved, MOMENT) == (b'digest: sha256:2\ngenerated: "2026-09-21T14:13:20Z"\n')
    assert settled(old, old.replace(b"2020", b"2021"), MOMENT) == old


def test_terraform_finds_a_lock_file_without_the_bumped_provider() -> None:
    block = 'provider "registry.terraform.io/{0}" {{\n  version = "1.0.0"\n  hashes = [\n  ]\n}}\n'
    other, tool = (block.format(name).encode() for name in ("acme/other", "Acme/tool"))
    prepared = the(".terraform.lock.hcl").prepared
    assert prepared(Asked("acme/tool", b""), b"# Kept\n\n" + tool + b"\n" + other) == (
        b"# Kept\n\n" + other
    )
    assert prepared(Asked("", b""), tool) == tool


def test_no_two_ecosystems_claim_the_same_lock_file() -> None:
    for form in ("", BERRY, TOFU):
        locks = [one.lock for one in ECOSYSTEMS if one.form(form.encode())]
        assert len(locks) == len(set(locks))


def test_variables_are_named_in_small_letters() -> None:
    names = {name for one in ECOSYSTEMS for name in one.variables}
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
