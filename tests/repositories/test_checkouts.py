"""Disposable checkouts of real repositories: what is in them, and what is left alone."""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TooLarge, Unavailable
from gitops_auditor.repositories import checkouts as checkout_module
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.checkouts import HISTORY, Checkout, Checkouts
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revisions
from tests.factories.git import commit, git, make_empty_repository, make_repository, write_files

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOM = 2**30


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "checkout").mkdir()
    return tmp_path / "checkout"


@pytest.fixture
def checkouts(tmp_path: Path) -> Checkouts:
    mirrors = Mirrors(Git(), tmp_path / "mirrors", ("file",), allow_private_hosts=True)
    return Checkouts(Revisions(Git(), Locations(mirrors, Boundaries(()))), Git())


def known(path: Path) -> Repository:
    return Repository(id="acme/it", name="it", path=str(path), created_at=NOW, updated_at=NOW)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def state_of(folder: Path) -> Mapping[str, tuple[int, int, int]]:
    """Everything that writing into a folder would change."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_nlink, path.lstat().st_uid)
        for path in (folder, *folder.rglob("*"))
    }


async def make(checkouts: Checkouts, source: Path, commit: str, target: Path) -> Checkout:
    return await checkouts.make(known(source), commit, target, max_bytes=ROOM)


async def test_a_checkout_holds_the_commit_that_was_asked_for_and_is_clean(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    first = await make_repository(source, {"a.txt": "1", "folder/run.sh": "#!/bin/sh\n"})
    (source / "folder/run.sh").chmod(0o755)
    second = await commit(source, {"a.txt": "2"})
    await commit(source, {"a.txt": "3"})
    made = await make(checkouts, source, second, target)
    assert made == Checkout(second, await git(source, "rev-parse", f"{second}^{{tree}}"), ())
    assert contents(target) == {"a.txt": b"2", "folder/run.sh": b"#!/bin/sh\n"}
    assert (target / "folder/run.sh").stat().st_mode & 0o111
    assert await git(target, "rev-parse", "HEAD") == second
    assert await git(target, "status", "--porcelain") == ""
    assert await git(target, "log", "--format=%H") == f"{second}\n{first}"
    assert await git(target, "diff", "--name-only", "HEAD~1") == "a.txt\nfolder/run.sh"
    assert await git(target, "fsck", "--full", "--strict") == ""


async def test_the_source_is_only_read_and_nothing_is_shared_with_it(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    await git(source, "repack", "-adq")
    write_files(source, {"new.txt": "new", "a.txt": "changed"})
    before = state_of(source)
    await make(checkouts, source, sha, target)
    other = target.parent / "other"
    other.mkdir()
    await make(checkouts, source, WORKTREE, other)
    assert state_of(source) == before
    for folder in (target, other):
        assert not (folder / ".git/objects/info/alternates").exists()
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {path.stat().st_nlink for path in files} == {1}


async def test_a_release_tag_in_the_history_can_be_described(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "tag", "-a", "v1.0", "-m", "one")
    await git(source, "tag", "light")
    sha = await commit(source, {"a.txt": "2"})
    await commit(source, {"a.txt": "3"})
    await git(source, "tag", "-a", "v2.0", "-m", "two")
    await make(checkouts, source, sha, target)
    assert (await git(target, "describe")).startswith("v1.0-1-g")
    assert await git(target, "tag", "--list") == "light\nv1.0"
    assert await git(target, "fsck") == ""


async def test_the_history_ends_after_some_commits(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "tag", "old")
    stream = "".join(
        f"commit refs/heads/main\ncommitter T <t@example.org> {1767225601 + n} +0000\n"
        f"data 1\nx\n{'from refs/heads/main^0' if n == 0 else ''}\n"
        for n in range(HISTORY + 20)
    )
    (source / "stream").write_text(stream, "utf-8")
    await git(source, "config", "alias.feed", "!git fast-import --quiet < stream")
    await git(source, "feed")
    sha = await git(source, "rev-parse", "main")
    await make(checkouts, source, sha, target)
    assert await git(target, "rev-list", "--count", "HEAD") == str(HISTORY)
    assert await git(target, "tag", "--list") == ""
    assert await git(target, "fsck") == ""


async def test_a_shallow_source_can_be_checked_out(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    sha = await commit(source, {"a.txt": "2"})
    shallow = source.parent / "shallow"
    await git(source.parent, "clone", "-q", "--depth=1", source.as_uri(), str(shallow))
    await make(checkouts, shallow, sha, target)
    assert await git(target, "rev-list", "--count", "HEAD") == "1"
    assert await git(target, "fsck") == ""


async def test_a_linked_worktree_is_checked_out(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    await git(source, "worktree", "add", "-q", "../linked")
    await make(checkouts, source.parent / "linked", sha, target)
    assert contents(target) == {"a.txt": b"1"}


async def test_a_repository_of_sha256_is_checked_out(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    arguments = ("init", "-q", "--object-format=sha256", "-b", "main", "source")
    await git(source.parent, *arguments)
    sha = await commit(source, {"a.txt": "1"})
    assert len(sha) == 64
    await make(checkouts, source, sha, target)
    assert contents(target) == {"a.txt": b"1"}
    assert await git(target, "fsck") == ""


@pytest.mark.parametrize("name", ['quo"te', "new\nline", "bäck\\slash", "co:lon", "#hash", " s"])
async def test_the_folder_of_the_source_may_have_any_name(
    checkouts: Checkouts, tmp_path: Path, target: Path, name: str
) -> None:
    sha = await make_repository(tmp_path / name, {"a.txt": "1"})
    await make(checkouts, tmp_path / name, sha, target)
    assert contents(target) == {"a.txt": b"1"}
    assert await git(target, "fsck") == ""


async def test_the_working_tree_is_a_commit_of_its_own_on_top_of_head(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    head = await make_repository(
        source, {"same.txt": "1", "changed.txt": "1", "gone.txt": "1", ".gitignore": "*.log\n"}
    )
    write_files(source, {"changed.txt": "2", "new/deep.txt": "new", "noise.log": "x"})
    (source / "new/deep.txt").chmod(0o755)
    (source / "gone.txt").unlink()
    (source / "link").symlink_to("same.txt")
    made = await make(checkouts, source, WORKTREE, target)
    assert contents(target) == {
        "same.txt": b"1",
        "changed.txt": b"2",
        "new/deep.txt": b"new",
        ".gitignore": b"*.log\n",
        "link": b"1",
    }
    assert (target / "link").is_symlink()
    assert (target / "new/deep.txt").stat().st_mode & 0o111
    assert await git(target, "rev-parse", "HEAD", "HEAD~1") == f"{made.commit}\n{head}"
    assert await git(target, "status", "--porcelain") == ""
    changed = "changed.txt gone.txt link new/deep.txt"
    assert (await git(target, "diff", "--name-only", "HEAD~1")).split() == changed.split()
    assert await git(target, "fsck") == ""
    with pytest.raises(RuntimeError):
        await git(source, "cat-file", "-e", made.commit)


async def test_what_is_staged_already_is_in_the_checkout_itself(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "checkout", "-q", "-b", "other")
    await commit(source, {"a.txt": "on another branch"})
    await git(source, "checkout", "-q", "main")
    write_files(source, {"a.txt": "on another branch", "staged.txt": "staged"})
    await git(source, "add", "--all")
    await make(checkouts, source, WORKTREE, target)
    assert await git(target, "show", "HEAD:staged.txt") == "staged"
    assert await git(target, "fsck", "--full") == ""


async def test_a_working_tree_without_commits_is_a_first_commit(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_empty_repository(source)
    write_files(source, {"a.txt": "1"})
    made = await make(checkouts, source, WORKTREE, target)
    assert contents(target) == {"a.txt": b"1"}
    assert await git(target, "rev-list", "HEAD") == made.commit


async def test_links_of_a_working_tree_are_copied_and_not_followed(
    checkouts: Checkouts, source: Path, target: Path, tmp_path: Path
) -> None:
    await make_repository(source, {"folder/secret": "tracked"})
    (tmp_path / "private").mkdir()
    (tmp_path / "private/secret").write_text("s3cr3t", "utf-8")
    (source / "folder/secret").unlink()
    (source / "folder").rmdir()
    (source / "folder").symlink_to(tmp_path / "private")
    os.mkfifo(source / "pipe")
    made = await make(checkouts, source, WORKTREE, target)
    assert (target / "folder").readlink() == tmp_path / "private"
    assert await git(target, "ls-files") == "folder"
    assert not (target / "pipe").exists()
    assert made.commit == await git(target, "rev-parse", "HEAD")


@pytest.mark.parametrize("what", ["HEAD", WORKTREE, STAGED])
async def test_without_history_the_files_are_the_same_and_git_knows_only_their_names(
    checkouts: Checkouts, source: Path, tmp_path: Path, what: str
) -> None:
    head = await make_repository(source, {"a.txt": "1", "b/c.txt": "2", ".gitignore": "skipped\n"})
    await git(source, "tag", "v1")
    write_files(source, {"a.txt": "changed", "new.txt": "3", "skipped": "4"})
    await git(source, "add", "new.txt")
    commit_sha = head if what == "HEAD" else what
    made = {}
    for history in (True, False):
        folder = tmp_path / f"history-{history}"
        folder.mkdir()
        made[history] = await checkouts.make(
            known(source), commit_sha, folder, max_bytes=ROOM, history=history
        )
    lean = tmp_path / "history-False"
    assert made[True].tree == made[False].tree
    assert contents(lean) == contents(tmp_path / "history-True")
    assert sorted((await git(lean, "ls-files")).splitlines()) == sorted(contents(lean))
    assert not (lean / ".git/objects/info/alternates").exists()
    assert not (lean / ".git/packed-refs").exists()
    with pytest.raises(RuntimeError):
        await git(lean, "log")


async def test_a_bare_repository_has_no_working_tree(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source.parent, "clone", "-q", "--bare", "source", "bare")
    with pytest.raises(InvalidRequest, match="no working tree"):
        await make(checkouts, source.parent / "bare", WORKTREE, target)


async def test_submodules_and_large_files_that_are_not_fetched_are_told_of(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    inner = await make_repository(source.parent / "inner", {"a.txt": "1"})
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    await make_repository(
        source, {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs\n", "big.bin": pointer}
    )
    await git(source, "update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
    await git(source, "commit", "-q", "-m", "submodule")
    sha = await git(source, "rev-parse", "HEAD")
    made = await make(checkouts, source, sha, target)
    assert (target / "big.bin").read_text("utf-8") == pointer
    assert list((target / "sub").iterdir()) == []
    assert any("Submodules" in note and "sub" in note for note in made.notes)
    assert any("git-lfs" in note for note in made.notes)


async def test_an_unknown_commit_is_not_found(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    with pytest.raises(NotFound, match="has no commit"):
        await make(checkouts, source, "0" * 40, target)
    with pytest.raises(InvalidRequest):
        await make(checkouts, source, "--output=x", target)


@pytest.mark.parametrize("which", ["commit", "worktree"])
async def test_more_than_a_run_may_write_is_refused(
    checkouts: Checkouts, source: Path, target: Path, which: str
) -> None:
    sha = await make_repository(source, {"zeros": b"\0" * 100_000})
    asked = sha if which == "commit" else WORKTREE
    with pytest.raises(TooLarge) as refused:
        await checkouts.make(known(source), asked, target, max_bytes=99_999)
    assert refused.value.details == {"limit": 99_999}
    assert not (target / "zeros").exists() or (target / "zeros").stat().st_size < 100_000


async def test_more_files_than_a_checkout_may_have_are_refused(
    checkouts: Checkouts, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout_module, "MOST_FILES", 2)
    sha = await make_repository(source, {"a": "1", "b": "2", "c": "3"})
    for asked in (sha, WORKTREE):
        with pytest.raises(TooLarge, match="3 files"):
            await make(checkouts, source, asked, target)
        assert not (target / "a").exists()
        shutil.rmtree(target / ".git", ignore_errors=True)


async def test_a_partial_clone_can_be_checked_out(
    checkouts: Checkouts, source: Path, target: Path, tmp_path: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    sha = await commit(source, {"a.txt": "2"})
    await git(source, "config", "uploadpack.allowFilter", "true")
    await git(tmp_path, "clone", "-q", "--filter=blob:none", source.as_uri(), "partial")
    shutil.rmtree(source)
    await make(checkouts, tmp_path / "partial", sha, target)
    assert contents(target) == {"a.txt": b"2"}
    assert await git(target, "rev-list", "--count", "HEAD") == "2"


async def test_a_damaged_source_is_told_of(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    sha = await make_repository(source, {"a.txt": "1"})
    blob = await git(source, "rev-parse", "HEAD:a.txt")
    (source / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(Unavailable, match="could not be made"):
        await make(checkouts, source, sha, target)


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".."])
async def test_a_tree_that_reaches_into_the_git_folder_or_out_is_refused(
    checkouts: Checkouts, source: Path, target: Path, name: str
) -> None:
    await make_repository(source, {"a.txt": "1"})
    hostile = await _commit_with_folder(source, name)
    with pytest.raises(Refused, match="cannot be checked out"):
        await make(checkouts, source, hostile, target)
    assert "evil" not in (target / ".git/config").read_text("utf-8")
    assert not (target.parent / "config").exists()


async def _commit_with_folder(source: Path, name: str) -> str:
    """A commit that holds `name`/config, which git's own commands would not write."""
    write_files(source, {"evil": "evil"})
    blob = await git(source, "hash-object", "-w", "evil")
    inner = await _write_tree(source, "100644 config", blob)
    outer = await _write_tree(source, f"40000 {name}", inner)
    return await git(source, "commit-tree", "-m", "hostile", outer)


async def _write_tree(source: Path, entry: str, target: str) -> str:
    (source / "tree").write_bytes(entry.encode() + b"\0" + bytes.fromhex(target))
    return await git(source, "hash-object", "-t", "tree", "--literally", "-w", "tree")
