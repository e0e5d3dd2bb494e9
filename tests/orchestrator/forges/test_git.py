"""Branches moved by git alone: folders, bare repositories, and remotes that are pushed to."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, Stale, Unavailable
from gitops_auditor.orchestrator.forges.forge import Forge
from gitops_auditor.orchestrator.forges.git import GitForge
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_process import Command, Executable, Output, Sink
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.publishing import Publishing
from gitops_auditor.repositories.revisions import Revisions
from tests.factories.git import commit, git, make_repository, write_files
from tests.repositories.rendered import MOMENT, Rendering, open_rendering
from tests.repositories.revisions import known

BRANCH = "gitops-auditor/p-1"


class World:
    """A repository, what is rendered of it, and the forge that publishes it."""

    def __init__(self, data: Path, repository: Repository) -> None:
        self.repository = repository
        self.rendering: Rendering = open_rendering(data)
        publishing = Publishing(
            self.rendering.locations,
            self.rendering.mirrors,
            self.rendering.revisions,
            Git(self.rendering.counted),
        )
        self.forge: Forge = GitForge(publishing)

    async def render(self, base: str, content: str = "new\n") -> str:
        made = await self.rendering.commits.commit_files(
            self.repository, base, {"a.txt": content.encode()}, "Change it", MOMENT
        )
        return made.commit

    async def head(self, branch: str = BRANCH) -> str | None:
        return (await self.forge.heads(self.repository, [branch]))[branch]

    async def move(self, expected: str | None, to: str | None, branch: str = BRANCH) -> str | None:
        return await self.forge.move_branch(self.repository, branch, expected, to)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
async def base(source: Path) -> str:
    return await make_repository(source, {"a.txt": "1\n", "b/c.txt": "2\n"})


@pytest.fixture
def world(tmp_path: Path, source: Path) -> World:
    return World(tmp_path / "data", known(source))


async def test_a_branch_is_made_moved_back_and_removed_and_the_working_tree_stays(
    world: World, source: Path, base: str
) -> None:
    made = await world.render(base)
    assert await world.forge.heads(world.repository, [BRANCH, "main"]) == {
        BRANCH: None,
        "main": base,
    }
    assert await world.move(None, made) == made
    assert await git(source, "show", f"{BRANCH}:a.txt") == "new"
    assert await git(source, "fsck", "--full", "--strict") == ""
    assert await git(source, "status", "--porcelain") == ""
    upon = await world.render(made, "newer\n")
    assert await world.move(made, upon) == upon
    assert await world.move(upon, base) == base
    assert await world.move(base, None) is None
    assert await git(source, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert (world.forge.name, world.forge.moves_back) == ("git", True)


async def test_a_move_that_is_done_is_fine_again(world: World, source: Path, base: str) -> None:
    made = await world.render(base)
    for _ in range(2):
        assert await world.move(None, made) == made
    for _ in range(2):
        assert await world.move(made, None) is None


async def test_somebody_elses_push_stays_and_is_told_of(
    world: World, source: Path, base: str
) -> None:
    made, theirs = await world.render(base), await world.render(base, "theirs\n")
    await world.move(None, theirs)
    for expected in (None, base):
        for to in (made, None):
            with pytest.raises(Stale, match=theirs) as raised:
                await world.move(expected, to)
            assert raised.value.details == {"present": theirs}
    assert await world.head() == theirs
    with pytest.raises(Stale) as raised:
        await world.move(made, theirs, "absent")
    assert raised.value.details == {"present": None}


@pytest.mark.parametrize("where", ["main tree", "linked tree", "rebase", "bisect"])
async def test_a_branch_that_a_working_tree_is_on_is_refused(
    world: World, source: Path, base: str, tmp_path: Path, where: str
) -> None:
    branch = "main"
    if where != "main tree":
        branch = "side"
        await git(source, "branch", branch)
    if where == "linked tree":
        await git(source, "worktree", "add", "--quiet", str(tmp_path / "linked"), branch)
    if where == "rebase":
        write_files(source, {".git/rebase-merge/head-name": "refs/heads/side\n"})
    if where == "bisect":
        write_files(source, {".git/BISECT_START": "side\n"})
    for to in (await world.render(base), None):
        with pytest.raises(Refused, match="working tree"):
            await world.move(base, to, branch)
    assert await world.head(branch) == base


async def test_a_default_branch_of_a_bare_repository_moves_forward_and_back(
    tmp_path: Path, source: Path, base: str
) -> None:
    await git(tmp_path, "clone", "--quiet", "--bare", str(source), "bare.git")
    world = World(tmp_path / "data", known(tmp_path / "bare.git"))
    made = await world.render(base)
    assert await world.move(base, made, "main") == made
    assert await git(tmp_path / "bare.git", "show", "main:a.txt") == "new"
    assert await world.move(made, base, "main") == base
    assert await git(tmp_path / "bare.git", "fsck", "--full", "--strict", "--no-dangling") == ""


async def test_a_checkout_is_changed_itself_and_not_the_origin_it_was_cloned_from(
    tmp_path: Path, source: Path, base: str
) -> None:
    await git(tmp_path, "clone", "--quiet", str(source), "mine")
    world = World(tmp_path / "data", known(tmp_path / "mine", origin_url=source.as_uri()))
    made = await world.render(base)
    await world.move(None, made)
    assert await git(tmp_path / "mine", "rev-parse", BRANCH) == made
    assert BRANCH not in await git(source, "for-each-ref")


async def test_while_a_checkout_is_away_nothing_is_done_to_its_origin(
    tmp_path: Path, source: Path, base: str
) -> None:
    await git(tmp_path, "clone", "--quiet", str(source), "mine")
    world = World(tmp_path / "data", known(tmp_path / "mine", origin_url=source.as_uri()))
    made = await world.render(base)
    (tmp_path / "mine").rename(tmp_path / "away")
    for act in (world.head(), world.move(None, made)):
        with pytest.raises(Unavailable, match="mine is no git repository"):
            await act
    assert BRANCH not in await git(source, "for-each-ref")


async def test_a_file_url_is_the_folder_it_names_and_the_mirror_knows_of_the_move(
    tmp_path: Path, source: Path, base: str
) -> None:
    await git(tmp_path, "clone", "--quiet", "--bare", str(source), "remote.git")
    world = World(tmp_path / "data", known(None, clone_url=(tmp_path / "remote.git").as_uri()))
    made = await world.render(base)
    assert await world.move(base, made, "main") == made
    assert await git(tmp_path / "remote.git", "rev-parse", "main") == made
    assert (await world.rendering.revisions.heads(world.repository))["refs/heads/main"] == made
    assert await world.move(made, base, "main") == base
    assert (await world.rendering.revisions.heads(world.repository))["refs/heads/main"] == base
    for folder in (world.rendering.mirrors.path_of, lambda _: tmp_path / "remote.git"):
        path = folder(world.rendering.mirrors.check(str(world.repository.clone_url)))
        assert await git(path, "fsck", "--strict", "--no-dangling") == ""


async def test_a_long_id_is_moved(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    await anyio.Path(wide).mkdir()
    await git(wide, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", ".")
    base = await commit(wide, {"a.txt": "1"})
    world = World(tmp_path / "data", known(wide))
    made = await world.render(base)
    assert await world.move(None, made) == made
    assert await git(wide, "fsck", "--full", "--strict") == ""


async def test_no_hook_and_nothing_that_the_configuration_names_is_run(
    world: World, source: Path, base: str, tmp_path: Path
) -> None:
    program, ran = tmp_path / "trap", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n", "utf-8")
    program.chmod(0o755)
    for hook in ("reference-transaction", "pre-receive", "update", "post-receive", "post-update"):
        write_files(source, {f".git/hooks/{hook}": program.read_bytes()})
        (source / f".git/hooks/{hook}").chmod(0o755)
    for name in ("core.fsmonitor", "core.alternateRefsCommand", "uploadpack.packObjectsHook"):
        await git(source, "config", name, str(program))
    made = await world.render(base)
    await world.move(None, made)
    await world.move(made, None)
    assert not ran.exists()
    await git(source, "branch", "careless")
    assert ran.exists(), "the trap does not spring at all"


async def test_killed_before_the_reference_nothing_is_seen_and_the_repetition_completes_it(
    world: World, source: Path, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.render(base)
    for stage in ("pack-objects", "index-pack", "update-ref"):
        with monkeypatch.context() as patched:
            patched.setattr(world.rendering.counted, "run", _dying(world.rendering.counted, stage))
            with pytest.raises(KeyboardInterrupt):
                await world.move(None, made)
        assert await world.head() is None
        assert await git(source, "fsck", "--full", "--strict", "--no-dangling") == ""
    pack = next((source / ".git/objects/pack").glob("pack-*.pack"))
    pack.chmod(0o644)
    pack.write_bytes(b"half of")
    pack.with_suffix(".idx").unlink()
    write_files(source, {".git/objects/pack/tmp_pack_left.pack": "half of"})
    assert await world.move(None, made) == made
    assert await git(source, "show", f"{BRANCH}:a.txt") == "new"
    assert await git(source, "fsck", "--full", "--strict", "--no-dangling") == ""


def _dying(program: Executable, stage: str) -> Callable[..., Awaitable[Output]]:
    """The program until it is to run this command: then the process is ended."""
    run = program.run

    async def dies(command: Command, **sinks: Sink | None) -> Output:
        if command.name == stage:
            raise KeyboardInterrupt
        return await run(command, **sinks)

    return dies


async def test_of_two_racers_one_wins_and_nobodys_commit_is_lost(
    world: World, source: Path, base: str, tmp_path: Path
) -> None:
    other = World(tmp_path / "data", world.repository)
    await world.move(None, base)
    for number in range(4):
        present = await world.head()
        assert present is not None
        ours, theirs = f"{number} ours", f"{number} theirs"
        commits = {
            world: await world.render(present, ours),
            other: await other.render(present, theirs),
        }
        won, lost = await _race(present, commits)
        assert len(won) == 1
        assert await world.head() == won[0]
        assert [error.details["present"] for error in lost] == won
        assert await git(source, "rev-parse", f"{BRANCH}^") == present
    assert await git(source, "fsck", "--full", "--strict", "--no-dangling") == ""


async def _race(present: str, commits: dict[World, str]) -> tuple[list[str], list[Stale]]:
    won: list[str] = []
    lost: list[Stale] = []

    async def run(one: World) -> None:
        try:
            won.append(await one.move(present, commits[one]) or "")
        except Stale as error:
            lost.append(error)

    async with anyio.create_task_group() as tasks:
        for one in commits:
            tasks.start_soon(run, one)
    return won, lost


STEPS = st.lists(
    st.tuples(st.sampled_from(["ours", "theirs"]), st.integers(0, 3), st.integers(0, 3)),
    max_size=8,
)


@given(STEPS)
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_branch_is_only_ever_moved_from_where_it_was_expected(
    world: World, source: Path, base: str, steps: list[tuple[str, int, int]]
) -> None:
    places = [None, base, await world.render(base), await world.render(base, "other\n")]
    await git(source, "update-ref", "-d", f"refs/heads/{BRANCH}")
    present: str | None = None
    for who, at, to in steps:
        expected, wanted = places[at], places[to]
        if who == "theirs" and wanted is not None:
            # As a push brings them: the objects are there already.
            await git(source, "fetch", "--quiet", await _store(world), f"+{wanted}:refs/x/{wanted}")
            await git(source, "update-ref", f"refs/heads/{BRANCH}", wanted)
            present = wanted
        elif who == "ours":
            try:
                assert await world.move(expected, wanted) == wanted
            except Stale as error:
                assert present not in (expected, wanted)
                assert error.details == {"present": present}
            else:
                assert present in (expected, wanted)
                present = wanted
        assert await world.head() == present


async def _store(world: World) -> str:
    return str(await world.rendering.commits.store(world.repository))


async def test_a_branch_in_the_way_of_anothers_name_and_a_busy_one_are_told_of(
    world: World, source: Path, base: str
) -> None:
    made = await world.render(base)
    await git(source, "branch", "gitops-auditor")
    with pytest.raises(Refused, match="cannot create"):
        await world.move(None, made)
    await git(source, "branch", "busy")
    write_files(source, {".git/refs/heads/busy.lock": ""})
    with pytest.raises(Unavailable, match="could not be moved"):
        await world.move(base, made, "busy")
    assert await world.head("busy") == base


@pytest.mark.parametrize("branch", ["../escape", "a..b", "-delete", "with space", "x.lock", "HEAD"])
async def test_a_name_that_is_no_branch_is_refused(world: World, base: str, branch: str) -> None:
    with pytest.raises(InvalidRequest):
        await world.move(None, base, branch)


async def test_what_is_not_here_is_told_of(world: World, base: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no commit 1111"):
        await world.move(None, "1" * 40)
    gone = World(tmp_path / "data", known(tmp_path / "gone"))
    with pytest.raises(Unavailable):
        await gone.head()
    absent = World(tmp_path / "data", known(None, clone_url=(tmp_path / "gone").as_uri()))
    with pytest.raises((Unavailable, NotFound)):
        await absent.head()


async def test_nothing_outside_of_the_allowed_folders_is_changed(
    tmp_path: Path, source: Path, base: str
) -> None:
    allowed = tmp_path / "allowed"
    await make_repository(allowed / "inside", {"a.txt": "1"})
    await anyio.Path(allowed / "inside/.git").rename(tmp_path / "outside")
    write_files(allowed / "inside", {".git": f"gitdir: {tmp_path}/outside\n"})
    mirrors = Mirrors(Git(), tmp_path / "mirrors", ("file",), allow_private_hosts=True)
    locations = Locations(mirrors, Boundaries([allowed]))
    publishing = Publishing(locations, mirrors, Revisions(Git(), locations), Git())
    for repository in (known(allowed / "inside"), known(None, clone_url=source.as_uri())):
        with pytest.raises(Refused, match="outside"):
            await GitForge(publishing).heads(repository, ["main"])
