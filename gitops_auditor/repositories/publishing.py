"""Moves branches of registered repositories where they are published."""

from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.errors import Unavailable
from gitops_auditor.repositories.branch_moves import BranchMove, check_names
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_push import RemoteBranches
from gitops_auditor.repositories.git_urls import CloneUrl
from gitops_auditor.repositories.locations import Locations, Place
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.reference_updates import ReferenceUpdates
from gitops_auditor.repositories.revisions import Revisions


class Publishing:
    """Branches of folders on this machine and of clone URLs.

    A registered folder is changed itself, also one that was cloned from somewhere; a `file:` URL is
    treated as the folder that it names. Everything else is pushed to.
    """

    def __init__(
        self, locations: Locations, mirrors: Mirrors, revisions: Revisions, git: Git
    ) -> None:
        self._locations = locations
        self._mirrors = mirrors
        self._revisions = revisions
        self._local = ReferenceUpdates(git)
        self._remote = RemoteBranches(git.executable, mirrors)

    async def heads(self, repository: Repository, branches: Sequence[str]) -> dict[str, str | None]:
        """Where branches stand now, None for one that is not there; a mirror is not asked.

        Raises InvalidRequest for what is no branch, Unavailable, Refused, TimedOut.
        """
        check_names([*branches])
        place = await self._locations.published(repository)
        if place.folder is not None:
            return await self._local.heads(place.folder, branches)
        return await self._remote.heads(_url(place), branches)

    async def move(self, repository: Repository, move: BranchMove) -> str | None:
        """Move a branch by compare and swap, and return where it then stands.

        A move that is done already is fine. When the repository is read from a mirror, that has the
        branch there, too, once this returns; should that fail, repeat it. Raises Stale with the
        commit as `present`, Refused for a branch that is checked out or protected, NotFound for a
        commit that is not here, Unavailable, TimedOut.
        """
        move.check()
        place = await self._locations.published(repository)
        source = await self._source(repository, move)
        if place.folder is not None:
            await self._local.move(place.folder, move, source)
        else:
            source = source or await self._locations.current(repository)
            await self._remote.move(_url(place), move, source)
        if place.url is not None and await self._locations.known(repository) is not None:
            await self._refresh(place.url, move)
        return move.commit

    async def _source(self, repository: Repository, move: BranchMove) -> Path | None:
        if move.commit is None:
            return None
        return await self._revisions.holding(repository, move.commit)

    async def _refresh(self, url: CloneUrl, move: BranchMove) -> None:
        """Let the mirror know, which others read without asking the source."""
        heads = await self._local.heads(self._mirrors.path_of(url), [move.branch])
        if heads[move.branch] != move.commit:
            await self._mirrors.ensure(url)


def _url(place: Place) -> CloneUrl:
    if place.url is None:
        raise Unavailable("The repository has no clone URL.", hint="Register it again by one.")
    return place.url
