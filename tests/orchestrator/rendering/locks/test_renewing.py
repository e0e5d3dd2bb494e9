"""Lock files made anew: by real npm and real uv, which ask a registry of the test."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.services import Services
from tests.factories.git import git
from tests.orchestrator.rendering.locks.registries import Packages, serving, wheel_digest
from tests.orchestrator.rendering.locks.renewals import renewed, stand_in, texts
from tests.orchestrator.rendering.places import open_places

PACKAGES: Packages = {
    "lib": {"1.0.0": {}, "2.0.0": {"deep": ">=1"}},
    "other": {"1.0.0": {}, "1.1.0": {}},
    "deep": {"1.0.0": {}},
}
MANIFEST = '{{"name": "it", "version": "1.0.0", "dependencies": {{"lib": "{0}", "other": "^1"}}}}'
_BESIDE = str(Path(sys.executable).parent)
UV = shutil.which("uv", path=os.pathsep.join([_BESIDE, os.environ["PATH"]]))


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(PACKAGES) as base:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{base}/")
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{base}/simple")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "127.0.0.1")
        yield base


def npm_lock(base: str, lock_version: int = 3) -> str:
    """As npm wrote it when there was nothing newer, `other` at its first version."""

    def entry(name: str) -> dict[str, str]:
        return {"version": "1.0.0", "resolved": f"{base}/{name}/-/{name}-1.0.0.tgz"}

    root = {"name": "it", "version": "1.0.0", "dependencies": {"lib": "^1.0.0", "other": "^1"}}
    return json.dumps(
        {
            "name": "it",
            "version": "1.0.0",
            "lockfileVersion": lock_version,
            "requires": True,
            "packages": {
                "": root,
                "node_modules/lib": entry("lib"),
                "node_modules/other": entry("other"),
            },
        }
    )


async def test_npm_moves_the_bumped_package_what_it_needs_and_nothing_else(
    services: Services, runs_in: Path, tmp_path: Path, registry: str
) -> None:
    files = {
        "package.json": MANIFEST.format("^1.0.0"),
        "package-lock.json": npm_lock(registry),
        "app/package.json": "{}",
        "app/npm-shrinkwrap.json": "{}",
    }
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"package.json": MANIFEST.format("^2.0.0")})
    lock = json.loads(texts(made)["package-lock.json"])
    versions = {name: package.get("version") for name, package in lock["packages"].items() if name}
    assert versions == {
        "node_modules/lib": "2.0.0",
        "node_modules/other": "1.0.0",
        "node_modules/deep": "1.0.0",
    }
    assert lock["lockfileVersion"] == 3
    assert [*made.files] == ["package-lock.json"]
    assert made.notes[0].startswith("package-lock.json was made anew: npm install ")


async def test_a_package_that_cannot_be_had_fails_with_the_words_of_the_tool(
    services: Services, runs_in: Path, tmp_path: Path, registry: str
) -> None:
    files = {"package.json": MANIFEST.format("^1.0.0"), "package-lock.json": npm_lock(registry)}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        with pytest.raises(WorkFailed, match=r"npm for package-lock\.json failed") as caught:
            await renewed(places, {"package.json": MANIFEST.format("^3.0.0")})
        assert not places.checkouts
    assert "No matching version found for lib@^3.0.0" in caught.value.message


@pytest.mark.skipif(UV is None, reason="install uv to run this")
async def test_uv_moves_the_bumped_package_what_it_needs_and_nothing_else(
    services: Services, runs_in: Path, tmp_path: Path, registry: str
) -> None:
    manifest = (
        '[project]\nname = "it"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["lib>={0}", "other"]\n'
    )
    packages = "".join(
        f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\n'
        f'source = {{ registry = "{registry}/simple" }}\n'
        f'wheels = [{{ url = "{registry}/files/{name}-1.0.0-py3-none-any.whl",'
        f' hash = "sha256:{wheel_digest(name, "1.0.0")}" }}]\n'
        for name in ("lib", "other")
    )
    lock = f'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n{packages}'
    files = {"pyproject.toml": manifest.format(1), "uv.lock": lock}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"pyproject.toml": manifest.format(2)})
    written = texts(made)["uv.lock"]
    assert 'name = "lib"\nversion = "2.0.0"' in written
    assert 'name = "other"\nversion = "1.0.0"' in written
    assert 'name = "deep"\nversion = "1.0.0"' in written
    assert [*made.files] == ["uv.lock"]


async def test_a_tool_that_is_missing_is_named_with_the_lock_file_and_nothing_is_started(
    services: Services, runs_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_program = shutil.which("git")
    monkeypatch.setenv("PATH", str(runs_in / "programs"))
    stand_in(runs_in / "programs", "git", f'exec {git_program} "$@"')
    stand_in(runs_in / "programs", "npm", "echo started > package-lock.json")
    files = {"package.json": "{}", "package-lock.json": "{}", "pnpm-lock.yaml": "x: 1"}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        with pytest.raises(WorkFailed) as caught:
            await renewed(places, {"package.json": "{ }"})
        assert not places.checkouts
    assert caught.value.message == "pnpm-lock.yaml cannot be made anew: pnpm is not installed here."
    assert caught.value.details == {"tool": "pnpm", "lock_file": "pnpm-lock.yaml"}


async def test_nothing_but_the_lock_file_is_taken_of_what_a_tool_writes(
    services: Services, runs_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{runs_in / 'programs'}:/usr/bin:/bin")
    script = "cat package.json > package-lock.json; echo theirs | tee package.json more.json a.txt"
    stand_in(runs_in / "programs", "npm", script)
    files = {"package.json": "{}", "package-lock.json": "{}", "a.txt": "a"}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        made = await renewed(places, {"package.json": "edited"})
    assert texts(made) == {"package-lock.json": "edited"}


async def test_a_lock_file_that_stays_as_it_is_is_not_among_the_files(
    services: Services, runs_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{runs_in / 'programs'}:/usr/bin:/bin")
    stand_in(runs_in / "programs", "npm", "true")
    files = {"package.json": "{}", "package-lock.json": "{}"}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        assert not (await renewed(places, {"package.json": "edited"})).files


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("rm package-lock.json", "The job left no package-lock.json"),
        ("ln -sf /etc/hosts package-lock.json", "cannot be read"),
        ("echo what is wrong >&2; exit 3", r"exit code 3\. Its last lines:\nwhat is wrong"),
    ],
)
async def test_a_tool_that_leaves_no_lock_file_fails(
    services: Services,
    runs_in: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    why: str,
) -> None:
    monkeypatch.setenv("PATH", f"{runs_in / 'programs'}:/usr/bin:/bin")
    stand_in(runs_in / "programs", "npm", script)
    files = {"package.json": "{}", "package-lock.json": "{}"}
    async with open_places(services, runs_in, tmp_path / "it", files) as places:
        with pytest.raises(WorkFailed, match=why):
            await renewed(places, {"package.json": "edited"})


async def test_a_lock_file_that_is_a_link_is_not_followed(
    services: Services, runs_in: Path, tmp_path: Path
) -> None:
    async with open_places(services, runs_in, tmp_path / "it", {"package.json": "{}"}) as places:
        (tmp_path / "it" / "package-lock.json").symlink_to("/etc/hosts")
        await git(tmp_path / "it", "add", "--all")
        await git(tmp_path / "it", "commit", "--quiet", "--message=link")
        base = await git(tmp_path / "it", "rev-parse", "HEAD")
        with pytest.raises(WorkFailed, match="no plain file"):
            await renewed(replace(places, base=base), {"package.json": "edited"})
