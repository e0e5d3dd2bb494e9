"""Commits that are read whole and remembered, with git itself as the judge."""

from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import NotFound
from gitops_auditor.repositories.git import Git
from tests.factories.git import git, make_repository
from tests.repositories.rendered import MOMENT, Rendering, open_rendering
from tests.repositories.revisions import known

FILES = {"README.md": "x\n", "a/b/c.txt": "1\n", "a/other.txt": "2\n", "big.txt": "b" * 500}


@pytest.fixture
def rendering(tmp_path: Path) -> Rendering:
    return open_rendering(tmp_path / "data")


@pytest.fixture
async def base(source: Path) -> str:
    return await make_repository(source, FILES)


async def read(rendering: Rendering, source: Path, commit: str) -> dict[str, bytes]:
    commits, repository = rendering.revisions.commits, known(source)
    entries = (await commits.listing(repository, commit)).entries
    contents = (await commits.contents(repository, commit, entries)).contents
    return {one.path: contents[one.blob] for one in entries}


async def test_a_commit_is_read_by_two_processes_and_then_by_none(
    rendering: Rendering, source: Path, base: str
) -> None:
    expected = {path: text.encode() for path, text in FILES.items()}
    assert await read(rendering, source, base) == expected
    assert rendering.counted.ran == ["ls-tree", "cat-file"]
    assert await read(rendering, source, base) == expected
    repository, revisions = known(source), rendering.revisions
    assert await revisions.files(repository, base, "a") == ["other.txt"]
    assert await revisions.file(repository, base, "a/b/c.txt", 10) == b"1\n"
    assert await revisions.file(repository, base, "a/b", 10) is None
    assert await revisions.paths(repository, base) == [*FILES]
    assert len(rendering.counted.ran) == 2


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"a/b/c.txt": b"new\n", "README.md": b""}, id="replaced"),
        pytest.param({"a/b/c.txt": b"new\n", "a/b/d": b"d"}, id="with a new one"),
        pytest.param({"a/b/c.txt": None, "README.md": b"r"}, id="with a deleted one"),
    ],
)
async def test_what_a_rendered_commit_holds_is_known_as_git_has_it(
    rendering: Rendering, source: Path, base: str, changed: Mapping[str, bytes | None]
) -> None:
    await read(rendering, source, base)
    before = len(rendering.counted.ran)
    repository, commits = known(source), rendering.commits
    made = await commits.commit_files(repository, base, changed, "Change it", MOMENT)
    assert len(rendering.counted.ran) == before
    listed = await rendering.revisions.commits.listing(repository, made.commit)
    store = await commits.store(repository)
    fresh = await Git().tree(store, made.commit)
    assert [*listed.entries] == fresh
    for path, tree in listed.trees.items():
        assert await git(store, "rev-parse", f"{made.commit}:{path}") == tree
    assert await commits.tree_of(repository, made.commit) == made.tree
    assert made.tree == await git(store, "rev-parse", f"{made.commit}^{{tree}}")
    expected = {path: text.encode() for path, text in FILES.items()} | {**changed}
    present = {path: content for path, content in expected.items() if content is not None}
    assert await read(rendering, source, made.commit) == present


async def test_a_rendered_commit_of_changed_files_is_read_without_a_process(
    rendering: Rendering, source: Path, base: str
) -> None:
    await read(rendering, source, base)
    rendering.counted.ran.clear()
    changed = {"a/b/c.txt": b"new\n"}
    repository, commits = known(source), rendering.commits
    made = await commits.commit_files(repository, base, changed, "Change it", MOMENT)
    assert (await read(rendering, source, made.commit))["a/b/c.txt"] == b"new\n"
    assert rendering.counted.ran == []
    diff = await commits.diff(repository, base, made.commit, 1000)
    assert [one.path for one in diff.files] == ["a/b/c.txt"]
    assert rendering.counted.ran == ["diff-tree"]


async def test_a_commit_that_was_forgotten_is_not_remembered(
    rendering: Rendering, source: Path, base: str
) -> None:
    await read(rendering, source, base)
    repository, commits = known(source), rendering.commits
    made = await commits.commit_files(repository, base, {"README.md": b"r"}, "It", MOMENT)
    await commits.forget(repository)
    with pytest.raises(NotFound):
        await rendering.revisions.commits.listing(repository, made.commit)
    with pytest.raises(NotFound):
        await commits.diff(repository, base, made.commit, 1000)


async def test_what_is_too_large_is_left_out_with_the_reason_even_when_it_is_known(
    rendering: Rendering, source: Path, base: str
) -> None:
    await read(rendering, source, base)
    repository, commits = known(source), rendering.revisions.commits
    entries = (await commits.listing(repository, base)).entries
    got = await commits.contents(repository, base, entries, max_blob_bytes=100)
    assert [*got.contents.values()] == [b"x\n", b"1\n", b"2\n"]
    assert ["500 bytes" in reason for reason in got.skipped.values()] == [True]


async def test_a_repository_that_moved_is_read_where_it_is_now(
    rendering: Rendering, source: Path, base: str, tmp_path: Path
) -> None:
    await rendering.revisions.commits.listing(known(source), base)
    moved = Path(await anyio.Path(source).rename(tmp_path / "moved"))
    assert (await read(rendering, moved, base))["README.md"] == b"x\n"


async def test_a_commit_that_is_nowhere_is_not_found(
    rendering: Rendering, source: Path, base: str
) -> None:
    with pytest.raises(NotFound):
        await rendering.revisions.commits.listing(known(source), base[::-1])


async def test_a_branch_is_resolved_without_a_process(
    rendering: Rendering, source: Path, base: str
) -> None:
    repository, revisions = known(source, default_branch="main"), rendering.revisions
    assert (await revisions.resolve(repository)).commit == base
    await git(source, "pack-refs", "--all")
    assert (await revisions.resolve(repository, "main")).branch == "main"
    assert rendering.counted.ran == []
