"""Files are kept on a real file-system server that speaks MCP: it only writes text."""

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
import pytest_asyncio

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.connections.files.opening import open_files
from gitops_auditor.connections.files.pieces import MAX_FILE_BYTES, PIECE_BYTES, TEXT_BYTES
from gitops_auditor.errors import (
    InvalidRequest,
    InvalidSetting,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from gitops_auditor.execution.file_stores import FileStore, FileToKeep
from tests.connections.wiring import connected
from tests.factories.file_servers import Share, open_share
from tests.fakes import FOLDER, plain_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST = 2**24
BINARY = bytes(range(256)) * 3_200


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def share(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Share]:
    async with open_share(tmp_path_factory.mktemp("mcp") / "share") as opened:
        yield opened


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    return f"kept/{re.sub('[^a-z_]', '-', request.node.name)}"


@pytest.fixture
def files(share: Share, place: str) -> FileStore:
    return open_files(f"mcp://share/{place}", share.connections, "VARIABLE")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def list_of(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def other_server(folder: Path, *deadly: str) -> ServerSettings:
    command = [sys.executable, "-I", str(FOLDER / "files.py"), str(folder), *deadly]
    return ServerSettings.model_validate({"command": command})


def lay_out(folder: Path, **contents: bytes) -> list[FileToKeep]:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [FileToKeep(name, len(content)) for name, content in contents.items()]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        "\ufeffé\r\n\r\x1b \u2028 🎈".encode(),
        "é".encode() * (TEXT_BYTES // 2),
        b"\x1b" * TEXT_BYTES,
    ],
    ids=["empty", "odd", "longest", "most escapes"],
)
async def test_text_is_kept_as_it_is_for_people_to_read(
    files: FileStore, share: Share, place: str, content: bytes
) -> None:
    await files.write("notes.txt", content)
    assert (share.folder / place / "notes.txt").read_bytes() == content
    assert await files.read("notes.txt", MOST) == content


@pytest.mark.parametrize(
    "content",
    [b"a\0", b"\xff", BINARY, b"\xfe" * PIECE_BYTES, b"x" * (TEXT_BYTES + 1)],
    ids=["null", "no text", "pieces", "one piece", "long text"],
)
async def test_other_files_are_kept_in_pieces_that_say_what_they_are_together(
    files: FileStore, share: Share, place: str, content: bytes
) -> None:
    await files.write("sub/app.bin", content)
    folder = share.folder / place / "sub" / "app.bin.gitops-pieces"
    assert f'"size": {len(content)}' in (folder / "manifest.json").read_text(encoding="utf-8")
    assert len(list(folder.glob("*.b64"))) == -(-len(content) // PIECE_BYTES)
    assert await files.read("sub/app.bin", MOST) == content
    assert await files.paths("sub") == ["app.bin"]


async def test_a_file_is_replaced_whichever_way_it_was_kept_before(
    files: FileStore, share: Share, place: str
) -> None:
    for content in (b"first", b"\0second", b"\0third", b"fourth"):
        await files.write("report", content)
        assert await files.read("report", MOST) == content
    assert share.names(place) == ["report"]


async def test_a_deleted_file_is_emptied_and_set_aside_where_nothing_can_be_deleted(
    files: FileStore, share: Share, place: str, tmp_path: Path
) -> None:
    kept = lay_out(tmp_path / "made", text=b"private", binary=b"\0private")
    await files.replace(tmp_path / "made", "run/job", kept)
    await files.remove(["run/job/text", "run/job/gone"])
    assert await files.paths("run") == ["job/binary"]
    await files.remove_folder("run")
    await files.remove_folder("run")
    assert await files.paths("run") == []
    assert share.names(place) == []
    left = files_in(share.folder / place)
    assert len(left) == 3
    assert {path.stat().st_size for path in left} == {0}


async def test_what_is_kept_at_a_place_is_replaced_as_a_whole_or_not_at_all(
    files: FileStore, share: Share, place: str, tmp_path: Path
) -> None:
    kept = lay_out(tmp_path / "one", old=b"\0", same=b"1")
    await files.replace(tmp_path / "one", "run/job", kept)
    missing = [*lay_out(tmp_path / "two", same=b"2"), FileToKeep("missing", 1)]
    with pytest.raises(FileNotFoundError):
        await files.replace(tmp_path / "two", "run/job", missing)
    assert await files.paths("run/job") == ["old", "same"]
    await files.replace(tmp_path / "two", "run/job", missing[:1])
    assert await files.paths("run/job") == ["same"]
    assert await files.read("run/job/same", MOST) == b"2"
    assert share.names(place) == ["run/job/same"]


@pytest.mark.parametrize("kind", ["changed", "cut", "missing", "manifest", "no base64"])
async def test_corruption_on_the_share_is_found(
    files: FileStore, share: Share, place: str, kind: str
) -> None:
    await files.write("app.bin", BINARY)
    folder = share.folder / place / "app.bin.gitops-pieces"
    piece, manifest = folder / "000001.b64", folder / "manifest.json"
    text = piece.read_text(encoding="utf-8")
    if kind == "missing":
        piece.unlink()
    elif kind == "manifest":
        manifest.write_text('{"size": -1}', encoding="utf-8")
    else:
        harm = {"changed": f"AAAA{text[4:]}", "cut": text[:-8], "no base64": f"%{text[1:]}"}
        piece.write_text(harm[kind], encoding="utf-8")
    with pytest.raises(Refused, match=r"app\.bin was changed"):
        await files.read("app.bin", MOST)


async def test_no_more_is_read_and_kept_than_the_bounds_allow(
    files: FileStore, tmp_path: Path
) -> None:
    await files.write("text", b"1234")
    await files.write("binary", b"\x001234")
    for name in ("text", "binary"):
        with pytest.raises(TooLarge):
            await files.read(name, 3)
    with pytest.raises(TooLarge, match="over MCP"):
        await files.replace(tmp_path, "job", [FileToKeep("big", MAX_FILE_BYTES + 1)])


async def test_what_is_not_there_is_not_found(files: FileStore) -> None:
    await files.write("folder/file", b"")
    for path in ("folder", "folder/other", "nowhere/file", "folder/file/below"):
        with pytest.raises(NotFound):
            await files.read(path, MOST)


@pytest.mark.parametrize(
    "path", ["../out", "/etc/passwd", "a//b", "", "a\nb", "a\\b", ".gitops-x", "a.gitops-pieces/b"]
)
async def test_a_path_that_leads_elsewhere_is_never_sent(files: FileStore, path: str) -> None:
    with pytest.raises(InvalidRequest):
        await files.write(path, b"")


async def test_a_link_out_of_the_servers_folder_is_denied_by_the_server(
    files: FileStore, share: Share, place: str, tmp_path: Path
) -> None:
    (tmp_path / "ENOENT").write_text("private", encoding="utf-8")
    (share.folder / place).mkdir(parents=True)
    (share.folder / place / "link").symlink_to(tmp_path / "ENOENT")
    with pytest.raises(Refused, match="denies"):
        await files.read("link", MOST)


async def test_processes_that_write_one_file_at_once_leave_one_of_their_versions_whole(
    files: FileStore, share: Share, place: str
) -> None:
    versions = [bytes([number]) * 1_000 for number in (0, 1, 2)]
    refused: list[Exception] = []

    async def write(content: bytes) -> None:
        try:
            await files.write("file", content)
        except Unavailable as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for content in versions:
            tasks.start_soon(write, content)
    assert len(refused) < len(versions)
    assert await files.read("file", MOST) in versions


async def test_a_server_that_dies_in_the_middle_leaves_what_was_kept_before(
    tmp_path: Path,
) -> None:
    async with connected(dying=other_server(tmp_path, "000001.b64")) as connections:
        files = open_files("mcp://dying/kept", connections, "VARIABLE")
        await files.write("run/job/app", b"before")
        kept = lay_out(tmp_path / "made", app=b"after", big=BINARY)
        with pytest.raises(Unavailable, match="ended"):
            await files.replace(tmp_path / "made", "run/job", kept)
        assert await files.paths("run") == ["job/app"]
        assert await files.read("run/job/app", MOST) == b"before"
        assert not list_of(tmp_path / "kept" / "run", ".gitops-*")
        await files.replace(tmp_path / "made", "run/job", kept)
        assert await files.read("run/job/big", MOST) == BINARY


async def test_a_server_that_deletes_is_asked_to(tmp_path: Path) -> None:
    async with connected(deleting=other_server(tmp_path)) as connections:
        files = open_files("mcp://deleting", connections, "VARIABLE")
        await files.write("kept/file", b"\0")
        assert await files.read("kept/file", MOST) == b"\0"
        await files.remove(["kept/file"])
        assert await files.paths("kept") == []
        assert files_in(tmp_path) == []


async def test_a_server_that_keeps_no_files_is_told_what_it_lacks() -> None:
    async with connected(linter=plain_server()) as connections:
        files = open_files("mcp://linter/place", connections, "VARIABLE")
        with pytest.raises(Unavailable, match="no write_file, create_directory"):
            await files.write("file", b"")


@pytest.mark.parametrize(
    "location", ["mcp://", "mcp://share/../x", "mcp://share//x", "mcp://user@share/x", "mcp://s/~x"]
)
async def test_a_location_that_is_not_understood_is_refused(share: Share, location: str) -> None:
    with pytest.raises(InvalidSetting, match="VARIABLE"):
        open_files(location, share.connections, "VARIABLE")


async def test_a_server_that_is_not_configured_is_refused_naming_those_that_are(
    share: Share,
) -> None:
    with pytest.raises(InvalidSetting, match="configured are: share"):
        open_files("mcp://other/x", share.connections, "VARIABLE")
