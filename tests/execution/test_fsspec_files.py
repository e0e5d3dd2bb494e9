"""Single files are written, listed and read in a folder, and on any file system of fsspec."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, TooLarge, Unavailable
from gitops_auditor.execution.fsspec_files import FsspecFiles


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FsspecFiles]:
    name = uuid.uuid4().hex
    if request.param == "folder":
        yield FsspecFiles(str(tmp_path / name), "VARIABLE")
        return
    yield FsspecFiles(f"memory://{name}", "VARIABLE")
    system = fsspec.filesystem("memory")
    if system.exists(name):
        system.rm(name, recursive=True)


async def test_a_file_is_written_in_place_of_the_one_before(files: FsspecFiles) -> None:
    for content in (b"first", b"\0second"):
        await files.write("team/report", content)
        assert await files.read("team/report", 100) == content
    assert await files.paths("team") == ["report"]


async def test_files_are_listed_below_a_place(files: FsspecFiles) -> None:
    for path in ("a/two", "a/sub/one", "b/other"):
        await files.write(path, b"")
    assert await files.paths("a") == ["sub/one", "two"]
    assert await files.paths("nowhere") == []
    await files.remove(["a/two", "a/gone"])
    await files.remove_folder("b")
    assert (await files.paths("a"), await files.paths("b")) == (["sub/one"], [])


async def test_what_is_not_there_or_too_large_is_refused(files: FsspecFiles) -> None:
    await files.write("file", b"1234")
    with pytest.raises(TooLarge):
        await files.read("file", 3)
    with pytest.raises(NotFound):
        await files.read("other", 3)


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a//b", "", "a/./b", "a\0"])
async def test_a_path_that_leads_elsewhere_is_refused(files: FsspecFiles, path: str) -> None:
    with pytest.raises(InvalidRequest):
        await files.write(path, b"")
    with pytest.raises(InvalidRequest):
        await files.remove([path])


async def test_a_file_that_cannot_take_its_place_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "taken" / "below").mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot be used"):
        await FsspecFiles(str(tmp_path), "VARIABLE").write("taken", b"x")
    assert await FsspecFiles(str(tmp_path.parent), "VARIABLE").paths(tmp_path.name) == []
