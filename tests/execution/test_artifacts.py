"""Artifacts are kept as the job left them, on any file system."""

import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import fsspec
import pytest
import pytest_asyncio

from gitops_auditor.connections.files.opening import open_files
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import InvalidRequest, InvalidSetting, NotFound, TooLarge, Unavailable
from gitops_auditor.execution.artifacts import ArtifactStore
from tests.connections.wiring import connected
from tests.factories.file_servers import Share, open_share

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST = 2**20


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "dist" / "sub").mkdir(parents=True)
    (folder / "dist" / "app.js").write_text("app", encoding="utf-8")
    (folder / "dist" / "sub" / "50% of ä #1?.txt").write_text("odd", encoding="utf-8")
    (folder / "dist" / "link").symlink_to("/etc/passwd")
    (folder / "dist" / "linked").symlink_to("/etc")
    os.mkfifo(folder / "dist" / "pipe")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def share(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Share]:
    async with open_share(tmp_path_factory.mktemp("mcp") / "share") as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nowhere() -> AsyncIterator[Connections]:
    async with connected() as connections:
        yield connections


@pytest.fixture(params=["folder", "memory", "mcp"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "mcp":
        yield f"mcp://share/{uuid.uuid4().hex}"
        return
    if request.param == "folder":
        yield str(tmp_path / "artifacts")
        return
    place = f"memory://{uuid.uuid4().hex}"
    yield place
    files, root = fsspec.core.url_to_fs(place)
    if files.exists(root):
        files.rm(root, recursive=True)


@pytest.fixture
def connections(request: pytest.FixtureRequest, location: str) -> Connections:
    if not location.startswith("mcp:"):
        nowhere: Connections = request.getfixturevalue("nowhere")
        return nowhere
    share: Share = request.getfixturevalue("share")
    return share.connections


@pytest.fixture
def store(location: str, tmp_path: Path, connections: Connections) -> ArtifactStore:
    return store_at(location, tmp_path, connections)


def store_at(location: str, tmp_path: Path, connections: Connections) -> ArtifactStore:
    return ArtifactStore(open_files(location, connections, "VARIABLE"), tmp_path / "staging")


def kept_at(location: str, share: Share) -> list[str]:
    if location.startswith("mcp:"):
        return [f"/{name}" for name in share.names(location.removeprefix("mcp://share/"))]
    files, root = fsspec.core.url_to_fs(location)
    return [path.removeprefix(root) for path in files.find(root)]


async def test_regular_files_are_read_back_and_nothing_else_is_kept(
    store: ArtifactStore, workspace: Path, location: str, tmp_path: Path, share: Share
) -> None:
    kept = await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    assert [(one.path, one.size) for one in kept] == [
        ("dist/app.js", 3),
        ("dist/sub/50% of ä #1?.txt", 3),
    ]
    assert kept[0].sha256 == hashlib.sha256(b"app").hexdigest()
    for one in kept:
        assert len(await store.read("run1", "build", one.path, max_bytes=3)) == 3
    assert kept_at(location, share) == [f"/run1/build/{one.path}" for one in kept]
    assert list((tmp_path / "staging").iterdir()) == []


async def test_beyond_the_bounds_nothing_is_kept(
    store: ArtifactStore, workspace: Path, location: str, share: Share
) -> None:
    with pytest.raises(TooLarge):
        await store.save("run1", "build", workspace, ["dist"], max_bytes=5)
    assert kept_at(location, share) == []


async def test_a_repeated_job_replaces_its_artifacts(store: ArtifactStore, workspace: Path) -> None:
    await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    (workspace / "dist" / "app.js").rename(workspace / "dist" / "new.js")
    await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    with pytest.raises(NotFound):
        await store.read("run1", "build", "dist/app.js", max_bytes=10)
    assert await store.read("run1", "build", "dist/new.js", max_bytes=10) == b"app"


async def test_more_than_was_asked_for_is_not_read(store: ArtifactStore, workspace: Path) -> None:
    await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    with pytest.raises(TooLarge, match=r"app\.js"):
        await store.read("run1", "build", "dist/app.js", max_bytes=2)


async def test_a_deleted_run_has_none(store: ArtifactStore, workspace: Path) -> None:
    await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    await store.delete("run1")
    await store.delete("run1")
    with pytest.raises(NotFound):
        await store.read("run1", "build", "dist/app.js", max_bytes=10)


async def test_a_folder_of_artifacts_is_private(
    tmp_path: Path, workspace: Path, nowhere: Connections
) -> None:
    store = store_at(str(tmp_path / "kept"), tmp_path, nowhere)
    await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


async def test_single_artifacts_are_removed(
    store: ArtifactStore, workspace: Path, location: str, share: Share
) -> None:
    await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)
    await store.remove("run1", "build", ["dist/app.js", "dist/gone"])
    assert kept_at(location, share) == ["/run1/build/dist/sub/50% of ä #1?.txt"]


@pytest.mark.parametrize("name", ["..", "a/b", "", ".hidden"])
async def test_an_id_is_no_path(tmp_path: Path, name: str, nowhere: Connections) -> None:
    with pytest.raises(InvalidRequest):
        await store_at(str(tmp_path), tmp_path, nowhere).delete(name)


async def test_a_place_that_cannot_be_written_is_unavailable(
    tmp_path: Path, workspace: Path, nowhere: Connections
) -> None:
    (tmp_path / "file").touch()
    store = store_at(str(tmp_path / "file"), tmp_path, nowhere)
    with pytest.raises(Unavailable, match="cannot be used"):
        await store.save("run1", "build", workspace, ["dist"], max_bytes=MOST)


async def test_an_unknown_file_system_is_named_without_its_password(
    tmp_path: Path, nowhere: Connections
) -> None:
    store = store_at("nosuch://user:secret@host/path", tmp_path, nowhere)
    with pytest.raises(InvalidSetting, match="nosuch") as refused:
        await store.delete("run1")
    assert "secret" not in str(refused.value)
