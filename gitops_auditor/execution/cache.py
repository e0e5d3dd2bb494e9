"""Caches for jobs: folders kept under a key, as content-addressed archives in one folder.

`objects/` holds archives by their SHA-256, `keys/` small files that lead to them; equal content is
kept once. An entry is never changed; the longest unused ones go when the cache is full.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
from pydantic import BaseModel

from gitops_auditor.errors import Refused
from gitops_auditor.execution.cache_archives import pack, unpack
from gitops_auditor.execution.secret_files import locked, replace_private

Result = TypeVar("Result")
_READ_BYTES = 2**20


class CacheEntry(BaseModel):
    """One kept cache; `size` in bytes, `digest` the SHA-256 of its archive."""

    scope: str
    key: str
    digest: str
    size: int


class Cache:
    """A cache in `folder` that keeps at most `max_bytes` of archives.

    A scope (a repository's id) keeps the entries of one repository from another's jobs.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._objects = folder / "objects"
        self._keys = folder / "keys"
        self._max_bytes = max_bytes

    async def save(self, scope: str, key: str, checkout: Path, paths: Sequence[str]) -> CacheEntry:
        """Keep these paths of a checkout; an entry that exists already stays as it is.

        Raises TooLarge when they alone exceed the cache.
        """
        return await _in_thread(lambda: self._save(scope, key, checkout, paths))

    async def restore(
        self,
        scope: str,
        keys: Sequence[str],
        checkout: Path,
        user: tuple[int, int] | None = None,
    ) -> CacheEntry | None:
        """Put back the first entry found, and give its files to `user`; None when there is none.

        The first key has to be exact; of entries that begin with one of the others the newest
        counts. Raises Refused for an archive that was changed.
        """
        return await _in_thread(lambda: self._restore(scope, keys, checkout, user))

    async def size(self) -> int:
        """Bytes of all archives."""
        return await _in_thread(lambda: sum(path.stat().st_size for path in self._archives()))

    def _save(self, scope: str, key: str, checkout: Path, paths: Sequence[str]) -> CacheEntry:
        for folder in (self._objects, self._keys):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        existing = self._entry(self._key_file(scope, key))
        if existing is not None:
            return existing
        descriptor, temporary = tempfile.mkstemp(dir=self._objects, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                digest, size = pack(checkout, paths, file, self._max_bytes)
            entry = CacheEntry(scope=scope, key=key, digest=digest, size=size)
            with locked(self._folder / "lock"):
                Path(temporary).replace(self._objects / digest)
                content = entry.model_dump_json().encode()
                replace_private(self._key_file(scope, key), content, 0o600)
                self._evict(keep=digest)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return entry

    def _restore(
        self, scope: str, keys: Sequence[str], checkout: Path, user: tuple[int, int] | None
    ) -> CacheEntry | None:
        entry = self._find(scope, keys)
        if entry is None:
            return None
        try:
            with (self._objects / entry.digest).open("rb") as file:
                _require_digest(file.fileno(), entry.digest)
                unpack(file, checkout, user)
        except FileNotFoundError:
            return None
        self._key_file(scope, entry.key).touch()
        return entry

    def _find(self, scope: str, keys: Sequence[str]) -> CacheEntry | None:
        exact = self._entry(self._key_file(scope, keys[0])) if keys else None
        if exact is not None or len(keys) < 2:
            return exact
        newest_first = sorted(self._key_files(), key=_modified, reverse=True)
        entries = [entry for entry in map(self._entry, newest_first) if entry is not None]
        for prefix in keys[1:]:
            for entry in entries:
                if entry.scope == scope and entry.key.startswith(prefix):
                    return entry
        return None

    def _evict(self, keep: str) -> None:
        oldest_first = sorted(self._key_files(), key=_modified)
        kept = {file: entry for file in oldest_first if (entry := self._entry(file)) is not None}
        for key_file, entry in list(kept.items()):
            if _total(kept.values()) <= self._max_bytes:
                break
            if entry.digest != keep:
                key_file.unlink()
                del kept[key_file]
        used = {entry.digest for entry in kept.values()}
        for archive in self._archives():
            if archive.name not in used:
                archive.unlink()

    def _archives(self) -> list[Path]:
        return [path for path in _entries(self._objects) if not path.name.startswith(".")]

    def _key_files(self) -> list[Path]:
        return [path for path in _entries(self._keys) if not path.name.startswith(".")]

    def _key_file(self, scope: str, key: str) -> Path:
        named = hashlib.sha256(f"{len(scope)}:{scope}{key}".encode()).hexdigest()
        return self._keys / named

    @staticmethod
    def _entry(key_file: Path) -> CacheEntry | None:
        try:
            return CacheEntry.model_validate_json(key_file.read_bytes())
        except FileNotFoundError:
            return None


def _total(entries: Iterable[CacheEntry]) -> int:
    # Entries with the same content share an archive.
    return sum({entry.digest: entry.size for entry in entries}.values())


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _require_digest(opened: int, expected: str) -> None:
    digest = hashlib.sha256()
    place = 0
    while chunk := os.pread(opened, _READ_BYTES, place):
        digest.update(chunk)
        place += len(chunk)
    if digest.hexdigest() != expected:
        raise Refused(
            f"The cached archive {expected[:12]} was changed.",
            hint="Remove the cache folder; it is made anew by the next runs.",
        )


async def _in_thread(work: Callable[[], Result]) -> Result:
    return await anyio.to_thread.run_sync(work)
