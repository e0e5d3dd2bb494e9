"""Bare clones that the platform owns, one for each clone URL, under one folder."""

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from gitops_auditor.errors import Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_transfer import Progress
from gitops_auditor.repositories.git_urls import CloneUrl, check_clone_url, parse_remote
from gitops_auditor.repositories.network import Pinned, pin

_SCRATCH = ".clone-"
_ABANDONED_SECONDS = 24 * 3600
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

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols that git may use."""
        return self._protocols

    async def pinned(self, url: CloneUrl) -> Pinned:
        """Where a URL leads. Raises Refused for a private network that is not allowed."""
        return await pin(url, allow_private=self._allow_private_hosts)

    def holds(self, path: Path) -> bool:
        """Whether a path is below the folder of mirrors."""
        return path.is_relative_to(self._folder)

    async def ensure(self, url: CloneUrl, progress: Progress | None = None) -> Path:
        """The mirror's path, cloned when there is none yet and fetched when there is.

        Raises Refused for a host in a private network, Unavailable when git cannot reach the source
        and TimedOut. A clone that fails leaves nothing behind.
        """
        path = self.path_of(url)
        async with self._turns.setdefault(path, anyio.Lock()):
            source = await self.pinned(url)
            await self._bring_up(source, path, progress)
        return path

    async def _bring_up(self, source: Pinned, path: Path, progress: Progress | None) -> None:
        if await self._git.is_repository(path):
            await self._git.fetch_mirror(path, source, self._protocols, progress)
            return
        scratch = await anyio.to_thread.run_sync(_scratch, path.parent)
        try:
            await self._git.clone(source, scratch / "clone", self._protocols, progress)
            await anyio.to_thread.run_sync(_move_into_place, scratch / "clone", path)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_remove, scratch)


def _scratch(parent: Path) -> Path:
    with _writing(parent):
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in parent.glob(f"{_SCRATCH}*"):
            # No clone takes so long: its process was killed.
            if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                _remove(left)
        return Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=parent))


def _move_into_place(clone: Path, path: Path) -> None:
    """Renamed whole: a mirror is complete or is not there."""
    try:
        with _writing(path.parent):
            clone.rename(path)
    except Unavailable:
        # Another process was faster; its clone is as good.
        if git_directory.locate(path) is None:
            raise


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be written to: {error.strerror}.",
            hint="Check its owner, mode and free space.",
        ) from error


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
