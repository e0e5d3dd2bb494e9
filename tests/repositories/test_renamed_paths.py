"""Which files a change renamed, in real repositories."""

from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest, NotFound
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revisions
from tests.factories.git import commit, git, make_repository, write_files
from tests.repositories.revisions import known
from tests.repositories.test_checkouts import state_of
from tests.repositories.test_hostile_repositories import TRAPS, Trap

LONG = "".join(f"line {number}\n" for number in range(20))
OTHER = "".join(f"other {number}\n" for number in range(20))


@pytest.fixture
async def base(source: Path) -> str:
    return await make_repository(source, {"a.py": LONG, "b/é ü.py": OTHER, "gone": "x", "c": "1"})


async def rename(source: Path) -> None:
    """One file as it is, one with a change; others are new, changed and gone."""
    await git(source, "mv", "a.py", "moved.py")
    await git(source, "mv", "b", "d")
    await git(source, "rm", "-q", "gone")
    write_files(source, {"d/é ü.py": f"{OTHER}more\n", "c": "2", "new": "y\n" * 9})
    await git(source, "add", "--all")


RENAMED = {"a.py": "moved.py", "b/é ü.py": "d/é ü.py"}


async def test_a_commit_tells_what_it_renamed(reader: Revisions, source: Path, base: str) -> None:
    await rename(source)
    head = await commit(source, {})
    it = known(source)
    assert await reader.renamed_paths(it, base, head) == RENAMED
    assert await reader.renamed_paths(it, head, base) == {new: old for old, new in RENAMED.items()}
    assert await reader.renamed_paths(it, base, base) == {}


async def test_what_is_staged_tells_what_it_renamed(
    reader: Revisions, source: Path, base: str
) -> None:
    await rename(source)
    (source / "moved.py").unlink()
    assert await reader.renamed_paths(known(source), base, STAGED) == RENAMED


async def test_the_working_tree_tells_what_it_renamed(
    reader: Revisions, source: Path, base: str
) -> None:
    assert await reader.renamed_paths(known(source), base, WORKTREE) == {}
    write_files(source, {"new": "y\n" * 9})
    assert await reader.renamed_paths(known(source), base, WORKTREE) == {}
    (source / "a.py").rename(source / "moved.py")
    (source / "b").rename(source / "d")
    (source / "gone").unlink()
    write_files(source, {"d/é ü.py": f"{OTHER}more\n", "c": "2", ".gitignore": "*.log\n"})
    write_files(source, {"a.log": LONG})
    before = state_of(source)
    assert await reader.renamed_paths(known(source), base, WORKTREE) == RENAMED
    assert state_of(source) == before


async def test_links_and_repositories_inside_of_a_working_tree_are_no_hindrance(
    reader: Revisions, source: Path, base: str
) -> None:
    (source / "a.py").rename(source / "c.py")
    (source / "c").unlink()
    write_files(source, {"c/inner": "x"})
    (source / "b").rename(source / "elsewhere")
    (source / "b").symlink_to("elsewhere")
    await make_repository(source / "nested", {"a.py": LONG})
    found = await reader.renamed_paths(known(source), base, WORKTREE)
    assert found == {"a.py": "c.py", "b/é ü.py": "elsewhere/é ü.py"}


async def test_nothing_of_the_repository_runs_or_is_written(
    reader: Revisions, source: Path, base: str, tmp_path: Path
) -> None:
    trap = Trap(tmp_path)
    await git(source, "mv", "a.py", "moved.py")
    head = await commit(source, {".gitattributes": "* diff=trap filter=trap\n"})
    (source / "b/é ü.py").rename(source / "d.py")
    write_files(source, {"empty": ""})
    await git(source, "hash-object", "-w", "empty")
    for name in TRAPS:
        await git(source, "config", name, str(trap.program))
    before = state_of(source)
    it = known(source)
    assert await reader.renamed_paths(it, base, head) == {"a.py": "moved.py"}
    assert await reader.renamed_paths(it, base, STAGED) == {"a.py": "moved.py"}
    assert await reader.renamed_paths(it, head, WORKTREE) == {"b/é ü.py": "d.py"}
    assert not trap.sprung()
    assert state_of(source) == before


async def test_commits_that_are_not_here_are_refused(
    reader: Revisions, source: Path, base: str
) -> None:
    for pair in ((base, "0" * 39 + "1"), ("0" * 39 + "1", base), ("0" * 39 + "1", STAGED)):
        with pytest.raises(NotFound):
            await reader.renamed_paths(known(source), *pair)
    with pytest.raises(InvalidRequest):
        await reader.renamed_paths(known(source), "--output=x", base)
