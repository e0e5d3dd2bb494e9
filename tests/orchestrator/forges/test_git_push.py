"""Branches of a remote that is reached over a socket, with git's own server at the other end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gitops_auditor.errors import Refused, Stale, Unavailable
from gitops_auditor.orchestrator.forges.git import GitForge
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_process import Command, Output, Sink
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.publishing import Publishing
from gitops_auditor.repositories.rendered import RenderedCommits
from gitops_auditor.repositories.rendered_store import RenderedStores
from gitops_auditor.repositories.revisions import Revisions
from tests.factories.git import git, make_repository, write_files
from tests.factories.git_daemon import serving
from tests.repositories.rendered import MOMENT, ROOM
from tests.repositories.revisions import Counted, known

BRANCH = "gitops-auditor/p-1"


class Remote:
    """A bare repository behind a server, and the parts that speak with it."""

    def __init__(self, folder: Path, url: str, data: Path, base: str) -> None:
        self.folder, self.base = folder, base
        self.counted = Counted()
        program = Git(self.counted)
        mirrors = Mirrors(program, data / "mirrors", ("git",), allow_private_hosts=True)
        locations = Locations(mirrors, Boundaries(()))
        stores = RenderedStores(data / "rendered", locations, program)
        self.revisions = Revisions(program, locations, stores)
        self.commits = RenderedCommits(self.revisions, stores, self.counted, most_bytes=ROOM)
        self.forge = GitForge(Publishing(locations, mirrors, self.revisions, program))
        self.repository: Repository = known(None, clone_url=url)

    async def render(self, content: bytes = b"new\n") -> str:
        made = await self.commits.commit_files(
            self.repository, self.base, {"a.txt": content}, "Change it", MOMENT
        )
        return made.commit

    async def move(self, expected: str | None, commit: str | None, branch: str = BRANCH) -> None:
        await self.forge.move_branch(self.repository, branch, expected, commit)

    async def references(self) -> dict[str, str]:
        listed = await git(self.folder, "for-each-ref", "--format=%(refname:short) %(objectname)")
        return dict(line.split(" ") for line in listed.splitlines())


@pytest.fixture
async def remote(tmp_path: Path) -> AsyncIterator[Remote]:
    served = tmp_path / "served"
    base = await make_repository(tmp_path / "source", {"a.txt": "1\n", "b.txt": "2\n"})
    served.mkdir()
    await git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "source"), "served/it.git")
    with serving(served) as url:
        yield Remote(served / "it.git", f"{url}/it.git", tmp_path / "data", base)


async def test_a_branch_is_pushed_moved_back_and_removed_and_the_mirror_knows(
    remote: Remote,
) -> None:
    made = await remote.render()
    for expected, commit in ((None, made), (made, remote.base), (remote.base, None)):
        for _ in range(2):
            await remote.move(expected, commit)
        heads = await remote.forge.heads(remote.repository, [BRANCH, "main"])
        assert heads == {BRANCH: commit, "main": remote.base}
        assert (await remote.references()).get(BRANCH) == commit
        known_here = await remote.revisions.heads(remote.repository)
        assert known_here.get(f"refs/heads/{BRANCH}") == commit
    assert remote.counted.ran.count("push") == 3
    await remote.move(remote.base, made, "main")
    assert await git(remote.folder, "show", "main:a.txt") == "new"
    assert await git(remote.folder, "fsck", "--strict", "--no-dangling") == ""


async def test_a_push_that_somebody_makes_in_between_stays(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, theirs = await remote.render(), await remote.render(b"theirs\n")
    await remote.move(None, theirs, "theirs")
    for expected, commit in ((remote.base, made), (None, made), (remote.base, None)):
        with pytest.raises(Stale) as raised:
            await remote.move(expected, commit, "theirs")
        assert raised.value.details == {"present": theirs}
    await git(remote.folder, "branch", "raced", remote.base)
    for commit in (made, None):
        await git(remote.folder, "update-ref", "refs/heads/raced", remote.base)
        with monkeypatch.context() as patched:
            patched.setattr(remote.counted, "run", _overtaken(remote, theirs))
            with pytest.raises(Stale) as raised:
                await remote.move(remote.base, commit, "raced")
        assert raised.value.details == {"present": theirs}
        assert (await remote.references())["raced"] == theirs


def _overtaken(remote: Remote, theirs: str) -> Callable[..., Awaitable[Output]]:
    """Our git, before whose push somebody else's arrives."""
    run = remote.counted.run

    async def late(command: Command, **sinks: Sink | None) -> Output:
        if command.name == "push":
            await git(remote.folder, "update-ref", "refs/heads/raced", theirs)
        return await run(command, **sinks)

    return late


async def test_what_the_remote_does_not_let_be_moved_is_refused_with_its_words(
    remote: Remote,
) -> None:
    made = await remote.render()
    write_files(remote.folder, {"hooks/update": "#!/bin/sh\nexit 1\n"})
    (remote.folder / "hooks/update").chmod(0o755)
    with pytest.raises(Refused, match="hook declined"):
        await remote.move(remote.base, made, "main")
    assert await remote.references() == {"main": remote.base}


async def test_a_remote_that_is_gone_cannot_be_reached(remote: Remote) -> None:
    made = await remote.render()
    remote.folder.rename(remote.folder.with_name("gone"))
    with pytest.raises(Unavailable, match="could not read"):
        await remote.move(None, made)
