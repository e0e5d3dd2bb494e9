"""The folders of runs: a disposable checkout and a home, made once and removed at the end."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, Refused, Unavailable
from gitops_auditor.execution.job_user import hand_over, require_reachable, resolve_job_user
from gitops_auditor.execution.removal import remove_tree
from gitops_auditor.pipelines.handlers import Workspace
from gitops_auditor.repositories.checkouts import Checkout
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.work import Process

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_READY = "ready.json"
_FALLBACK = Path("/var/tmp")  # noqa: S108 - what is below it is checked for its owner


class RunWorkspaces:
    """Makes and removes the folders of runs below one base folder.

    A run's folder belongs to the platform and its `checkout` and `home` to the job user, so no job
    can put another folder in their place. What a job leaves in them is never given to git.
    """

    def __init__(self, repositories: RepositoryRegistry, settings: Settings) -> None:
        self._repositories = repositories
        self._checkouts = repositories.checkouts
        self._settings = settings

    @cached_property
    def _user(self) -> tuple[int, int] | None:
        return resolve_job_user(self._settings.job_user)

    async def open(
        self,
        run_id: str,
        repository_id: str,
        commit_sha: str,
        index: Path | None = None,
        *,
        history: bool = True,
    ) -> Workspace:
        """The folders of a run, made when they are not there.

        `commit_sha` may be WORKTREE or STAGED; see `Checkouts.make` about both, and about `index`
        and `history`.
        Safe to repeat: complete folders are kept as the jobs left them, half-made ones are made
        anew. Raises NotFound for the repository or the commit, Unavailable, Refused, TooLarge.
        """
        folder = await self._folder(run_id)
        made = await anyio.to_thread.run_sync(_read_ready, folder)
        if made is None:
            made = await self._make(folder, repository_id, commit_sha, index, history=history)
        return Workspace(folder / "checkout", folder / "home", made.commit, made.tree)

    async def notes(self, run_id: str) -> tuple[str, ...]:
        """What the jobs of an opened run may miss in its checkout, a sentence each."""
        folder = await self._folder(run_id)
        made = await anyio.to_thread.run_sync(_read_ready, folder)
        return made.notes if made is not None else ()

    async def remove(self, run_id: str) -> None:
        """Take the folders away; it does nothing when there are none. Raises Unavailable."""
        folder = await self._folder(run_id)
        await anyio.to_thread.run_sync(_remove, folder)

    async def adopt(self, from_run: str, to_run: str) -> bool:
        """Let a run that is to start go on in the folders of one that is over, if they are here."""
        old, new = await self._folder(from_run), await self._folder(to_run)
        return await anyio.to_thread.run_sync(_adopt, old, new)

    async def remove_leftovers(
        self, over: Callable[[Sequence[str]], Awaitable[Collection[str]]]
    ) -> list[str]:
        """Remove the folders of runs that are over, and return the ids of those runs.

        `over` gets the ids of all runs that have folders and answers with those that are over; it
        is asked after the look at the folders, so a run that starts meanwhile keeps its own.
        """
        base = await self._base()
        found = await anyio.to_thread.run_sync(_runs_in, base)
        removed = sorted(set(await over(found)).intersection(found)) if found else []
        for run_id in removed:
            await anyio.to_thread.run_sync(_remove, base / run_id)
        return removed

    async def _make(
        self,
        folder: Path,
        repository_id: str,
        commit_sha: str,
        index: Path | None,
        *,
        history: bool,
    ) -> Checkout:
        repository = await self._repositories.get(repository_id)
        await anyio.to_thread.run_sync(_make_passable, folder.parent)
        # Looked at again, since what was not there a moment ago may be somebody else's now.
        await self._base()
        await anyio.to_thread.run_sync(_start, folder)
        room = self._settings.job_disk_bytes
        checkout = folder / "checkout"
        try:
            made = await self._checkouts.make(
                repository, commit_sha, checkout, max_bytes=room, index=index, history=history
            )
            await anyio.to_thread.run_sync(_finish, folder, made, self._user)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_remove, folder)
            raise
        return made

    async def _folder(self, run_id: str) -> Path:
        if _RUN_ID.fullmatch(run_id) is None:
            raise InvalidRequest(f"{run_id[:80]!r} is not the id of a run.", hint="List the runs.")
        return await self._base() / run_id

    async def _base(self) -> Path:
        return await anyio.to_thread.run_sync(workspaces_folder, self._settings, self._user)


async def remove_left_by_the_dead(workspaces: RunWorkspaces, process: Process) -> None:
    """Remove the folders of dead processes, where each is called after who made it: `id-number`."""

    async def of_the_dead(names: Sequence[str]) -> Collection[str]:
        owners = {name: name.rpartition("-")[0] for name in names}
        alive = {owner: await process.alive(owner) for owner in set(owners.values())}
        return [name for name, owner in owners.items() if not alive[owner]]

    await workspaces.remove_leftovers(of_the_dead)


def workspaces_folder(settings: Settings, user: tuple[int, int] | None) -> Path:
    """The folder that runs have their folders in, which need not be there yet; it blocks.

    That is PIPELINE_WORKSPACES; else a folder in the data folder when the job user can get there;
    else one below /var/tmp. Raises Refused for one that jobs cannot reach or that is not ours.
    """
    if settings.workspaces is not None:
        _require_reachable(settings.workspaces, user)
        return settings.workspaces
    chosen = settings.data_dir / "workspaces"
    try:
        _require_reachable(chosen, user)
    except Refused:
        digest = hashlib.sha256(os.fsencode(settings.data_dir.absolute())).hexdigest()[:16]
        chosen = _FALLBACK / f"gitops-auditor-{digest}"
    if os.path.lexists(chosen):
        _require_own(chosen)
    return chosen


def _require_reachable(folder: Path, user: tuple[int, int] | None) -> None:
    """What is not there yet counts as reachable: we make it so."""
    if user is None:
        return
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    require_reachable(folder / "run", user)


def _make_passable(folder: Path) -> None:
    """Anybody may pass through to a name that is known, and only the platform may list or write."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
    except OSError as error:
        if not folder.is_dir():
            raise _unwritable(folder, error) from None


def _require_own(folder: Path) -> None:
    status = folder.lstat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or shared:
        raise Refused(
            f"{folder} is not a folder that only this user may write into.",
            hint="Remove it, or name another folder with PIPELINE_WORKSPACES.",
        )


def _start(folder: Path) -> None:
    _remove(folder)
    try:
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
        for inner in ("checkout", "home"):
            (folder / inner).mkdir(mode=0o700)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _finish(folder: Path, made: Checkout, user: tuple[int, int] | None) -> None:
    """Hand the folders over; they count as complete from the moment that the file is there."""
    for inner in ("checkout", "home"):
        hand_over(folder / inner, user)
    try:
        scratch = folder / f"{_READY}.new"
        scratch.write_text(json.dumps(made._asdict()), encoding="utf-8")
        scratch.rename(folder / _READY)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _adopt(old: Path, new: Path) -> bool:
    if _read_ready(old) is None:
        return False
    try:
        old.rename(new)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unwritable(new, error) from None
    return True


def _read_ready(folder: Path) -> Checkout | None:
    try:
        made = json.loads((folder / _READY).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unwritable(folder, error) from None
    # Folders of unfinished runs may be older than the tree in it.
    return Checkout(made["commit"], made.get("tree", ""), tuple(made["notes"]))


def _remove(folder: Path) -> None:
    # First, so that what is left of an interrupted removal does not count as complete.
    (folder / _READY).unlink(missing_ok=True)
    remove_tree(folder)


def _runs_in(base: Path) -> list[str]:
    try:
        with os.scandir(base) as entries:
            names = [item.name for item in entries if item.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return sorted(name for name in names if _RUN_ID.fullmatch(name))


def _unwritable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"The folders of a run cannot be made in {folder}: {error.strerror}.",
        hint="Check the free space and who may write there.",
    )
