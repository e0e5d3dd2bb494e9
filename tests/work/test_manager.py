import asyncio
import logging
import sys
from pathlib import Path

import anyio
import pytest
from pydantic import JsonValue

from gitops_auditor.errors import Conflict, NotFound, TimedOut, Unavailable
from gitops_auditor.events import Event, EventLog
from gitops_auditor.identity import LOCAL
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process, WorkManager, WorkProgress, WorkRecord, open_process
from gitops_auditor.work import manager as manager_module
from gitops_auditor.work.outcome import MAX_RESULT_BYTES
from tests.factories.databases import migrated_sqlite
from tests.work.conftest import OpenManager

Result = dict[str, JsonValue]

VICTIM = """
import asyncio, sys
from pathlib import Path
from gitops_auditor.events import EventLog
from gitops_auditor.identity import LOCAL
from gitops_auditor.storage.database import Database
from gitops_auditor.work import WorkManager, open_process

async def main(url, folder):
    async with (
        Database.open(url) as database,
        open_process(database, folder) as process,
        WorkManager(database, EventLog(database), process).open() as manager,
    ):
        async def run(progress):
            await progress(1, 2, "half")
            await asyncio.sleep(600)
        record = await manager.start("scan", LOCAL, run)
        while (await manager.get(record.id)).message != "half":
            await database.changes.wait(database.changes.version, 1)
        print(record.id, flush=True)
        await asyncio.sleep(600)

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


async def nothing(progress: WorkProgress) -> Result:
    return {}


async def forever(progress: WorkProgress) -> Result:
    await anyio.sleep_forever()
    return {}


async def raising(error: Exception) -> Result:
    raise error


async def finished(manager: WorkManager, work_id: str) -> WorkRecord:
    record = await manager.wait(work_id, 20)
    assert record.finished
    return record


async def running(manager: WorkManager, database: Database, work_id: str) -> None:
    with anyio.fail_after(10):
        seen = database.changes.version
        while (await manager.get(work_id)).status != "running":
            seen = await database.changes.wait(seen, 1)


async def test_work_is_known_at_once_and_ends_with_its_result(manager: WorkManager) -> None:
    go = anyio.Event()

    async def run(progress: WorkProgress) -> Result:
        await go.wait()
        return {"answer": [1, "two"]}

    started = await manager.start("scan", LOCAL, run)
    assert (started.status, started.operation, started.principal) == ("pending", "scan", "local")
    assert not (await manager.wait(started.id, 0.05)).finished
    go.set()
    record = await finished(manager, started.id)
    assert (record.status, record.result, record.error) == ("success", {"answer": [1, "two"]}, None)
    assert record.started_at is not None
    assert record.completed_at is not None
    assert record.created_at <= record.started_at <= record.completed_at


async def test_each_change_of_state_is_an_event(manager: WorkManager, events: EventLog) -> None:
    record = await manager.start("scan", LOCAL, nothing)
    await finished(manager, record.id)
    page = await events.read(0, 10, ["operations"])
    assert [event.name for event in page.events] == ["work.pending", "work.running", "work.success"]
    assert {event.data["id"] for event in page.events} == {record.id}


async def test_the_last_progress_is_kept_and_few_reports_are_written(
    manager: WorkManager, events: EventLog
) -> None:
    async def run(progress: WorkProgress) -> Result:
        for number in range(1000):
            await progress(number, 1000, f"repository {number}\0")
        return {}

    record = await finished(manager, (await manager.start("scan", LOCAL, run)).id)
    assert (record.done, record.total, record.message) == (999, 1000, "repository 999")
    written = [event for event in (await events.read(0, 500)).events if "progress" in event.name]
    assert 1 <= len(written) < 20


async def test_progress_is_seen_while_the_work_runs(manager: WorkManager, events: EventLog) -> None:
    async def run(progress: WorkProgress) -> Result:
        await progress(1, None, "one")
        return await forever(progress)

    record = await manager.start("scan", LOCAL, run)
    with anyio.fail_after(10):
        async for event in events.follow(0):
            if isinstance(event, Event) and event.name == "work.progress":
                break
    assert (await manager.get(record.id)).message == "one"


async def test_an_expected_failure_says_what_to_do(manager: WorkManager) -> None:
    error = Conflict("It is taken.", hint="Take another.", details={"name": "x"})
    started = await manager.start("scan", LOCAL, lambda _: raising(error))
    record = await finished(manager, started.id)
    assert (record.status, record.failure_kind) == ("failed", "failed")
    assert record.error is not None
    assert (record.error.code, record.error.message) == ("conflict", "It is taken.")
    assert (record.error.hint, record.error.details) == ("Take another.", {"name": "x"})


async def test_an_expected_failure_inside_a_task_group_is_told_as_well(
    manager: WorkManager,
) -> None:
    async def run(progress: WorkProgress) -> Result:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(raising, NotFound("Not there.", hint="Look elsewhere."))
        return {}

    record = await finished(manager, (await manager.start("scan", LOCAL, run)).id)
    assert record.error is not None
    assert record.error.code == "not_found"


async def test_a_timeout_is_a_kind_of_its_own(manager: WorkManager) -> None:
    error = TimedOut("Too slow.", hint="Wait longer.")
    started = await manager.start("scan", LOCAL, lambda _: raising(error))
    assert (await finished(manager, started.id)).failure_kind == "timeout"


async def test_an_internal_fault_tells_nothing_but_a_request_id(
    manager: WorkManager, capsys: pytest.CaptureFixture[str]
) -> None:
    started = await manager.start("scan", LOCAL, lambda _: raising(ValueError("s3cret")))
    record = await finished(manager, started.id)
    assert (record.status, record.failure_kind) == ("failed", "errored")
    assert record.error is not None
    assert record.error.request_id
    assert "s3cret" not in record.model_dump_json()
    captured = capsys.readouterr()
    assert record.error.request_id in captured.err + captured.out


@pytest.mark.parametrize(
    "value", [float("nan"), object(), "x" * MAX_RESULT_BYTES], ids=["nan", "object", "large"]
)
async def test_a_result_that_cannot_be_kept_is_a_failure(
    manager: WorkManager, value: object
) -> None:
    async def run(progress: WorkProgress) -> Result:
        return {"value": value}  # type: ignore[dict-item]

    record = await finished(manager, (await manager.start("scan", LOCAL, run)).id)
    assert record.status == "failed"
    assert record.result is None


async def test_a_result_that_the_database_refuses_does_not_stay_running(
    manager: WorkManager, database: Database
) -> None:
    async def run(progress: WorkProgress) -> Result:
        return {"value": "\0"}

    record = await finished(manager, (await manager.start("scan", LOCAL, run)).id)
    assert record.status == ("failed" if database.dialect == "postgresql" else "success")


async def test_cancelling_ends_running_work(manager: WorkManager, database: Database) -> None:
    cleaned = anyio.Event()

    async def run(progress: WorkProgress) -> Result:
        try:
            return await forever(progress)
        finally:
            cleaned.set()

    record = await manager.start("scan", LOCAL, run)
    await running(manager, database, record.id)
    assert (await manager.cancel(record.id)).cancel_requested
    ended = await finished(manager, record.id)
    assert (ended.status, ended.failure_kind) == ("cancelled", None)
    assert cleaned.is_set()


async def test_pending_work_is_cancelled_before_it_runs(
    manager: WorkManager, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    blockers = [await manager.start("scan", LOCAL, forever) for _ in range(manager_module.AT_ONCE)]
    for blocker in blockers:
        await running(manager, database, blocker.id)
    waiting = await manager.start("scan", LOCAL, nothing)
    await manager.cancel(waiting.id)
    record = await finished(manager, waiting.id)
    assert (record.status, record.started_at) == ("cancelled", None)


async def test_cancelling_finished_work_changes_nothing(manager: WorkManager) -> None:
    record = await finished(manager, (await manager.start("scan", LOCAL, nothing)).id)
    assert await manager.cancel(record.id) == record


async def test_an_id_that_does_not_exist_is_not_found(manager: WorkManager) -> None:
    for call in (manager.get("none"), manager.wait("none", 1), manager.cancel("none")):
        with pytest.raises(NotFound, match="none"):
            await call


async def test_work_is_listed_newest_first_in_pages(manager: WorkManager) -> None:
    ids = []
    for number in range(5):
        record = await manager.start(f"scan{number}", LOCAL, nothing)
        await finished(manager, record.id)
        ids.append(record.id)
    first = await manager.list(limit=3)
    second = await manager.list(limit=3, before=first[-1].id)
    assert sorted(ids, reverse=True) == [record.id for record in first + second]
    assert await manager.list(["failed"]) == []
    assert len(await manager.list(["success"])) == 5


async def test_another_process_sees_waits_for_and_cancels_the_work(
    manager: WorkManager, database: Database, open_manager: OpenManager
) -> None:
    record = await manager.start("scan", LOCAL, forever)
    await running(manager, database, record.id)
    async with open_manager() as other:
        assert (await other.get(record.id)).status == "running"
        await other.cancel(record.id)
        assert (await finished(other, record.id)).status == "cancelled"


async def test_the_work_of_a_killed_process_is_lost_at_once_for_who_waits(tmp_path: Path) -> None:
    url = await migrated_sqlite(tmp_path)
    async with (
        Database.open(url) as database,
        open_process(database, tmp_path) as process,
        WorkManager(database, EventLog(database), process).open() as manager,
    ):
        victim, work_id = await start_victim(url, tmp_path)
        assert (await manager.get(work_id)).status == "running"
        victim.kill()
        await victim.communicate()
        record = await manager.wait(work_id, 20)
    assert (record.status, record.failure_kind, record.message) == ("failed", "lost", "half")
    assert record.error is not None
    assert record.error.code == "lost"


async def test_the_work_of_a_killed_process_is_lost_after_the_next_start(
    database_url: str,
    database: Database,
    events: EventLog,
    tmp_path: Path,
    process: Process,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    victim, work_id = await start_victim(database_url, tmp_path)
    victim.kill()
    await victim.communicate()
    if database.dialect == "postgresql":
        async with database.write() as transaction:
            await transaction.exec_driver_sql(
                "UPDATE processes SET heartbeat_at = now() - interval '1 minute'"
            )
    async with WorkManager(database, events, process).open() as manager:
        records = await manager.list(["failed"])
    assert [(record.id, record.failure_kind) for record in records] == [(work_id, "lost")]
    last = (await events.read(0, 100)).events[-1]
    assert (last.name, last.data["id"]) == ("work.failed", work_id)


async def start_victim(url: str, folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, url, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    with anyio.fail_after(30):
        return process, (await process.stdout.readline()).decode().strip()


async def test_the_end_of_the_process_cancels_its_work(
    database: Database, events: EventLog, process: Process
) -> None:
    async with WorkManager(database, events, process).open() as manager:
        record = await manager.start("scan", LOCAL, forever)
        await running(manager, database, record.id)
        waiting = await manager.start("scan", LOCAL, forever)
    for work_id in (record.id, waiting.id):
        ended = await manager.get(work_id)
        assert ended.status == "cancelled"
        assert ended.error is not None
        assert "stopped" in ended.error.message


async def test_nothing_is_started_while_the_process_ends(
    database: Database, events: EventLog, process: Process
) -> None:
    async with WorkManager(database, events, process).open() as manager:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        await manager.start("scan", LOCAL, nothing)
    assert await manager.list() == []


async def test_work_that_will_not_stop_is_lost_and_does_not_hold_up_the_end(
    database: Database, events: EventLog, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager_module, "STOP_SECONDS", 0.1)

    async def run(progress: WorkProgress) -> Result:
        with anyio.CancelScope(shield=True):
            await anyio.sleep_forever()
        return {}

    with anyio.fail_after(10):
        async with WorkManager(database, events, process).open() as manager:
            record = await manager.start("scan", LOCAL, run)
            await running(manager, database, record.id)
    assert (await manager.get(record.id)).failure_kind == "lost"


async def test_an_outcome_that_cannot_be_written_is_written_when_it_can(
    manager: WorkManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr(manager_module, "RETRY_SECONDS", 0.01)
    store = manager._store
    finish = store.finish
    failures = [Unavailable("The disk is full.", hint="Free some space.")] * 3

    async def failing(*arguments: object) -> bool:
        if failures:
            raise failures.pop()
        return await finish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "finish", failing)
    record = await manager.start("scan", LOCAL, nothing)
    assert (await finished(manager, record.id)).status == "success"
    assert failures == []
