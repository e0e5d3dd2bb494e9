from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import select

from gitops_auditor.errors import Forbidden, Unavailable
from gitops_auditor.pipelines.starting.ports import ScheduledPipeline
from gitops_auditor.pipelines.starting.schedules import OPERATION, SETTLED_AFTER, ScheduleRunner
from gitops_auditor.pipelines.trigger_models import Schedule
from gitops_auditor.storage.pipeline_tables import schedule_ticks
from tests.pipelines.starting.conftest import (
    LONG_AGO,
    Node,
    OpenNode,
    Starter,
    add_pipeline,
    outcomes,
    refusal,
)

HOURLY = Schedule(cron="0 * * * *")
SECONDS = 20.0


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def planned(*schedules: Schedule, since: datetime = LONG_AGO) -> list[ScheduledPipeline]:
    return [ScheduledPipeline("p", "acme/tool", schedules, since)]


def times(starter: Starter) -> list[str]:
    """The times for which something was started, as the keys name them."""
    return [key[-25:-9] for key in starter.fired]


@pytest.fixture
async def runner(node: Node, starter: Starter) -> ScheduleRunner:
    await add_pipeline(node.database)
    starter.planned = planned(HOURLY, since=at(1, 0, 30))
    return ScheduleRunner(node.database, node.audit, starter)


async def test_a_time_that_comes_starts_one_run_and_the_next_one_is_told(
    node: Node, starter: Starter, runner: ScheduleRunner
) -> None:
    assert await runner.look(at(1, 0, 59)) == at(1, 1)
    assert starter.fired == {}
    assert await runner.look(at(1, 1)) == at(1, 2)
    assert await runner.look(at(1, 1, 1)) == at(1, 2)
    assert times(starter) == ["2026-06-01T01:00"]
    (event,) = starter.events
    assert (event.type, event.cron, event.branch) == ("schedule", "0 * * * *", "")
    assert await outcomes(node.audit, OPERATION) == ["success"]


async def test_the_run_is_kept_with_its_time(
    node: Node, starter: Starter, runner: ScheduleRunner
) -> None:
    await runner.look(at(1, 1))
    async with node.database.read() as connection:
        row = (await connection.execute(select(schedule_ticks))).one()
    assert (row.pipeline_id, row.due_at, row.run_id) == ("p", at(1, 1), "run-0")


async def test_times_before_the_schedule_came_to_be_are_not_meant(
    starter: Starter, runner: ScheduleRunner
) -> None:
    starter.planned = planned(HOURLY, since=at(1, 1, 1))
    await runner.look(at(1, 1, 30))
    assert starter.fired == {}


async def test_a_pipeline_that_was_removed_is_forgotten(
    starter: Starter, runner: ScheduleRunner
) -> None:
    await runner.look(at(1, 0, 59))
    starter.planned = []
    assert await runner.look(at(1, 1)) is None
    assert starter.fired == {}


async def test_of_times_missed_within_the_hour_the_newest_starts_one_run(
    starter: Starter, runner: ScheduleRunner
) -> None:
    starter.planned = planned(Schedule(cron="*/10 * * * *"), since=at(1, 0))
    await runner.look(at(1, 1))
    await runner.look(at(1, 1, 45))
    assert times(starter) == ["2026-06-01T01:00", "2026-06-01T01:40"]


async def test_a_time_missed_by_more_than_an_hour_is_skipped_and_logged_once(
    starter: Starter, runner: ScheduleRunner, capsys: pytest.CaptureFixture[str]
) -> None:
    starter.planned = planned(Schedule(cron="0 3 * * *"), since=at(1, 0))
    await runner.look(at(1, 2, 59))
    assert await runner.look(at(1, 4, 1)) == at(2, 3)
    await runner.look(at(1, 4, 2))
    assert starter.fired == {}
    assert capsys.readouterr().err.count("missed times are skipped") == 1


async def test_a_clock_that_is_set_back_starts_nothing_twice_and_does_not_stop_schedules(
    starter: Starter, runner: ScheduleRunner
) -> None:
    starter.planned = planned(Schedule(cron="0 1 * * *"), since=at(1, 0, 30))
    await runner.look(at(9, 1))
    await runner.look(at(2, 0, 59))
    await runner.look(at(2, 1))
    await runner.look(at(9, 0, 59))
    await runner.look(at(9, 1))
    assert times(starter) == ["2026-06-09T01:00", "2026-06-02T01:00"]


async def test_a_restarted_process_goes_on_where_the_last_one_was(
    node: Node, starter: Starter, runner: ScheduleRunner
) -> None:
    await runner.look(at(1, 1))
    again = ScheduleRunner(node.database, node.audit, starter)
    await again.look(at(1, 1, 30))
    await again.look(at(1, 2, 5))
    assert times(starter) == ["2026-06-01T01:00", "2026-06-01T02:00"]


async def test_in_the_night_when_the_clock_leaps_the_time_comes_once(
    starter: Starter, runner: ScheduleRunner
) -> None:
    nightly = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    starter.planned = planned(nightly, since=at(28, 12, month=3))
    for minutes in range(0, 24 * 60, 10):
        await runner.look(at(28, 12, month=3) + timedelta(minutes=minutes))
    assert times(starter) == ["2026-03-29T01:00"]


async def test_in_the_night_when_the_clock_repeats_an_hour_the_time_comes_once(
    starter: Starter, runner: ScheduleRunner
) -> None:
    nightly = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    starter.planned = planned(nightly, since=at(24, 12, month=10))
    for minutes in range(0, 24 * 60, 10):
        await runner.look(at(24, 12, month=10) + timedelta(minutes=minutes))
    assert times(starter) == ["2026-10-25T00:30"]


async def test_a_schedule_made_in_the_repeated_hour_does_not_fire_for_its_first_pass(
    starter: Starter, runner: ScheduleRunner
) -> None:
    nightly = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    starter.planned = planned(nightly, since=at(25, 1, month=10))
    assert await runner.look(at(25, 1, 20, month=10)) == at(26, 1, 30, month=10)
    assert starter.fired == {}


async def test_schedules_of_one_pipeline_are_told_apart(
    starter: Starter, runner: ScheduleRunner
) -> None:
    starter.planned = planned(
        HOURLY,
        Schedule(cron="0 * * * *", branch="develop"),
        Schedule(cron="0 * * * *", timezone="Europe/Berlin"),
        since=at(1, 0, 30),
    )
    await runner.look(at(1, 1))
    assert [event.branch for event in starter.events] == ["", "develop", ""]


@pytest.mark.parametrize("failure", [refusal(Unavailable), RuntimeError("killed here")])
async def test_a_time_whose_run_could_not_be_started_is_taken_up_later(
    starter: Starter, runner: ScheduleRunner, failure: Exception
) -> None:
    starter.failures = [failure]
    try:
        await runner.look(at(1, 1))
    except RuntimeError:
        assert isinstance(failure, RuntimeError)
    await runner.look(at(1, 1) + SETTLED_AFTER)
    assert starter.fired == {}, "who claimed it may still be at it"
    await runner.look(at(1, 1) + SETTLED_AFTER + timedelta(seconds=1))
    await runner.look(at(1, 1) + SETTLED_AFTER + timedelta(seconds=2))
    assert times(starter) == ["2026-06-01T01:00"]
    assert len(starter.calls) == 2


async def test_a_time_whose_run_is_refused_is_settled(
    starter: Starter, runner: ScheduleRunner
) -> None:
    starter.failures = [refusal(Forbidden)]
    await runner.look(at(1, 1))
    await runner.look(at(1, 1, 30))
    assert len(starter.calls) == 1


async def test_two_processes_start_one_run_for_each_time(
    node: Node, open_node: OpenNode, starter: Starter, runner: ScheduleRunner
) -> None:
    async with open_node() as other:
        theirs = ScheduleRunner(other.database, other.audit, starter)
        for hour in range(1, 11):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(runner.look, at(1, hour))
                tasks.start_soon(theirs.look, at(1, hour))
    assert len(starter.calls) == 10
    assert await outcomes(node.audit, OPERATION) == ["success"] * 10


async def test_what_is_due_now_is_started_without_being_asked(
    node: Node, starter: Starter, runner: ScheduleRunner
) -> None:
    starter.planned = planned(
        Schedule(cron="* * * * *"), since=datetime.now(UTC) - timedelta(minutes=5)
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(runner.run)
        with anyio.fail_after(SECONDS):
            while not starter.fired:
                await node.database.changes.wait(node.database.changes.version, 1.0)
        tasks.cancel_scope.cancel()
