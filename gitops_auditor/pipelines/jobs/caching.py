"""Folders that jobs find again: put back before the script, kept after its success.

An entry belongs to one repository. A job that a stranger's pull request changed may read entries
and not write them. Trouble with a cache is a line in the log and never fails a job.
"""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from gitops_auditor.errors import GitOpsError, InvalidRequest, JsonValue, NotFound
from gitops_auditor.execution.cache import Cache, CacheEntry
from gitops_auditor.execution.collecting import read_left
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.pipelines.cache_keys import render_key
from gitops_auditor.pipelines.handlers import Attempt
from gitops_auditor.pipelines.jobs.masked_log import MaskedLog

LOCK_FILES: Final = (
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "bun.lock",
    "bun.lockb",
    "composer.lock",
    "deno.lock",
    "go.sum",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "packages.lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pubspec.lock",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
)
"""Files whose content decides what is installed: a cache without a key depends on them."""
MAX_LOCK_BYTES: Final = 64 * 2**20
MAX_KEY_LENGTH: Final = 512


@dataclass(frozen=True, slots=True)
class CacheUse:
    """A cache of one attempt: its key, the beginning of older ones that do too, and the paths.

    `missing` are the folders of the run, each with its paths, that no entry of this key filled.
    """

    key: str
    older: str | None
    paths: Mapping[Path, tuple[str, ...]]
    missing: tuple[Path, ...] = ()

    @property
    def metrics(self) -> dict[str, JsonValue]:
        """What is shown of it."""
        return {"key": self.key, "hit": not self.missing}


class JobCaches:
    """The caches of jobs; what is put back belongs to the user of the sandbox."""

    def __init__(self, cache: Cache, sandbox: Sandbox) -> None:
        self._cache = cache
        self._sandbox = sandbox

    async def restore(self, attempt: Attempt, log: MaskedLog) -> CacheUse | None:
        """Put back what the job has cached; None when it caches nothing, or nothing can be."""
        if attempt.job.job.cache is None:
            return None
        try:
            use = await anyio.to_thread.run_sync(_planned, attempt)
            missing = [one for one in use.paths if not await self._restored(attempt, use, one)]
        except (GitOpsError, OSError) as error:
            log.note(f"No cache: {error}")
            return None
        log.note(f"Cache {'miss' if missing else 'hit'}: {use.key}")
        return CacheUse(use.key, use.older, use.paths, tuple(missing))

    async def save(self, attempt: Attempt, use: CacheUse, log: MaskedLog) -> None:
        """Keep the paths of a job that succeeded, unless an entry of the same key was there."""
        if use.missing and attempt.event.is_from_fork:
            log.note("Nothing is cached for pull requests from other repositories.")
            return
        for folder in use.missing:
            paths = use.paths[folder]
            key = _stored_key(attempt, use.key, folder, paths)
            try:
                entry = await self._cache.save(attempt.repository_id, key, folder, paths)
            except (GitOpsError, OSError) as error:
                log.note(f"Not cached: {error}")
            else:
                log.note(f"Cached {', '.join(paths)} ({entry.size} bytes): {use.key}")

    async def _restored(self, attempt: Attempt, use: CacheUse, folder: Path) -> bool:
        names = [use.key] if use.older is None else [use.key, use.older]
        keys = [_stored_key(attempt, name, folder, use.paths[folder]) for name in names]
        found: CacheEntry | None = await self._cache.restore(
            attempt.repository_id, keys, folder, self._sandbox.user
        )
        return found is not None and found.key == keys[0]


def _stored_key(attempt: Attempt, key: str, folder: Path, paths: tuple[str, ...]) -> str:
    # An entry of other paths is no answer, however its key is called.
    place = "checkout" if folder == attempt.workspace.checkout else "home"
    digest = hashlib.sha256("\0".join(sorted(paths)).encode()).hexdigest()[:16]
    return f"{place}-{digest}-{key}"


def _planned(attempt: Attempt) -> CacheUse:
    cache = attempt.job.job.cache
    paths = cache.paths if cache else ()
    own = tuple(path.removeprefix("~/") for path in paths if path.startswith("~/"))
    shared = tuple(path for path in paths if not path.startswith("~/"))
    folders = {attempt.workspace.checkout: shared, attempt.workspace.home: own}
    used = {folder: listed for folder, listed in folders.items() if listed}
    if cache is not None and cache.key is not None:
        return CacheUse(_explicit_key(attempt, cache.key), None, used)
    return _default_use(attempt, used)


def _explicit_key(attempt: Attempt, template: str) -> str:
    names = {
        "branch": attempt.event.branch,
        "base_branch": attempt.event.base_branch,
        "job": attempt.job.job.name,
        "os": platform.system().lower(),
        "arch": platform.machine(),
        **{f"matrix.{axis}": value for axis, value in attempt.job.matrix.items()},
    }
    key = render_key(template, names, lambda path: _checksum(attempt.workspace.checkout, path))
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise InvalidRequest(
            f"The cache key has {len(key)} characters.",
            hint=f"A key has 1 to {MAX_KEY_LENGTH}; use a checksum for what is long.",
        )
    return key


def _default_use(attempt: Attempt, paths: Mapping[Path, tuple[str, ...]]) -> CacheUse:
    """One cache for each job and content of its lock files; without any, for each commit.

    A new commit then begins with what the newest one left.
    """
    machine = f"{platform.system().lower()}-{platform.machine()}"
    start = f"{attempt.job.id}-{machine}-"
    locked = list(_lock_checksums(attempt))
    if not locked:
        return CacheUse(f"{start}{attempt.workspace.commit}", start, paths)
    digest = hashlib.sha256("\n".join(locked).encode()).hexdigest()
    return CacheUse(f"{start}{digest}", None, paths)


def _lock_checksums(attempt: Attempt) -> Iterator[str]:
    """The lock files of the repository's root, of the job's folder and beside what is cached."""
    job, checkout = attempt.job.job, attempt.workspace.checkout
    cached = job.cache.paths if job.cache else ()
    beside = {str(Path(path).parent) for path in cached if not path.startswith("~/")}
    for folder in sorted({".", str(Path(job.working_directory or ".")), *beside}):
        for name in LOCK_FILES:
            path = str(Path(folder) / name)
            try:
                yield f"{path} {_checksum(checkout, path)}"
            except NotFound:
                continue


def _checksum(checkout: Path, path: str) -> str:
    content = read_left(checkout, path, max_bytes=MAX_LOCK_BYTES)
    return hashlib.sha256(content).hexdigest()
