"""Runs by the clock: each time that comes starts one run, however many processes watch it."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from gitops_auditor.audit import Audit
from gitops_auditor.errors import GitOpsError, TimedOut, Unavailable
from gitops_auditor.identity import SYSTEM
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.cron import next_time
from gitops_auditor.pipelines.starting.ports import RunStarter, ScheduledPipeline
from gitops_auditor.pipelines.starting.turns import take_turns
from gitops_auditor.pipelines.store import triggers as store
from gitops_auditor.pipelines.store.triggers import Tick
from gitops_auditor.pipelines.trigger_models import Event, Schedule
from gitops_auditor.storage.database import Database

OPERATION: Final = "run_schedule"
LATEST: Final = timedelta(hours=1)
"""A time that was missed, as during a suspend, still counts when it is not longer ago."""
LONGEST_WAIT: Final = 20.0
"""Seconds: the clock may jump meanwhile, and pipelines may get schedules."""
SETTLED_AFTER: Final = timedelta(minutes=2)
"""Who claimed a time has said by then what it started, or has died."""

_log = get_logger("triggers")


class _Planned(NamedTuple):
    pipeline: ScheduledPipeline
    schedule: Schedule

    @property
    def name(self) -> str:
        """Tells the schedules of one pipeline apart."""
        branch = f" {self.schedule.branch}" if self.schedule.branch else ""
        return f"{self.schedule.cron} {self.schedule.timezone}{branch}"


class ScheduleRunner:
    """Fires what is due. Of several times that were missed only the newest counts."""

    def __init__(self, database: Database, audit: Audit, starter: RunStarter) -> None:
        self._database = database
        self._audit = audit
        self._starter = starter
        self._looked: dict[tuple[str, str], datetime] = {}

    async def run(self) -> None:
        """Fire schedules as their times come until cancelled."""
        await take_turns("schedules", self._turn)

    async def look(self, now: datetime) -> datetime | None:
        """Fire what is due at `now`; returns the time that comes next."""
        planned = [
            _Planned(pipeline, schedule)
            for pipeline in await self._starter.scheduled()
            for schedule in pipeline.schedules
        ]
        await self._take_up(planned, now)
        coming = [found for one in planned if (found := await self._look_at(one, now))]
        keys = {(one.pipeline.pipeline_id, one.name) for one in planned}
        self._looked = {key: since for key, since in self._looked.items() if key in keys}
        return min(coming, default=None)

    async def _turn(self) -> float:
        now = datetime.now(UTC)
        following = await self.look(now)
        if following is None:
            return LONGEST_WAIT
        left = (following - datetime.now(UTC)).total_seconds()
        return min(max(left, 0.0), LONGEST_WAIT)

    async def _look_at(self, planned: _Planned, now: datetime) -> datetime | None:
        since = await self._since(planned, now)
        try:
            missed, due, following = _times(planned.schedule, since, now)
        except ValueError as error:
            # A zone may vanish from the system after the definition was checked.
            await _log.awarning("schedule cannot be read", reason=str(error), cron=planned.name)
            return None
        if missed is not None:
            await _log.awarning(
                "missed times are skipped",
                pipeline=planned.pipeline.pipeline_id,
                cron=planned.name,
                first=missed.isoformat(),
            )
        if due is not None:
            await self._claim(planned, due)
        self._looked[planned.pipeline.pipeline_id, planned.name] = now
        return following

    async def _since(self, planned: _Planned, now: datetime) -> datetime:
        """The time up to which nothing is due any more; never ahead of the clock."""
        key = planned.pipeline.pipeline_id, planned.name
        known = self._looked.get(key)
        if known is None:
            async with self._database.read() as connection:
                known = await store.last_tick(connection, *key)
        return min(max(known or planned.pipeline.since, planned.pipeline.since), now)

    async def _claim(self, planned: _Planned, due: datetime) -> None:
        tick = Tick(planned.pipeline.pipeline_id, planned.name, due)
        # What a power cut takes back is done again, under the same key.
        async with self._database.write(durable=False) as transaction:
            claimed = await store.claim_tick(transaction, tick)
        if claimed:
            await self._fire(planned, tick)

    async def _take_up(self, planned: list[_Planned], now: datetime) -> None:
        """Fire what a process claimed and then died with; the key keeps it from starting twice."""
        async with self._database.read() as connection:
            left = await store.unsettled_ticks(connection, now - LATEST, now - SETTLED_AFTER)
        by_key = {(one.pipeline.pipeline_id, one.name): one for one in planned}
        for tick in sorted(left):
            found = by_key.get((tick.pipeline_id, tick.schedule))
            if found is not None:
                await self._fire(found, tick)

    async def _fire(self, planned: _Planned, tick: Tick) -> None:
        schedule, pipeline_id = planned.schedule, tick.pipeline_id
        event = Event(type="schedule", cron=schedule.cron, branch=schedule.branch or "")
        key = f"schedule:{tick.schedule}:{tick.due_at.isoformat()}"
        facts = {"pipeline_id": pipeline_id, "cron": tick.schedule, "due": tick.due_at.isoformat()}
        run_id = None
        try:
            async with self._audit.operation(SYSTEM.name, OPERATION, facts):
                run_id = await self._starter.fire_schedule(pipeline_id, event, SYSTEM.name, key)
        except (Unavailable, TimedOut) as failure:
            await _log.awarning("schedule is put off", reason=failure.message, **facts)
            return
        except GitOpsError as failure:
            await _log.awarning("schedule started nothing", reason=str(failure), **facts)
        async with self._database.write(durable=False) as transaction:
            await store.settle_tick(transaction, tick, run_id or "")


def _times(
    schedule: Schedule, since: datetime, now: datetime
) -> tuple[datetime | None, datetime | None, datetime]:
    """The first time after `since` that is too long ago, the newest one that is due, the next."""
    oldest = now - LATEST
    first = _next(schedule, since)
    missed = first if first < oldest else None
    due, following = None, _next(schedule, max(since, oldest))
    while following <= now:
        due, following = following, _next(schedule, following)
    return missed, due, following


def _next(schedule: Schedule, after: datetime) -> datetime:
    return next_time(schedule.cron, schedule.timezone, after)
