"""What branches and tags name, read without starting a process where that is possible."""

import os
from pathlib import Path

import pytest

from gitops_auditor.errors import TooLarge, Unavailable
from gitops_auditor.repositories import references
from gitops_auditor.repositories.revisions import Revisions
from tests.factories.git import commit, git, make_repository, write_files
from tests.repositories.revisions import Counted, known


async def test_heads_are_branches_and_tags_loose_and_packed_without_a_process(
    reader: Revisions, source: Path, counted: Counted
) -> None:
    first = await make_repository(source, {"a.txt": "1"})
    await git(source, "tag", "-a", "v1", "-m", "one")
    await git(source, "branch", "packed")
    await git(source, "update-ref", "refs/notes/x", first)
    await git(source, "pack-refs", "--all")
    second = await commit(source, {"a.txt": "2"})
    await git(source, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    tag = await git(source, "rev-parse", "v1")
    expected = {"refs/heads/main": second, "refs/heads/packed": first, "refs/tags/v1": tag}
    assert await reader.heads(known(source)) == expected
    await git(source, "branch", "-D", "packed")
    await git(source, "branch", "new/one", first)
    changed = await reader.heads(known(source))
    assert changed == {
        "refs/heads/main": second,
        "refs/heads/new/one": first,
        "refs/tags/v1": tag,
    }
    assert counted.ran == []


async def test_references_that_only_git_can_read_are_asked_for_once_a_change(
    reader: Revisions, source: Path, counted: Counted
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    # Not a real reftable, which older versions of git cannot make: only the list of its files.
    write_files(source / ".git", {"reftable/tables.list": "1"})
    expected = {"refs/heads/main": sha}
    assert [await reader.heads(known(source)) for _ in range(3)] == [expected] * 3
    assert counted.ran == ["for-each-ref"]
    await git(source, "branch", "second")
    write_files(source / ".git", {"reftable/tables.list": "12"})
    assert await reader.heads(known(source)) == {**expected, "refs/heads/second": sha}


async def test_hostile_references_do_not_hold_or_mislead_the_reader(
    reader: Revisions, source: Path, tmp_path: Path
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    heads = source / ".git/refs/heads"
    os.mkfifo(heads / "pipe")
    (heads / "loop").symlink_to(heads)
    (heads / "endless").symlink_to("/dev/zero")
    (heads / "text").write_text("s3cr3t", "utf-8")
    (heads / "main.lock").write_text(sha, "utf-8")
    assert await reader.heads(known(source)) == {"refs/heads/main": sha}


async def test_more_references_than_are_read_are_refused(
    reader: Revisions, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "branch", "second")
    monkeypatch.setattr(references, "MOST_REFERENCES", 1)
    with pytest.raises(TooLarge):
        await reader.heads(known(source))


async def test_a_folder_that_is_gone_does_not_look_like_one_without_branches(
    reader: Revisions, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable):
        await reader.heads(known(tmp_path / "gone"))
    with pytest.raises(Unavailable, match="not cloned yet"):
        await reader.heads(known(None, clone_url=(tmp_path / "source").as_uri()))
