"""The engine: claims a run, goes on where its journal ends, and carries it out."""

from datetime import UTC, datetime
from typing import Final

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from gitops_auditor.errors import GitOpsError, Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.course import Course
from gitops_auditor.pipelines.engine.helpers import kill
from gitops_auditor.pipelines.engine.host import this_host
from gitops_auditor.pipelines.engine.inbox import Inbox
from gitops_auditor.pipelines.engine.options import EngineParts
from gitops_auditor.pipelines.engine.record import Claim, Fenced, LoadedRun
from gitops_auditor.pipelines.engine.stopping import hand_over, stop
from gitops_auditor.pipelines.states import RunStatus

LAPSE_SECONDS: Final = 2.0
"""How long jobs have, beyond their grace, to be gone before another process may repeat them."""

_log = get_logger("pipelines")


class RunEngine:
    """Carries out runs of this process. Several processes may share a database."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._open: dict[str, Course | None] = {}

    @property
    def open_runs(self) -> frozenset[str]:
        """The runs that this process carries out now."""
        return frozenset(self._open)

    @property
    def busy(self) -> int:
        """How many of them do more than wait for somebody's approval."""
        return sum(course is None or not course.is_waiting for course in self._open.values())

    async def run(self, run_id: str) -> RunStatus | None:
        """Carry a run out to its end and return its status.

        None when it is not to be carried out here and now: it is over or unknown, its concurrency
        group is busy, or another process that lives has it or took it. Told to stop (cancelled),
        it hands the run over: what runs is ended, and the next process repeats it. Raises
        Unavailable when the database could not be used for long; then the run can be claimed again.
        """
        if run_id in self._open:
            return None
        await checkpoint_if_cancelled()
        self._open[run_id] = None
        try:
            # What is claimed is either carried out or handed over: nothing may come between.
            with anyio.CancelScope(shield=True):
                claim = await self._claim(run_id)
            return None if claim is None else await self._carry_out(claim)
        except Fenced as lost:
            _log.warning("a run was lost to another process", run=run_id, reason=lost.message)
            return None
        finally:
            del self._open[run_id]

    def is_waiting(self, run_id: str) -> bool:
        """Whether the run is open here and does nothing but wait for somebody's approval."""
        course = self._open.get(run_id)
        return course is not None and course.is_waiting

    def let_go(self) -> None:
        """End all that runs here, at once, without the journal: others may take the runs soon.

        They can be carried out here again when this process is certain to be seen alive.
        """
        for run_id, course in self._open.items():
            if course is not None:
                course.let_go(
                    Fenced(
                        f"No sign of life was written for {run_id}.", hint="Look at the database."
                    )
                )

    async def remove_leftovers(self) -> None:
        """Take away folders of runs that are over: those whose processes did not live to do it, and
        those of failed runs once their time is up.
        """
        parts = self._parts
        kept_since = datetime.now(UTC) - parts.failed_kept
        try:
            await parts.workspaces.remove_leftovers(
                lambda found: parts.journal.over(found, kept_since)
            )
        except GitOpsError as error:
            _log.warning("the folders of some runs stay", reason=error.message)

    async def _claim(self, run_id: str) -> Claim | None:
        parts = self._parts
        found = await parts.journal.owner(run_id)
        if found is None:
            return None
        is_ours = found.owner in (None, parts.process.id)
        if found.owner is not None and not is_ours and await parts.process.alive(found.owner):
            return None
        if not parts.process.is_certain(parts.grace_seconds + LAPSE_SECONDS):
            return None
        parts.fault("claim.before")
        claim = await parts.journal.claim(run_id, parts.process.id, found.owner)
        parts.fault("claim.after")
        if claim is not None and not is_ours:
            _log.warning("a run was taken over", run=run_id, owner=found.owner)
        return claim

    async def _carry_out(self, claim: Claim) -> RunStatus:
        parts, seen = self._parts, self._parts.journal.version
        try:
            with anyio.CancelScope(shield=True):
                run = await parts.journal.load(claim)
                await self._kill_leftovers(run)
            return await self._follow(run, seen)
        except (Fenced, Unavailable):
            raise
        except GitOpsError as error:
            return await self._fail(claim, error.message)
        except Exception as error:  # noqa: BLE001 - or the run was claimed again for ever
            _log.error("a run failed by an internal fault", run=claim.run_id, exc_info=error)
            reason = f"An internal fault ended it ({type(error).__name__}); see the log."
            return await self._fail(claim, reason)

    async def _kill_leftovers(self, run: LoadedRun) -> None:
        """Kill what dead processes left running of the run on this machine."""
        self._parts.fault("recovery.before")
        for attempt in run.attempts:
            if attempt.host == this_host() and attempt.job not in run.memory.asked:
                await kill(attempt.cookie)
        self._parts.fault("recovery.after")

    async def _follow(self, run: LoadedRun, seen: int) -> RunStatus:
        inbox = Inbox()
        with self._parts.slots.share(inbox.wake) as share:
            course = Course(run, self._parts, share, inbox)
            self._open[run.identity.id] = course
            try:
                course.begin(seen)
                return await course.drive()
            except anyio.get_cancelled_exc_class():
                with anyio.CancelScope(shield=True):
                    await hand_over(course)
                raise
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await stop(course)
                raise
            finally:
                await course.helpers.end()

    async def _fail(self, claim: Claim, reason: str) -> RunStatus:
        with anyio.CancelScope(shield=True):
            self._parts.fault("commit.before")
            await self._parts.journal.fail(claim, reason)
            self._parts.fault("commit.after")
            if not self._parts.failed_kept:
                await self._parts.workspaces.remove(claim.run_id)
        return "failed"
