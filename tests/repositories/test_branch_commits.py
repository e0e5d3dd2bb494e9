"""One file committed on a new branch, with git itself as the judge."""

from pathlib import Path

import pytest

from gitops_auditor.errors import Conflict, InvalidRequest, Unavailable
from gitops_auditor.repositories.branch_commits import BranchCommits, FileCommit
from tests.factories.git import git, make_repository, write_files

FILES = {"README.md": "x", "a/b/c.txt": "1", "a/other.txt": "2", "name with\nbreak": "3"}


@pytest.fixture
async def repository(tmp_path: Path) -> Path:
    await make_repository(tmp_path / "it", FILES)
    return tmp_path / "it"


async def change(
    repository: Path, path: str, content: bytes = b"new\n", branch: str = "proposal"
) -> FileCommit:
    base = await git(repository, "rev-parse", "HEAD")
    return FileCommit(base=base, branch=branch, path=path, content=content, message="Add a file")


@pytest.mark.parametrize("path", ["new.txt", "a/b/new.txt", "x/y/z.txt", "a/b/c.txt", "README.md"])
async def test_the_branch_has_the_file_and_everything_else_of_its_base(
    repository: Path, path: str
) -> None:
    added = await BranchCommits().add(repository, await change(repository, path))
    assert await git(repository, "rev-parse", "refs/heads/proposal") == added
    assert await git(repository, "cat-file", "blob", f"{added}:{path}") == "new"
    changed = await git(repository, "diff", "--name-only", "HEAD", added)
    assert changed.splitlines() == [path]
    assert await git(repository, "log", "-1", "--format=%s|%P", added) == (
        f"Add a file|{await git(repository, 'rev-parse', 'HEAD')}"
    )
    assert await git(repository, "fsck", "--strict") == ""


async def test_working_tree_index_and_head_stay_as_they_are(repository: Path) -> None:
    write_files(repository, {"README.md": "edited", "staged.txt": "s", "untracked.txt": "u"})
    await git(repository, "add", "staged.txt")
    before = await git(repository, "status", "--porcelain=v2", "--branch")
    index = (repository / ".git/index").read_bytes()
    await BranchCommits().add(repository, await change(repository, "a/new.txt"))
    assert await git(repository, "status", "--porcelain=v2", "--branch") == before
    assert (repository / ".git/index").read_bytes() == index


async def test_a_branch_that_exists_stays_and_is_a_conflict(repository: Path) -> None:
    first = await BranchCommits().add(repository, await change(repository, "one.txt"))
    with pytest.raises(Conflict, match="proposal"):
        await BranchCommits().add(repository, await change(repository, "two.txt"))
    assert await git(repository, "rev-parse", "proposal") == first


@pytest.mark.parametrize("branch", ["../escape", "a..b", "-delete", "with space", "x.lock", "HEAD"])
async def test_a_name_that_is_no_branch_is_refused(repository: Path, branch: str) -> None:
    before = await git(repository, "for-each-ref")
    with pytest.raises(Conflict):
        await BranchCommits().add(repository, await change(repository, "new.txt", branch=branch))
    assert await git(repository, "for-each-ref") == before


@pytest.mark.parametrize("path", [".git/config", "a/.GIT/x", "../x", "/x", "a//b", "a/./b", ""])
async def test_a_path_that_no_checkout_can_have_is_refused(repository: Path, path: str) -> None:
    with pytest.raises(InvalidRequest):
        await BranchCommits().add(repository, await change(repository, path))
    assert "proposal" not in await git(repository, "for-each-ref")


async def test_no_hook_and_no_filter_of_the_repository_runs(
    repository: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "ran"
    write_files(repository, {".git/hooks/reference-transaction": f"#!/bin/sh\ntouch {marker}\n"})
    (repository / ".git/hooks/reference-transaction").chmod(0o755)
    write_files(repository, {".gitattributes": "* filter=evil\n"})
    await git(repository, "config", "filter.evil.clean", f"touch {marker}; cat")
    await BranchCommits().add(repository, await change(repository, "new.txt"))
    assert not marker.exists()


async def test_content_is_kept_byte_by_byte(repository: Path) -> None:
    content = b"\r\n\0\xff$Id$"
    added = await BranchCommits().add(repository, await change(repository, "new.bin", content))
    size = await git(repository, "cat-file", "-s", f"{added}:new.bin")
    assert int(size) == len(content)


async def test_a_base_that_is_not_there_and_a_folder_that_is_no_repository_are_told_of(
    repository: Path, tmp_path: Path
) -> None:
    made = await change(repository, "new.txt")
    absent = FileCommit("0" * 39 + "1", "other", made.path, made.content, made.message)
    with pytest.raises(Unavailable):
        await BranchCommits().add(repository, absent)
    with pytest.raises(InvalidRequest, match="no git repository"):
        await BranchCommits().add(tmp_path, made)
