import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import delete, select

from gitops_auditor.errors import InvalidSetting, Unavailable
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import upgrade
from gitops_auditor.storage.tables import processes
from gitops_auditor.work.liveness import heartbeat_process, lock_file_process, open_process
from tests.factories.databases import fresh_postgresql
from tests.factories.postgres import some_postgresql

HOLDER = """
import asyncio, sys
from pathlib import Path
from gitops_auditor.work.liveness import lock_file_process

async def main():
    async with lock_file_process(Path(sys.argv[1])) as process:
        print(process.id, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_process_is_alive_for_itself_and_others_until_it_leaves(
    database: Database, tmp_path: Path
) -> None:
    async with open_process(database, tmp_path) as first:
        async with open_process(database, tmp_path) as second:
            assert first.id != second.id
            assert await first.alive(second.id)
            assert await first.alive(first.id)
        assert not await first.alive(second.id)
        assert not await first.alive("somebody-else")


async def test_a_process_is_dead_as_soon_as_it_is_killed(tmp_path: Path) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    with anyio.fail_after(20):
        other_id = (await other.stdout.readline()).decode().strip()
    async with lock_file_process(tmp_path) as process:
        assert await process.alive(other_id)
        other.kill()
        await other.communicate()
        assert not await process.alive(other_id)
        assert os.listdir(tmp_path) == [f"{process.id}.lock"]  # noqa: PTH208


async def test_a_folder_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "processes").touch()
    with pytest.raises(Unavailable, match="processes"):
        async with lock_file_process(tmp_path / "processes"):
            pass


async def test_a_child_does_not_keep_its_dead_parent_alive(tmp_path: Path) -> None:
    async with lock_file_process(tmp_path) as process:
        async with lock_file_process(tmp_path) as ended:
            child = await asyncio.create_subprocess_exec("sleep", "600")
        try:
            assert not await process.alive(ended.id)
        finally:
            child.kill()
            await child.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with some_postgresql() as url:
        yield url


@pytest.fixture
async def postgresql(server: str, tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_postgresql(server) as url:
        await upgrade(url, tmp_path)
        async with Database.open(url) as opened:
            yield opened


async def test_without_heartbeats_a_process_is_dead(postgresql: Database) -> None:
    async with (
        heartbeat_process(postgresql, beat_seconds=600, dead_seconds=0) as impatient,
        heartbeat_process(postgresql, beat_seconds=600, dead_seconds=600) as patient,
    ):
        assert not await impatient.alive(patient.id)
        assert await patient.alive(impatient.id)
    assert not await patient.alive(impatient.id)


async def test_heartbeats_go_on_also_when_the_row_was_taken_away(postgresql: Database) -> None:
    async with heartbeat_process(postgresql, beat_seconds=0.02) as process:
        async with postgresql.write() as transaction:
            await transaction.execute(delete(processes))
        with anyio.fail_after(5):
            while not await process.alive(process.id):
                await postgresql.changes.wait(postgresql.changes.version, 1)


async def test_whoever_cannot_show_that_it_lives_is_told_before_others_take_it_for_dead(
    postgresql: Database,
) -> None:
    told = asyncio.Event()
    async with (
        heartbeat_process(postgresql, beat_seconds=0.1, dead_seconds=2) as process,
        heartbeat_process(postgresql, beat_seconds=0.1, dead_seconds=2) as other,
    ):
        with process.on_lapse(1.0, told.set), anyio.fail_after(20):
            assert process.is_certain(1.0)
            own = select(processes).where(processes.c.id == process.id).with_for_update()
            async with postgresql.write() as transaction:
                await transaction.execute(own)
                await told.wait()
                assert await other.alive(process.id)
                assert not process.is_certain(1.0)
                while await other.alive(process.id):
                    await postgresql.changes.wait(postgresql.changes.version, 0.1)
            while not process.is_certain(1.0):
                await postgresql.changes.wait(postgresql.changes.version, 1)
            assert await other.alive(process.id)


async def test_nobody_is_told_who_left(postgresql: Database) -> None:
    told: list[str] = []
    second = asyncio.Event()
    async with heartbeat_process(postgresql, beat_seconds=0.1, dead_seconds=1) as process:
        with process.on_lapse(0.5, second.set):
            with process.on_lapse(0.6, lambda: told.append("left before")):
                pass
            own = select(processes).where(processes.c.id == process.id).with_for_update()
            async with postgresql.write() as transaction:
                await transaction.execute(own)
                with anyio.fail_after(20):
                    await second.wait()
    assert told == []


async def test_a_time_too_short_to_end_jobs_in_is_refused_with_one_that_is_enough(
    postgresql: Database,
) -> None:
    async with open_process(postgresql, Path(), dead_seconds=6) as process:
        lapse = process.on_lapse(5.0, lambda: None)
        with pytest.raises(InvalidSetting, match="no time to end") as refused, lapse:
            pass
    assert "PIPELINE_DEAD_SECONDS to 8 or more" in refused.value.hint
    async with open_process(postgresql, Path(), dead_seconds=8) as process:
        with process.on_lapse(5.0, lambda: None):
            assert process.is_certain(5.0)


async def test_a_lock_does_not_lapse(tmp_path: Path) -> None:
    async with lock_file_process(tmp_path) as process:
        with process.on_lapse(600.0, lambda: None):
            assert process.is_certain(600.0)
