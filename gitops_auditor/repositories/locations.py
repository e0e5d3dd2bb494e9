"""Where on this machine a registered repository can be read, fetching a mirror when it must be."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import anyio.to_thread

from gitops_auditor.errors import Unavailable
from gitops_auditor.identity import SYSTEM
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.git_urls import CloneUrl
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository


class Place(NamedTuple):
    """Where the branches of a repository are changed.

    `folder` is on this machine, None for one that is reached over the network. `url` is None for a
    registered folder; else the repository is read from a mirror of it.
    """

    folder: Path | None
    url: CloneUrl | None


class Locations:
    """Chooses between the folder of a repository and the platform's own mirror of its URL."""

    def __init__(self, mirrors: Mirrors, boundaries: Boundaries) -> None:
        self._mirrors = mirrors
        self._boundaries = boundaries

    async def current(self, repository: Repository) -> Path:
        """Where to read what is new: a mirror is fetched first.

        Raises Unavailable when the repository cannot be reached from here, Refused for a URL that
        git may not be given, and TimedOut.
        """
        folder = await self._folder(repository)
        if folder is not None:
            return folder
        return await self._mirrors.ensure(await self._url(repository))

    async def known(self, repository: Repository) -> Path | None:
        """Where to read what is here already, without reaching over the network."""
        folder = await self._folder(repository)
        if folder is not None:
            return folder
        mirror = self._mirrors.path_of(await self._url(repository))
        return mirror if await _is_repository(mirror) else None

    def registered(self, repository: Repository) -> Path | None:
        """The folder that somebody registered, whatever is there now; None for a mirror."""
        path = Path(repository.path or "")
        return None if repository.path is None or self._mirrors.holds(path) else path

    async def published(self, repository: Repository) -> Place:
        """Where changes are published: the folder that somebody registered, else the clone URL.

        A registered checkout is changed itself, not the origin that it was cloned from, also while
        it is away. Raises Unavailable when there is neither, Refused outside of the allowed
        folders.
        """
        folder = await self._folder(repository) or self._registered(repository)
        url = await self._url(repository) if folder is None else None
        if url is not None and url.scheme != "file":
            return Place(None, url)
        if url is not None:
            await self._boundaries.check_file_url(url, SYSTEM)
            folder = Path(unquote(urlsplit(url.url).path))
        return Place(await self._inside(folder), url)

    async def _inside(self, folder: Path | None) -> Path:
        layout = await anyio.to_thread.run_sync(git_directory.locate, folder) if folder else None
        if folder is None or layout is None:
            raise Unavailable(
                f"{folder} is no git repository.", hint="Restore it, or correct the clone URL."
            )
        await self._boundaries.check_layout(layout, SYSTEM)
        return folder

    async def _folder(self, repository: Repository) -> Path | None:
        """The folder that somebody registered, when it is on this machine."""
        path = self.registered(repository)
        return path if path is not None and await _is_repository(path) else None

    def _registered(self, repository: Repository) -> Path | None:
        """The folder that is all that somebody registered, whether it is there or not."""
        path = Path(repository.path or "")
        is_other = repository.path is None or repository.clone_url is not None
        return None if is_other or self._mirrors.holds(path) else path

    async def _url(self, repository: Repository) -> CloneUrl:
        url = repository.clone_url or repository.origin_url
        if url is None:
            raise Unavailable(
                f"{repository.id} is not on this machine: there is no repository at"
                f" {repository.path}, and it has no URL to clone from.",
                hint="Restore the folder, or register the repository by its clone URL.",
            )
        checked = self._mirrors.check(url)
        if repository.clone_url is None:
            # Nobody checked an origin when it was registered: it is what the repository says.
            await self._boundaries.check_file_url(checked, SYSTEM)
        return checked


async def _is_repository(path: Path) -> bool:
    return await _layout(path) is not None


async def _layout(path: Path) -> GitDirectory | None:
    return await anyio.to_thread.run_sync(git_directory.locate, path)
