"""Bare clones that the platform owns, one for each clone URL, under one folder."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio
import anyio.to_thread

from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_transfer import Progress
from gitops_auditor.repositories.git_urls import CloneUrl, check_clone_url, parse_remote
from gitops_auditor.repositories.network import Pinned, pin

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Mirrors:
    """Makes and refreshes mirrors; what a URL may do is decided before git is started."""

    def __init__(
        self, git: Git, folder: Path, protocols: Sequence[str], *, allow_private_hosts: bool
    ) -> None:
        self._git = git
        self._folder = folder
        self._protocols = tuple(protocols)
        self._allow_private_hosts = allow_private_hosts
        self._turns: dict[Path, anyio.Lock] = {}

    def check(self, url: str) -> CloneUrl:
        """The URL, when git may be given it; see `check_clone_url` for what is raised."""
        return check_clone_url(url, self._protocols)

    def path_of(self, url: CloneUrl) -> Path:
        """Where the mirror of a URL is or will be: a readable name made safe, and a digest."""
        remote = parse_remote(url.url)
        path = remote.path if remote is not None else url.url
        readable = _UNSAFE.sub("-", path).strip("-.")[-80:] or "repository"
        host = _UNSAFE.sub("-", url.host).strip("-.") or "local"
        digest = hashlib.sha256(f"{url.host}:{url.port}/{path}".encode()).hexdigest()[:12]
        return self._folder / host / f"{readable}-{digest}.git"

    async def ensure(self, url: CloneUrl, progress: Progress | None = None) -> Path:
        """The mirror's path, cloned when there is none yet and fetched when there is.

        Raises Refused for a host in a private network, Unavailable when git cannot reach the source
        and TimedOut. A clone that fails leaves nothing behind.
        """
        path = self.path_of(url)
        async with self._turns.setdefault(path, anyio.Lock()):
            source = await pin(url, allow_private=self._allow_private_hosts)
            if await self._git.is_repository(path):
                await self._git.fetch_mirror(path, source, self._protocols, progress)
            else:
                await anyio.Path(path.parent).mkdir(parents=True, exist_ok=True, mode=0o700)
                await self._clone(source, path, progress)
        return path

    async def _clone(self, source: Pinned, path: Path, progress: Progress | None) -> None:
        scratch = Path(await anyio.to_thread.run_sync(_scratch, path.parent))
        try:
            await self._git.clone(source, scratch / "clone", self._protocols, progress)
            # Renamed whole: a mirror is complete or is not there.
            await anyio.Path(scratch / "clone").rename(path)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_remove, scratch)


def _scratch(parent: Path) -> str:
    return tempfile.mkdtemp(prefix=".clone-", dir=parent)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
