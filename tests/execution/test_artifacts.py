"""Artifacts are kept as the job left them."""

import hashlib
from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, TooLarge
from gitops_auditor.execution.artifacts import ArtifactStore


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "dist").mkdir(parents=True)
    (folder / "dist" / "app.js").write_text("app", encoding="utf-8")
    (folder / "dist" / "link").symlink_to("/etc/passwd")
    return folder


async def test_an_artifact_is_read_back(tmp_path: Path, workspace: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    (kept,) = await store.save("run1", "build", workspace, ["dist"])
    assert (kept.path, kept.size) == ("dist/app.js", 3)
    assert kept.sha256 == hashlib.sha256(b"app").hexdigest()
    assert await store.read("run1", "build", "dist/app.js", max_bytes=10) == b"app"


async def test_beyond_the_bounds_nothing_is_kept(tmp_path: Path, workspace: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts", max_bytes=2)
    with pytest.raises(TooLarge):
        await store.save("run1", "build", workspace, ["dist"])
    assert list((tmp_path / "artifacts" / "run1").iterdir()) == []


async def test_a_repeated_job_replaces_its_artifacts(tmp_path: Path, workspace: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    await store.save("run1", "build", workspace, ["dist"])
    (workspace / "dist" / "app.js").rename(workspace / "dist" / "new.js")
    await store.save("run1", "build", workspace, ["dist"])
    with pytest.raises(NotFound):
        await store.read("run1", "build", "dist/app.js", max_bytes=10)


async def test_a_deleted_run_has_none(tmp_path: Path, workspace: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    await store.save("run1", "build", workspace, ["dist"])
    await store.delete("run1")
    await store.delete("run1")
    with pytest.raises(NotFound):
        await store.read("run1", "build", "dist/app.js", max_bytes=10)


@pytest.mark.parametrize("name", ["..", "a/b", "", ".hidden"])
async def test_an_id_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await ArtifactStore(tmp_path).delete(name)
