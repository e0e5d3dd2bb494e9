"""Checkouts of what is staged, for hooks that run before a commit."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_auditor.errors import Conflict, InvalidRequest, Refused, TooLarge, Unavailable
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.checkouts import Checkout, Checkouts
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revisions
from tests.factories.git import commit, git, make_empty_repository, make_repository, write_files
from tests.repositories.test_checkouts import contents, state_of
from tests.repositories.test_hostile_repositories import HOOKS, TRAPS, Trap

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOM = 2**30


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "checkout").mkdir()
    return tmp_path / "checkout"


@pytest.fixture
def checkouts(tmp_path: Path) -> Checkouts:
    mirrors = Mirrors(Git(), tmp_path / "mirrors", ("file",), allow_private_hosts=True)
    return Checkouts(Revisions(Git(), Locations(mirrors, Boundaries(()))), Git())


async def make(
    checkouts: Checkouts, source: Path, target: Path, index: Path | None = None
) -> Checkout:
    it = Repository(id="acme/it", name="it", path=str(source), created_at=NOW, updated_at=NOW)
    return await checkouts.make(it, STAGED, target, max_bytes=ROOM, index=index)


async def test_it_holds_what_is_staged_and_nothing_else(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    files = {"same.txt": "1", "part.txt": "1", "gone.txt": "1", "old.txt": "moved\n" * 9}
    head = await make_repository(source, files)
    write_files(source, {"part.txt": "staged", "new/run.sh": "#!/bin/sh\n"})
    (source / "new/run.sh").chmod(0o755)
    (source / "link").symlink_to("same.txt")
    await git(source, "add", "--all")
    await git(source, "rm", "-q", "gone.txt")
    await git(source, "mv", "old.txt", "moved.txt")
    write_files(source, {"part.txt": "only here", "untracked.txt": "x", "same.txt": "only here"})
    made = await make(checkouts, source, target)
    assert contents(target) == {
        "same.txt": b"1",
        "part.txt": b"staged",
        "new/run.sh": b"#!/bin/sh\n",
        "moved.txt": b"moved\n" * 9,
        "link": b"1",
    }
    assert (target / "link").is_symlink()
    assert (target / "new/run.sh").stat().st_mode & 0o111
    assert await git(target, "rev-parse", "HEAD", "HEAD~1") == f"{made.commit}\n{head}"
    assert await git(target, "status", "--porcelain") == ""
    assert await git(target, "fsck", "--full") == ""
    assert not (target / ".git/objects/info/alternates").exists()


async def test_its_tree_is_the_one_that_a_commit_gets(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    write_files(source, {"a.txt": "2"})
    await git(source, "add", "--all")
    made = await make(checkouts, source, target)
    assert made.tree == await git(target, "rev-parse", "HEAD^{tree}")
    await git(source, "commit", "-q", "-m", "next")
    assert made.tree == await git(source, "rev-parse", "HEAD^{tree}")


async def test_the_source_is_only_read_also_while_git_holds_its_lock(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    write_files(source, {"a.txt": "staged"})
    await git(source, "update-index", "--split-index")
    await git(source, "add", "--all")
    (source / ".git/index.lock").touch()
    before = state_of(source)
    made = await make(checkouts, source, target)
    assert state_of(source) == before
    (source / ".git/index.lock").unlink()
    with pytest.raises(RuntimeError):
        await git(source, "cat-file", "-e", made.commit)


async def test_nothing_of_the_repository_is_run(
    checkouts: Checkouts, source: Path, target: Path, tmp_path: Path
) -> None:
    trap = Trap(tmp_path)
    await make_repository(source, {"a.txt": "1", ".gitattributes": "* diff=trap filter=trap\n"})
    write_files(source, {"a.txt": "staged"})
    await git(source, "add", "--all")
    for name in TRAPS:
        await git(source, "config", name, str(trap.program))
    for name in HOOKS:
        hook = source / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(trap.program.read_bytes())
        hook.chmod(0o755)
    await make(checkouts, source, target)
    assert not trap.sprung()
    assert contents(target)["a.txt"] == b"staged"


async def test_files_that_are_only_meant_to_be_added_are_not_in_it(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    write_files(source, {"later.txt": "x"})
    await git(source, "add", "--intent-to-add", "later.txt")
    await make(checkouts, source, target)
    assert contents(target) == {"a.txt": b"1"}


async def test_a_repository_without_commits_or_without_an_index(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_empty_repository(source)
    write_files(source, {"a.txt": "1"})
    nothing = target.parent / "nothing"
    nothing.mkdir()
    await make(checkouts, source, nothing)
    assert contents(nothing) == {}
    await git(source, "add", "a.txt")
    made = await make(checkouts, source, target)
    assert contents(target) == {"a.txt": b"1"}
    assert await git(target, "rev-list", "HEAD") == made.commit


async def test_a_repository_of_sha256(checkouts: Checkouts, source: Path, target: Path) -> None:
    await git(source.parent, "init", "-q", "--object-format=sha256", "-b", "main", "source")
    write_files(source, {"a.txt": "1"})
    await git(source, "add", "a.txt")
    made = await make(checkouts, source, target)
    assert len(made.tree) == len(made.commit) == 64
    assert contents(target) == {"a.txt": b"1"}


async def test_submodules_are_empty_folders(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    head = await make_repository(source, {"a.txt": "1"})
    await git(source, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    made = await make(checkouts, source, target)
    assert list((target / "sub").iterdir()) == []
    assert any("Submodules" in note for note in made.notes)


async def test_a_sparse_index_is_all_of_the_commit(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"in/a.txt": "1", "out/deep/b.txt": "1", "top.txt": "1"})
    await git(source, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
    assert not (source / "out").exists()
    write_files(source, {"in/a.txt": "2"})
    await git(source, "add", "in/a.txt")
    await make(checkouts, source, target)
    assert contents(target) == {"in/a.txt": b"2", "out/deep/b.txt": b"1", "top.txt": b"1"}


async def test_a_split_index_is_put_together(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1", "b.txt": "1"})
    await git(source, "config", "core.splitIndex", "true")
    await git(source, "config", "splitIndex.maxPercentChange", "100")
    await git(source, "update-index", "--split-index")
    write_files(source, {"a.txt": "2"})
    await git(source, "add", "a.txt")
    assert [*(source / ".git").glob("sharedindex.*")]
    await make(checkouts, source, target)
    assert contents(target) == {"a.txt": b"2", "b.txt": b"1"}
    assert not [*(target / ".git").glob("sharedindex.*")]


async def test_a_linked_worktree_has_an_index_of_its_own(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "worktree", "add", "-q", "../linked")
    write_files(source.parent / "linked", {"a.txt": "2"})
    await git(source.parent / "linked", "add", "a.txt")
    await make(checkouts, source.parent / "linked", target)
    assert contents(target) == {"a.txt": b"2"}


async def test_the_index_of_a_linked_worktree_is_read_with_its_own_commit(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    linked = source.parent / "linked"
    await git(source, "worktree", "add", "-q", "-b", "topic", str(linked))
    head = await commit(linked, {"b.txt": "1"})
    write_files(linked, {"a.txt": "2"})
    await git(linked, "add", "a.txt")
    own = source / ".git/worktrees/linked/index"
    await make(checkouts, source, target, own)
    assert contents(target) == {"a.txt": b"2", "b.txt": b"1"}
    assert await git(target, "rev-parse", "HEAD^") == head
    write_files(linked, {".git": "gitdir: elsewhere\n"})
    with pytest.raises(InvalidRequest, match="not in the git folder"):
        await make(checkouts, source, target / "other", own)


@pytest.mark.parametrize("arguments", [["-a"], ["--only", "a.txt"]])
async def test_a_hook_reads_the_index_that_git_makes_for_its_commit(
    checkouts: Checkouts, source: Path, target: Path, arguments: list[str]
) -> None:
    await make_repository(source, {"a.txt": "1", "b.txt": "1"})
    hook = source / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncp "$GIT_INDEX_FILE" .git/kept.lock\nexit 1\n', "utf-8")
    hook.chmod(0o755)
    write_files(source, {"a.txt": "2", "new.txt": "staged"})
    await git(source, "add", "new.txt")
    with pytest.raises(RuntimeError):
        await git(source, "commit", "-m", "stopped by the hook", *arguments)
    await make(checkouts, source, target, Path(".git/kept.lock"))
    expected = {"a.txt": b"2", "b.txt": b"1", "new.txt": b"staged"}
    if arguments != ["-a"]:
        del expected["new.txt"]
    assert contents(target) == expected


async def test_another_index_must_be_one_and_lie_in_the_git_folder(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    shutil.copy(source / ".git/index", source.parent / "outside")
    shutil.copy(source / ".git/index", source / ".git/refs/inside")
    (source / ".git/link").symlink_to(source.parent / "outside")
    for place, refusal, reason in (
        (source.parent / "outside", InvalidRequest, "not in the git folder"),
        (Path("../outside"), InvalidRequest, "not in the git folder"),
        (Path(".git/a\0b"), InvalidRequest, "not in the git folder"),
        (Path(".git/refs/inside"), InvalidRequest, "not in the git folder"),
        (Path(".git/missing"), InvalidRequest, "There is no index"),
        (Path(".git/config"), InvalidRequest, "no index of git"),
        (Path(".git/link"), Unavailable, "cannot be read"),
        (Path(".git/refs"), Unavailable, "cannot be read"),
    ):
        with pytest.raises(refusal, match=reason):
            await make(checkouts, source, target, place)
        shutil.rmtree(target / ".git")
    made = await make(checkouts, source, target, source / ".git/index")
    assert made.tree == await git(source, "rev-parse", "HEAD^{tree}")


async def test_a_merge_that_is_not_resolved_is_told_of(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source, "checkout", "-q", "-b", "other")
    await commit(source, {"a.txt": "2"})
    await git(source, "checkout", "-q", "main")
    await commit(source, {"a.txt": "3"})
    with pytest.raises(RuntimeError):
        await git(source, "merge", "other")
    with pytest.raises(Conflict, match="not resolved"):
        await make(checkouts, source, target)


async def test_an_index_that_reaches_into_the_git_folder_is_refused(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    index = source / ".git/index"
    await git(source, "update-index", "--index-version=2")
    blob = await git(source, "rev-parse", "HEAD:a.txt")
    await git(source, "update-index", "--add", "--cacheinfo", f"100644,{blob},.gix/config")
    content = index.read_bytes().replace(b".gix/config", b".git/config")
    import hashlib

    index.write_bytes(content[:-20] + hashlib.sha1(content[:-20]).digest())  # noqa: S324
    with pytest.raises((Refused, Unavailable)):
        await make(checkouts, source, target)
    assert "1" not in (target / ".git/config").read_text("utf-8").splitlines()


async def test_a_damaged_index_is_told_of(checkouts: Checkouts, source: Path, target: Path) -> None:
    await make_repository(source, {"a.txt": "1"})
    (source / ".git/index").write_bytes(b"DIRC\x00\x00\x00\x02\x00\x00\x00\x09")
    with pytest.raises(Unavailable, match="could not be made"):
        await make(checkouts, source, target)


async def test_more_than_may_be_written_is_refused(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    write_files(source, {"zeros": b"\0" * 100_000})
    await git(source, "add", "zeros")
    it = Repository(id="acme/it", name="it", path=str(source), created_at=NOW, updated_at=NOW)
    with pytest.raises(TooLarge):
        await checkouts.make(it, STAGED, target, max_bytes=99_999)


async def test_the_tree_of_a_working_tree_is_told_too(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    write_files(source, {"a.txt": "2"})
    it = Repository(id="acme/it", name="it", path=str(source), created_at=NOW, updated_at=NOW)
    made = await checkouts.make(it, WORKTREE, target, max_bytes=ROOM)
    assert made.tree == await git(target, "rev-parse", "HEAD^{tree}")


async def test_a_bare_repository_has_no_index(
    checkouts: Checkouts, source: Path, target: Path
) -> None:
    await make_repository(source, {"a.txt": "1"})
    await git(source.parent, "clone", "-q", "--bare", "source", "bare")
    with pytest.raises(InvalidRequest, match="no working tree"):
        await make(checkouts, source.parent / "bare", target)
