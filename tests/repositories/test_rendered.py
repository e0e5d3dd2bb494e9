"""Commits made in the platform's own store, with git itself as the judge."""

import os
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Refused
from gitops_auditor.repositories.rendered import RenderedCommit
from gitops_auditor.repositories.rendered_diff import ChangedFile
from gitops_auditor.repositories.rendered_objects import Entry, format_tree, parse_tree
from gitops_auditor.repositories.rendered_store import drop_abandoned
from tests.factories.git import commit, git, make_empty_repository, make_repository
from tests.repositories.rendered import MOMENT, ROOM, Rendering, open_rendering
from tests.repositories.revisions import known

FILES = {"README.md": "x\n", "a/b/c.txt": "1\n", "a/other.txt": "2\n", "a.b": "3\n", "a-b/x": "4\n"}


@pytest.fixture
def rendering(tmp_path: Path) -> Rendering:
    return open_rendering(tmp_path / "data")


@pytest.fixture
async def base(source: Path) -> str:
    return await make_repository(source, FILES)


async def render(
    rendering: Rendering, source: Path, base: str, files: Mapping[str, bytes | None]
) -> RenderedCommit:
    return await rendering.commits.commit_files(known(source), base, files, "Change it", MOMENT)


async def test_a_commit_has_the_files_and_everything_else_of_its_base(
    rendering: Rendering, source: Path, base: str
) -> None:
    files = {"a/b/c.txt": b"new\n", "x/y/z.bin": b"\r\n\0\xff", "README.md": None, "a/b/d": b""}
    made = await render(rendering, source, base, files)
    store = await rendering.commits.store(known(source))
    listed = await git(store, "diff-tree", "-r", "--name-status", base, made.commit)
    assert listed.splitlines() == ["D\tREADME.md", "M\ta/b/c.txt", "A\ta/b/d", "A\tx/y/z.bin"]
    assert await git(store, "cat-file", "-s", f"{made.commit}:x/y/z.bin") == "4"
    assert await git(store, "log", "-1", "--format=%an|%ae|%cn|%at|%s|%P|%T", made.commit) == (
        f"GitOps Auditor|gitops-auditor@localhost|GitOps Auditor|{MOMENT}|Change it|{base}|"
        f"{made.tree}"
    )
    assert await git(store, "fsck", "--strict", "--no-dangling") == ""
    assert await git(source, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert await git(source, "status", "--porcelain") == ""


async def test_a_commit_of_files_takes_one_process_once_its_base_is_known(
    rendering: Rendering, source: Path, base: str
) -> None:
    await rendering.revisions.holding(known(source), base)
    rendering.counted.ran.clear()
    await render(rendering, source, base, {"a/b/c.txt": b"new\n", "a-b/x": None})
    assert rendering.counted.ran == ["cat-file"]


async def test_modes_stay_and_an_emptied_folder_is_gone(rendering: Rendering, source: Path) -> None:
    await make_repository(source, FILES)
    (source / "a-b/x").chmod(0o755)
    first = await commit(source, {})
    kept = await render(rendering, source, first, {"a-b/x": b"new", "README.md": b"r"})
    gone = await render(rendering, source, first, {"a-b/x": None, "not/there": None})
    store = await rendering.commits.store(known(source))
    assert (await git(store, "ls-tree", kept.commit, "a-b/x", "README.md")).split()[::4] == [
        "100644",
        "100755",
    ]
    assert "a-b" not in (await git(store, "ls-tree", "--name-only", gone.commit)).splitlines()
    nothing = await render(rendering, source, first, dict.fromkeys(FILES))
    assert await git(store, "ls-tree", nothing.commit) == ""


async def test_what_changes_nothing_is_no_commit(
    rendering: Rendering, source: Path, base: str
) -> None:
    tree = await git(source, "rev-parse", "HEAD^{tree}")
    same = {"a.b": b"3\n", "absent/file": None}
    assert await render(rendering, source, base, same) == RenderedCommit("", tree)
    assert await rendering.commits.tree_of(known(source), base) == tree


async def test_equal_changes_are_equal_commits_in_a_store_made_anew_too(
    rendering: Rendering, source: Path, base: str
) -> None:
    first = await render(rendering, source, base, {"a.b": b"new"})
    assert await render(rendering, source, base, {"a.b": b"new"}) == first
    await rendering.commits.forget(known(source))
    with pytest.raises(NotFound):
        await rendering.revisions.holding(known(source), first.commit)
    assert await render(rendering, source, base, {"a.b": b"new"}) == first
    assert await render(rendering, source, base, {"a.b": b"other"}) != first


async def test_submodules_are_moved_and_nothing_else_becomes_one(
    rendering: Rendering, source: Path, base: str
) -> None:
    await git(source, "update-index", "--add", "--cacheinfo", f"160000,{base},lib/sub")
    await git(source, "commit", "--quiet", "-m", "pin")
    pinned, moved = await git(source, "rev-parse", "HEAD"), "1" * 40
    made = await rendering.commits.commit_files(
        known(source), pinned, {"a.b": b"x"}, "Move it", MOMENT, {"lib/sub": moved}
    )
    shown = await rendering.commits.diff(known(source), pinned, made.commit, ROOM)
    assert [one.path for one in shown.files] == ["a.b", "lib/sub"]
    assert f"+Subproject commit {moved}" in shown.text
    for files, submodules in (
        ({"lib/sub": b"x"}, {}),
        ({"lib/sub/x": b"x"}, {}),
        ({}, {"a": "1" * 40}),
    ):
        with pytest.raises(Conflict):
            await rendering.commits.commit_files(
                known(source), pinned, files, "m", MOMENT, submodules
            )


@pytest.mark.parametrize("path", ["a", "a.b/inner", "link"])
async def test_a_path_that_is_something_else_is_a_conflict(
    rendering: Rendering, source: Path, path: str
) -> None:
    await make_repository(source, FILES)
    (source / "link").symlink_to("a.b")
    first = await commit(source, {})
    with pytest.raises(Conflict, match=path.partition("/")[0]):
        await render(rendering, source, first, {path: b"x"})


@pytest.mark.parametrize(
    "path", [".git/config", "a/.GIT/x", "git~1/x", ".git ./x", "../x", "/x", "a//b", "", "a\nb"]
)
async def test_a_path_that_no_checkout_can_have_is_refused(
    rendering: Rendering, source: Path, base: str, path: str
) -> None:
    with pytest.raises(InvalidRequest):
        await render(rendering, source, base, {path: b"x"})


async def test_a_file_and_a_folder_of_one_name_are_refused(
    rendering: Rendering, source: Path, base: str
) -> None:
    with pytest.raises(InvalidRequest, match="a file and a folder"):
        await render(rendering, source, base, {"new": b"x", "new/inner": b"y"})


async def test_a_base_that_is_not_there_and_a_repository_without_commits_are_told_of(
    rendering: Rendering, source: Path, base: str, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no commit 1111"):
        await render(rendering, source, "1" * 40, {"x": b""})
    await make_empty_repository(tmp_path / "empty")
    with pytest.raises(Refused, match="no commit to build on"):
        await render(rendering, tmp_path / "empty", "", {"x": b""})


async def test_a_rendered_commit_is_read_like_any_other(
    rendering: Rendering, source: Path, base: str
) -> None:
    await git(source, "tag", "-a", "v1.0", "-m", "one")
    made = await render(rendering, source, base, {"a.b": b"3\nnew\n", "n/x": b"n\n"})
    of, reads = known(source), rendering.revisions
    assert (await reads.resolve(of, made.commit)).commit == made.commit
    assert await reads.file(of, made.commit, "a.b", ROOM) == b"3\nnew\n"
    assert await reads.files(of, made.commit, "n") == ["x"]
    assert await reads.paths(of, made.commit) == sorted([*FILES, "n/x"])
    assert await reads.changed_paths(of, base, made.commit) == ["a.b", "n/x"]
    assert await reads.changed_lines(of, base, made.commit) == {"a.b": {2}, "n/x": {1}}
    assert await reads.renamed_paths(of, made.commit, base) == {}
    assert await reads.merge_base(of, made.commit, base) == base
    assert await reads.heads(of) == {
        "refs/heads/main": base,
        "refs/tags/v1.0": await git(source, "rev-parse", "v1.0"),
    }
    upon = await render(rendering, source, made.commit, {"n/x": None})
    assert await reads.merge_base(of, upon.commit, made.commit) == made.commit


async def test_a_rendered_commit_is_checked_out_with_history_and_tags(
    rendering: Rendering, source: Path, base: str, tmp_path: Path
) -> None:
    await git(source, "tag", "-a", "v1.0", "-m", "one")
    made = await render(rendering, source, base, {"a.b": b"new\n"})
    for name, history in (("with", True), ("without", False)):
        target = tmp_path / name
        target.mkdir()
        done = await rendering.checkouts.make(
            known(source), made.commit, target, max_bytes=ROOM, history=history
        )
        assert done.tree == made.tree
        assert (target / "a.b").read_bytes() == b"new\n"
    assert await git(tmp_path / "with", "log", "--format=%H") == f"{made.commit}\n{base}"
    assert (await git(tmp_path / "with", "describe")).startswith("v1.0-1-g")


async def test_a_mirror_and_a_linked_worktree_lend_their_objects_too(
    rendering: Rendering, source: Path, base: str, tmp_path: Path
) -> None:
    await git(source, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    mirrored = known(None, id="acme/mirrored", clone_url=source.as_uri())
    for repository in (mirrored, known(tmp_path / "linked")):
        made = await rendering.commits.commit_files(
            repository, base, {"a.b": b"new"}, "Change it", MOMENT
        )
        assert await rendering.revisions.file(repository, made.commit, "a/b/c.txt", 10) == b"1\n"


async def test_ids_of_sixty_four_digits_and_a_cut_history_are_kept(
    rendering: Rendering, source: Path, base: str, tmp_path: Path
) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    await git(wide, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", ".")
    made = await render(rendering, wide, await commit(wide, FILES), {"a/b/new": b"new"})
    assert len(made.commit) == 64
    store = await rendering.commits.store(known(wide))
    assert await git(store, "fsck", "--strict", "--no-dangling") == ""

    head = await commit(source, {"a.b": "later"})
    await git(tmp_path, "clone", "--quiet", "--depth=1", source.as_uri(), "cut")
    cut = await render(rendering, tmp_path / "cut", head, {"a.b": b"new"})
    store = await rendering.commits.store(known(tmp_path / "cut"))
    assert await git(store, "rev-list", cut.commit) == f"{cut.commit}\n{head}"


async def test_the_diff_shows_texts_counts_lines_and_is_cut_at_its_limit(
    rendering: Rendering, source: Path, base: str
) -> None:
    files = {"README.md": None, "a.b": b"3\nmore\n", "name é": b"n\n" * 500, "z.bin": b"\0"}
    made = await render(rendering, source, base, files)
    whole = await rendering.commits.diff(known(source), base, made.commit, ROOM)
    assert whole.files == [
        ChangedFile("D", "README.md", 0, 1),
        ChangedFile("M", "a.b", 1, 0),
        ChangedFile("A", "name é", 500, 0),
        ChangedFile("A", "z.bin", None, None),
    ]
    assert not whole.truncated
    assert "--- a/a.b\n+++ b/a.b\n@@ -1 +1,2 @@\n 3\n+more\n" in whole.text
    assert "Binary files /dev/null and b/z.bin differ" in whole.text
    cut = await rendering.commits.diff(known(source), base, made.commit, 300)
    assert cut.truncated
    assert cut.files == whole.files
    assert whole.text.startswith(cut.text)
    assert cut.text.endswith("\n")
    assert 0 < len(cut.text) <= 300
    same = await rendering.commits.diff(known(source), base, base, ROOM)
    assert same == ("", False, [])


async def test_several_at_once_of_two_processes_all_succeed(
    tmp_path: Path, source: Path, base: str
) -> None:
    made: dict[int, RenderedCommit] = {}

    async def one(number: int) -> None:
        rendering = open_rendering(tmp_path / "data")
        files = {"a.b": b"%d" % (number % 4)}
        made[number] = await render(rendering, source, base, files)

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(one, number)
    assert len({*made.values()}) == 4
    reads = open_rendering(tmp_path / "data")
    for number, rendered in made.items():
        content = await reads.revisions.file(known(source), rendered.commit, "a.b", 10)
        assert content == b"%d" % (number % 4)
    assert [path.name for path in (tmp_path / "data/rendered").iterdir()] == [
        (await reads.commits.store(known(source))).name
    ]


def test_a_store_that_another_thread_finishes_meanwhile_is_no_abandoned_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / ".new-old"
    old.mkdir()
    os.utime(old, (0, 0))
    # As a listing looks that was taken just before one of the folders was renamed.
    monkeypatch.setattr(Path, "glob", lambda folder, _: iter([folder / ".new-renamed", old]))
    drop_abandoned(tmp_path, ".new-*")
    assert not old.exists()


async def test_an_interrupted_commit_is_not_seen_and_made_by_the_next_try(
    rendering: Rendering, source: Path, base: str
) -> None:
    made = await render(rendering, source, base, {"a.b": b"new"})
    store = await rendering.commits.store(known(source))
    (store / "refs/rendered" / made.commit).unlink()
    loose = store / "objects" / made.commit[:2] / made.commit[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"")
    with pytest.raises(NotFound):
        await rendering.revisions.file(known(source), made.commit, "a.b", ROOM)
    assert await render(rendering, source, base, {"a.b": b"new"}) == made
    assert await rendering.revisions.file(known(source), made.commit, "a.b", ROOM) == b"new"


async def test_a_moved_repository_lends_from_where_it_is_now(
    rendering: Rendering, source: Path, base: str, tmp_path: Path
) -> None:
    made = await render(rendering, source, base, {"a.b": b"new"})
    await anyio.Path(source).rename(tmp_path / "moved")
    moved = known(tmp_path / "moved")
    assert await rendering.revisions.file(moved, made.commit, "README.md", ROOM) == b"x\n"


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=4)


@given(st.dictionaries(NAMES, st.sampled_from(["100644", "40000", "160000"]), max_size=8))
@hypothesis_settings(max_examples=60)
def test_a_tree_that_is_written_is_read_the_same(modes: Mapping[str, str]) -> None:
    entries = {name: Entry(mode, f"{at:040x}") for at, (name, mode) in enumerate(modes.items())}
    assert parse_tree(format_tree(entries), 20) == entries
