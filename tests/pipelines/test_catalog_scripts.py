"""Runs scripts of the catalogue's templates, as far as that needs no network."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines import catalog
from tests.pipelines.test_catalog import NAMES, jobs, rendered

BASH = shutil.which("bash") or "sh"
EXTRAS = """\
[project]
[project.optional-dependencies]
test = []
docs = []
[dependency-groups]
dev = []
other = []
"""
SAYS = 'echo "${0##*/} $*"'


@pytest.mark.parametrize("name", NAMES)
def test_every_script_of_a_template_is_read_by_the_shell(name: str) -> None:
    every = {one.name: "x" for one in catalog.template(name).variables if one.type == "word"}
    versions: dict[str, JsonValue] = {
        one.name: ["3.12"] for one in catalog.template(name).variables if one.type == "versions"
    }
    values: dict[str, JsonValue] = {**{key: f"{key}-1" for key in every}, **versions}
    for job in jobs(rendered(name, **values)):
        if job.script:
            checked = subprocess.run(
                [BASH, "-n", "-c", job.script], capture_output=True, timeout=20, check=False
            )
            assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("lock", "content", "manager", "called"),
    [
        ("package-lock.json", "{}", "", "npm ci --no-audit --no-fund"),
        ("pnpm-lock.yaml", "", "", "npx --yes pnpm install --frozen-lockfile"),
        ("pnpm-lock.yaml", "", "pnpm@9.1.0", "npx --yes pnpm@9.1.0 install --frozen-lockfile"),
        ("yarn.lock", "# v1", "", "npx --yes yarn@1 install --frozen-lockfile"),
        ("yarn.lock", "# v1", "yarn@1.22.0", "npx --yes yarn@1.22.0 install --frozen-lockfile"),
        ("yarn.lock", "__metadata:", "", "npx --yes @yarnpkg/cli-dist install --immutable"),
        (
            "yarn.lock",
            "__metadata:",
            "yarn@4.5.0",
            "npx --yes @yarnpkg/cli-dist@4.5.0 install --immutable",
        ),
    ],
)
def test_a_package_manager_that_is_not_installed_is_fetched_in_the_version_of_the_project(
    tmp_path: Path, lock: str, content: str, manager: str, called: str
) -> None:
    # Node.js and the package managers are played, so that nothing is fetched.
    programs, checkout = tmp_path / "bin", tmp_path / "checkout"
    programs.mkdir()
    checkout.mkdir()
    for name, does in (("node", f"echo '{manager}'"), ("npm", SAYS), ("npx", SAYS)):
        (programs / name).write_text(f"#!{BASH}\n{does}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    for name in ("grep", "touch"):
        (programs / name).symlink_to(shutil.which(name) or name)
    (checkout / "package.json").write_text("{}", encoding="utf-8")
    (checkout / lock).write_text(f"{content}\n", encoding="utf-8")
    environment = {"PATH": str(programs), "HOME": str(tmp_path)}
    script = jobs(rendered("node-ci"))[0].script or ""
    for expected in (f"{called}\n", ""):
        ended = subprocess.run(
            [BASH, "-e", "-o", "pipefail", "-c", script],
            cwd=checkout,
            env=environment,
            capture_output=True,
            timeout=20,
            check=True,
            text=True,
        )
        assert ended.stdout == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, ["--editable ."]),
        ({"setup.py": ""}, ["--editable ."]),
        ({"pyproject.toml": "[tool.ruff]\n"}, []),
        (
            {"pyproject.toml": EXTRAS},
            ["--editable .[test]", "--group dev"],
        ),
    ],
)
def test_a_python_project_is_installed_with_what_its_tests_need(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    script = jobs(rendered("python-ci"))[0].script or ""
    chooses = script.partition("wanted=$(")[2].partition("-c '")[2].partition("')")[0]
    printed = subprocess.run(
        [sys.executable, "-c", chooses],
        cwd=tmp_path,
        capture_output=True,
        timeout=20,
        check=True,
        text=True,
    )
    assert printed.stdout.splitlines() == expected


def test_a_missing_docker_is_explained_in_one_sentence(tmp_path: Path) -> None:
    check = jobs(rendered("docker-build"))[0]
    assert check.script is not None
    ended = subprocess.run(
        [BASH, "-e", "-c", check.script],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert ended.stderr.decode().strip() == (
        "Docker is not installed on this machine: install it, or run this pipeline where it is."
    )


def test_the_scripts_that_deploy_get_the_environment_and_leave_a_mark(tmp_path: Path) -> None:
    deploy = next(job for job in jobs(rendered("multi-stage")) if job.name == "deploy")
    assert deploy.script is not None
    environment = {"PATH": "/usr/bin:/bin", "DEPLOY_SCRIPT": "scripts/deploy.sh", **deploy.env}

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [BASH, "-e", "-c", deploy.script or ""],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=20,
            check=False,
            text=True,
        )

    missing = run()
    assert missing.returncode == 1
    assert "There is no scripts/deploy.sh in the repository" in missing.stderr
    assert not (tmp_path / ".deployed").exists()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/deploy.sh").write_text('echo "to $1"; exit 3\n', encoding="utf-8")
    assert (run().returncode, run().stdout) == (3, "to staging\n")
    assert (tmp_path / ".deployed/staging").exists()
