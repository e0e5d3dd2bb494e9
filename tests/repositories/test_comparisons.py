"""What differs between commits, the index and the working tree of real repositories."""

import os
from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest, NotFound, TooLarge, Unavailable
from gitops_auditor.repositories import comparisons
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revision, Revisions
from tests.factories.git import commit, git, make_empty_repository, make_repository, write_files
from tests.repositories.revisions import known
from tests.repositories.test_checkouts import state_of
from tests.repositories.test_hostile_repositories import HOOKS, TRAPS, Trap

ABSENT = "0" * 39 + "1"


async def test_what_is_staged_is_read_by_its_name(reader: Revisions, source: Path) -> None:
    await make_repository(source, {"a.txt": "1", "gone.txt": "1", "dir/b.txt": "1"})
    write_files(source, {"a.txt": "staged", "dir/new.txt": "new"})
    (source / "dir/link").symlink_to("b.txt")
    await git(source, "add", "--all")
    await git(source, "rm", "-q", "gone.txt")
    write_files(source, {"a.txt": "not staged", "untracked.txt": "x", "later.txt": "x"})
    await git(source, "add", "--intent-to-add", "later.txt")
    it = known(source)
    assert await reader.resolve(it, STAGED) == Revision(STAGED, "main", None, STAGED)
    assert await reader.file(it, STAGED, "a.txt", 100) == b"staged"
    assert await reader.file(it, STAGED, "dir/new.txt", 100) == b"new"
    for name in ("gone.txt", "untracked.txt", "later.txt", "dir", "dir/link"):
        assert await reader.file(it, STAGED, name, 100) is None
    assert await reader.files(it, STAGED, "dir") == ["b.txt", "new.txt"]
    assert await reader.files(it, STAGED, "") == ["a.txt"]
    paths = ["a.txt", "dir/b.txt", "dir/link", "dir/new.txt"]
    assert await reader.paths(it, STAGED) == paths


async def test_staged_paths_are_those_that_a_commit_changes(
    reader: Revisions, source: Path
) -> None:
    await make_repository(source, {"a": "1", "b": "1", "old": "moved\n" * 9, "gone": "1"})
    write_files(source, {"a": "2", "é ü": "new"})
    await git(source, "mv", "old", "new")
    await git(source, "rm", "-q", "gone")
    await git(source, "add", "a", "é ü")
    write_files(source, {"b": "2", "later": "x", "untracked": "x"})
    await git(source, "add", "--intent-to-add", "later")
    assert await reader.staged_paths(known(source)) == ["a", "gone", "new", "old", "é ü"]


async def test_staged_paths_of_another_index(reader: Revisions, source: Path) -> None:
    await make_repository(source, {"a": "1", "b": "1"})
    (source / ".git/kept").write_bytes((source / ".git/index").read_bytes())
    write_files(source, {"a": "2"})
    await git(source, "add", "a")
    assert await reader.staged_paths(known(source)) == ["a"]
    assert await reader.staged_paths(known(source), Path(".git/kept")) == []
    with pytest.raises(InvalidRequest):
        await reader.staged_paths(known(source), Path("a"))


async def test_without_a_commit_everything_is_new(reader: Revisions, source: Path) -> None:
    await make_empty_repository(source)
    assert await reader.staged_paths(known(source)) == []
    write_files(source, {"a": "1", "b": "1"})
    await git(source, "add", "a")
    assert await reader.staged_paths(known(source)) == ["a"]
    assert await reader.worktree_changed_paths(known(source)) == ["a", "b"]


async def test_changed_paths_of_the_working_tree_are_those_on_the_disk(
    reader: Revisions, source: Path
) -> None:
    files = {"a": "1", "same": "1", "gone": "1", "run": "1", "staged": "1", ".gitignore": "*.log\n"}
    await make_repository(source, {**files, "kept.log": "1"})
    write_files(source, {"a": "2", "staged": "2", "new/deep": "x", "noise.log": "x"})
    await git(source, "add", "staged")
    write_files(source, {"staged": "1", "forced.log": "x", "kept.log": "2"})
    await git(source, "add", "--force", "forced.log")
    (source / "gone").unlink()
    (source / "run").chmod(0o755)
    (source / "same").touch()
    changed = ["a", "forced.log", "gone", "kept.log", "new/deep", "run"]
    assert await reader.worktree_changed_paths(known(source)) == changed


async def test_changed_paths_of_the_working_tree_since_an_older_commit(
    reader: Revisions, source: Path
) -> None:
    first = await make_repository(source, {"a": "1", "b": "1"})
    await commit(source, {"a": "2", "c": "1"})
    write_files(source, {"b": "2"})
    assert await reader.worktree_changed_paths(known(source)) == ["b"]
    assert await reader.worktree_changed_paths(known(source), first) == ["a", "b", "c"]


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
async def test_flags_of_the_index_hide_no_change(
    reader: Revisions, source: Path, flag: str
) -> None:
    first = await make_repository(source, {"a": "1\n"})
    await git(source, "update-index", flag, "a")
    write_files(source, {"a": "1\n2\n"})
    assert await git(source, "status", "--porcelain") == ""
    assert await reader.worktree_changed_paths(known(source)) == ["a"]
    assert await reader.changed_lines(known(source), first, WORKTREE) == {"a": frozenset({2})}


async def test_line_ends_that_attributes_ask_for_are_no_change(
    reader: Revisions, source: Path
) -> None:
    await make_repository(source, {".gitattributes": "*.txt text eol=crlf\n", "a.txt": "1\n"})
    write_files(source, {"a.txt": "1\r\n"})
    assert await reader.worktree_changed_paths(known(source)) == []


async def test_names_that_are_not_utf_8_are_told(reader: Revisions, source: Path) -> None:
    await make_repository(source, {"a": "1"})
    write_files(source, {os.fsdecode(b"\xff.py"): "x\n"})
    assert await reader.worktree_changed_paths(known(source)) == ["\\xff.py"]
    head = await git(source, "rev-parse", "HEAD")
    lines = await reader.changed_lines(known(source), head, WORKTREE)
    assert lines == {"\\xff.py": frozenset({1})}


async def test_changed_lines_between_commits(reader: Revisions, source: Path) -> None:
    old = await make_repository(
        source, {"a.py": "1\n2\n3\n4\n", "gone.py": "x\ny\n", "same.py": "1\n"}
    )
    files: dict[str, str | bytes] = {"a.py": "0\n1\n2\nthree\n4\n5", "new é.py": "1\n2\n"}
    (source / "gone.py").unlink()
    new = await commit(source, files)
    lines = {"a.py": frozenset({1, 4, 6}), "new é.py": frozenset({1, 2})}
    assert await reader.changed_lines(known(source), old, new) == lines
    assert await reader.changed_lines(known(source), new, new) == {}


async def test_changed_lines_of_a_renamed_file_are_those_that_changed(
    reader: Revisions, source: Path
) -> None:
    text = "".join(f"{at}\n" for at in range(40))
    old = await make_repository(source, {"old.py": text})
    await git(source, "mv", "old.py", "new.py")
    new = await commit(source, {"new.py": text.replace("7\n", "seven\n", 1)})
    changed = await reader.changed_lines(known(source), old, new)
    assert changed == {"new.py": frozenset({8})}


async def test_attributes_do_not_hide_lines(reader: Revisions, source: Path) -> None:
    old = await make_repository(source, {"a.py": "1\n"})
    new = await commit(source, {".gitattributes": "*.py -diff binary\n", "a.py": "1\n2\n"})
    for asked in (new, STAGED, WORKTREE):
        changed = await reader.changed_lines(known(source), old, asked)
        assert changed == {".gitattributes": frozenset({1}), "a.py": frozenset({2})}


async def test_changed_lines_of_what_is_staged_and_of_the_working_tree(
    reader: Revisions, source: Path
) -> None:
    head = await make_repository(source, {"a.py": "1\n2\n", "was": "1\n", "gone": "1\n"})
    write_files(source, {"a.py": "1\ntwo\n", "new.py": "1\n"})
    await git(source, "add", "--all")
    (source / "was").unlink()
    (source / "gone").unlink()
    write_files(source, {"a.py": "0\n1\ntwo\n", "was/inner": "1\n2\n", "other.py": "1\n2\n3"})
    assert await reader.changed_lines(known(source), head, STAGED) == {
        "a.py": frozenset({2}),
        "new.py": frozenset({1}),
    }
    assert await reader.changed_lines(known(source), head, WORKTREE) == {
        "a.py": frozenset({1, 3}),
        "new.py": frozenset({1}),
        "other.py": frozenset({1, 2, 3}),
        "was/inner": frozenset({1, 2}),
    }


async def test_submodules_are_not_looked_into(reader: Revisions, source: Path) -> None:
    head = await make_repository(source, {"a": "1\n"})
    await git(source, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    await git(source, "commit", "-q", "-m", "submodule")
    new = await git(source, "rev-parse", "HEAD")
    await make_repository(source / "sub", {"inner": "1\n"})
    assert await reader.changed_lines(known(source), head, new) == {}
    assert await reader.worktree_changed_paths(known(source)) == []


async def test_comparing_writes_and_runs_nothing_of_the_repository(
    reader: Revisions, source: Path, tmp_path: Path
) -> None:
    trap = Trap(tmp_path)
    head = await make_repository(
        source, {"a": "1\n", ".gitattributes": "* diff=trap filter=trap\n"}
    )
    write_files(source, {"a": "2\n"})
    await git(source, "add", "a")
    write_files(source, {"a": "3\n", "b": "1\n"})
    for name in TRAPS:
        await git(source, "config", name, str(trap.program))
    for name in HOOKS:
        hook = source / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(trap.program.read_bytes())
        hook.chmod(0o755)
    await git(source, "config", "core.attributesFile", str(source / ".gitattributes"))
    before = state_of(source)
    it = known(source)
    assert await reader.staged_paths(it) == ["a"]
    assert await reader.worktree_changed_paths(it) == ["a", "b"]
    for asked in (head, STAGED, WORKTREE):
        await reader.changed_lines(it, head, asked)
    assert await reader.file(it, STAGED, "a", 100) == b"2\n"
    assert not trap.sprung()
    assert state_of(source) == before


async def test_no_folder_of_ours_is_left(
    reader: Revisions, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    await make_repository(source, {"a": "1\n"})
    await reader.worktree_changed_paths(known(source))
    (source / ".git/index").write_bytes(b"DIRC")
    with pytest.raises(Unavailable):
        await reader.staged_paths(known(source))
    assert list(scratch.iterdir()) == []


async def test_more_than_is_read_is_refused(
    reader: Revisions, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparisons, "MOST_PATCH_BYTES", 1_000)
    old = await make_repository(source, {"a": "1\n"})
    new = await commit(source, {"a": "2\n" * 2_000})
    with pytest.raises(TooLarge):
        await reader.changed_lines(known(source), old, new)


async def test_the_merge_base_is_where_two_branches_part(reader: Revisions, source: Path) -> None:
    base = await make_repository(source, {"a": "1"})
    await git(source, "checkout", "-q", "-b", "other")
    other = await commit(source, {"b": "1"})
    await git(source, "checkout", "-q", "main")
    main = await commit(source, {"c": "1"})
    it = known(source)
    assert await reader.merge_base(it, main, other) == base
    assert await reader.merge_base(it, main, base) == base
    await git(source, "checkout", "-q", "--orphan", "alone")
    alone = await commit(source, {"d": "1"})
    assert await reader.merge_base(it, main, alone) is None


async def test_commits_that_are_not_here_are_not_found(reader: Revisions, source: Path) -> None:
    head = await make_repository(source, {"a": "1"})
    it = known(source)
    for one, other in ((head, ABSENT), (ABSENT, head)):
        with pytest.raises(NotFound):
            await reader.merge_base(it, one, other)
        with pytest.raises(NotFound):
            await reader.changed_lines(it, one, other)
    for asked in (STAGED, WORKTREE):
        with pytest.raises(NotFound):
            await reader.changed_lines(it, ABSENT, asked)
    with pytest.raises(InvalidRequest):
        await reader.merge_base(it, head, "--all")


async def test_what_needs_a_working_tree_says_so_without_one(
    reader: Revisions, source: Path
) -> None:
    head = await make_repository(source, {"a": "1"})
    await git(source.parent, "clone", "-q", "--bare", "source", "bare")
    it = known(source.parent / "bare")
    for call in (
        reader.staged_paths(it),
        reader.worktree_changed_paths(it),
        reader.changed_lines(it, head, STAGED),
        reader.resolve(it, STAGED),
    ):
        with pytest.raises(InvalidRequest, match="no working tree"):
            await call
