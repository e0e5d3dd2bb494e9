"""An engine on a real database with real folders, logs and processes, and runs to carry out."""

import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from sqlalchemy import insert, select, update

from gitops_auditor.audit import Audit
from gitops_auditor.events import EventLog
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.supervision.orders import Isolation, Order
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.engine.engine import RunEngine
from gitops_auditor.pipelines.engine.options import EngineParts
from gitops_auditor.pipelines.engine.ports import FaultPoint, no_fault
from gitops_auditor.pipelines.engine.slots import Slots
from gitops_auditor.pipelines.handlers import Attempt, JobHandler, Outcome, Workspace
from gitops_auditor.pipelines.models import JobKind
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import (
    pipeline_revisions,
    pipeline_runs,
    pipelines,
    run_approvals,
    run_attempts,
    run_jobs,
)
from gitops_auditor.storage.tables import events
from gitops_auditor.work import Process, open_process

NOBODY = (65534, 65534) if os.geteuid() == 0 else None
PIPELINE = "p1"
SECONDS = 60.0


class Folders:
    """Plain folders in place of checkouts. `opened` counts the runs that asked."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.opened: list[str] = []

    async def open(self, run_id: str, _repository_id: str, commit_sha: str) -> Workspace:
        self.opened.append(run_id)
        return await anyio.to_thread.run_sync(self._make, run_id, commit_sha)

    def _make(self, run_id: str, commit_sha: str) -> Workspace:
        folder = self.base / run_id
        for part in (folder, folder / "checkout", folder / "home"):
            part.mkdir(parents=True, exist_ok=True)
            part.chmod(0o777)
        return Workspace(folder / "checkout", folder / "home", commit_sha)

    async def remove(self, run_id: str) -> None:
        await anyio.to_thread.run_sync(lambda: shutil.rmtree(self.base / run_id, True))

    async def remove_leftovers(
        self, over: Callable[[Sequence[str]], Awaitable[Collection[str]]]
    ) -> list[str]:
        found = sorted(path.name for path in self.base.iterdir()) if self.base.exists() else []
        removed = sorted(await over(found))
        for run_id in removed:
            await self.remove(run_id)
        return removed


class LogFile:
    """A log in a file."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        self.size += self._file.write(data) or 0

    async def close(self) -> int:
        self._file.close()
        return self.size


class LogFolder:
    """Logs in files."""

    def __init__(self, base: Path) -> None:
        self.base = base

    async def open(self, run_id: str, job: str, attempt: int) -> LogFile:
        return LogFile(self.base / run_id / f"{job.replace('/', '.')}.{attempt}")


class Shell:
    """Runs the script of a job through the supervisor, unconfined, with WORK as its variable."""

    def __init__(self, processes: Processes, work: Path, grace: float = 0.3) -> None:
        self._processes = processes
        self._work = work
        self._grace = grace

    async def run(self, attempt: Attempt) -> Outcome:
        outputs = {f"{name}.{key}": value for name, of_job in attempt.outputs.items()
                   for key, value in of_job.items()}  # fmt: skip
        order = Order(
            argv=("sh", "-c", attempt.job.job.script or ""),
            cwd=str(attempt.workspace.checkout),
            environment={
                "PATH": "/usr/bin:/bin",
                "WORK": str(self._work),
                "JOB": attempt.job.id,
                "ATTEMPT": str(attempt.number),
                "OUTPUTS": json.dumps(outputs, sort_keys=True),
            },
            cookie=attempt.cookie,
            timeout=attempt.timeout,
            grace=self._grace,
            isolation=Isolation.NONE,
            network=True,
            user=NOBODY,
            writable=(),
        )
        result = await self._processes.run(order, lambda _stream, data: attempt.log.write(data))
        failure = result.failure
        return Outcome(
            failure="lost" if failure == "cancelled" else failure,
            reason=result.reason,
            exit_code=result.exit_code,
            isolation=result.isolation.name.lower(),
            outputs={"attempt": str(attempt.number)},
            metrics={
                "cpu_seconds": result.cpu_seconds,
                "peak_memory_bytes": result.peak_memory_bytes,
            },
        )


@dataclass
class World:
    """Everything a test needs of one process."""

    folder: Path
    database: Database
    journal: Journal
    process: Process
    parts: EngineParts
    engine: RunEngine

    @property
    def work(self) -> Path:
        """The folder that jobs leave marks in."""
        return self.folder / "work"

    def lines(self, name: str = "done") -> list[str]:
        """What jobs appended to a file of `work`."""
        path = self.work / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def with_parts(self, **changed: Any) -> "World":
        """The same with other parts."""
        parts = replace(self.parts, **changed)
        return replace(self, parts=parts, engine=RunEngine(parts))

    async def add_run(self, source: str, **values: Any) -> str:
        """A pending run of a definition."""
        return await add_run(self.database, source, **values)

    async def carry_out(self, source: str, **values: Any) -> str:
        """Add a run and carry it out; returns its id."""
        run_id = await self.add_run(source, **values)
        with anyio.fail_after(SECONDS):
            assert await self.engine.run(run_id) is not None
        return run_id

    async def run(self, run_id: str) -> Any:
        """The row of a run."""
        return await self._one(select(pipeline_runs).where(pipeline_runs.c.id == run_id))

    async def jobs(self, run_id: str) -> dict[str, Any]:
        """The rows of its jobs by name."""
        query = select(run_jobs).where(run_jobs.c.run_id == run_id).order_by(run_jobs.c.position)
        return {row.job: row for row in await self._all(query)}

    async def statuses(self, run_id: str) -> dict[str, str]:
        """The statuses of its jobs, by name without the stage."""
        found = await self.jobs(run_id)
        return {name.partition("/")[2]: row.status for name, row in found.items()}

    async def attempts(self, run_id: str) -> list[tuple[str, int, str, str | None]]:
        """Job, number, status and failure of each attempt."""
        rows = await self.attempt_rows(run_id)
        return [(row.job, row.attempt, row.status, row.failure_kind) for row in rows]

    async def attempt_rows(self, run_id: str) -> Sequence[Any]:
        """Its attempts in order."""
        return await self._all(
            select(run_attempts)
            .where(run_attempts.c.run_id == run_id)
            .order_by(run_attempts.c.job, run_attempts.c.attempt)
        )

    async def die_with(self, run_id: str, job: str) -> None:
        """Leave what a process leaves that is killed while it carries out a job."""
        number = (await self.jobs(run_id))[job].attempt + 1
        attempt = {"run_id": run_id, "job": job, "attempt": number, "status": "running",
                   "owner": "1-dead", "host": "elsewhere", "cookie": os.urandom(8).hex(),
                   "started_at": datetime.now(UTC)}  # fmt: skip
        mine = (run_jobs.c.run_id == run_id) & (run_jobs.c.job == job)
        async with self.database.write() as transaction:
            await transaction.execute(insert(run_attempts).values(attempt))
            running = {"status": "running", "attempt": number}
            await transaction.execute(update(run_jobs).where(mine).values(running))
        await self.set(run_id, owner="1-dead", fence=(await self.run(run_id)).fence + 1)

    async def told(self, name: str | None = None) -> list[Any]:
        """The data of events, or of those with a name."""
        rows = await self._all(select(events).order_by(events.c.seq))
        return [row.data for row in rows if name in (None, row.name)]

    async def request_cancel(self, run_id: str) -> None:
        """What an operation does to cancel."""
        await self.set(run_id, cancel_requested=True)

    async def set(self, run_id: str, **values: Any) -> None:
        """Change columns of a run."""
        async with self.database.write() as transaction:
            changed = update(pipeline_runs).where(pipeline_runs.c.id == run_id)
            await transaction.execute(changed.values(**values))

    async def decide(self, run_id: str, job: str, decision: str, **values: Any) -> None:
        """What an operation does to approve or reject."""
        row = {"run_id": run_id, "job": job, "decision": decision, "decided_by": "ann",
               "decided_at": datetime.now(UTC), **values}  # fmt: skip
        async with self.database.write() as transaction:
            await transaction.execute(insert(run_approvals).values(row))

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds that the database tells, looked at after each commit."""
        with anyio.fail_after(SECONDS):
            while True:
                seen = self.database.changes.version
                if await condition():
                    return
                await self.database.changes.wait(seen, 1.0)

    async def until_job(self, run_id: str, job: str, status: str) -> None:
        """Wait until a job has a status."""

        async def has() -> bool:
            return bool((await self.jobs(run_id))[job].status == status)

        await self.until(has)

    async def until_lines(self, count: int, name: str = "done") -> None:
        """Wait until jobs have appended so many lines."""
        with anyio.fail_after(SECONDS):
            while len(self.lines(name)) < count:  # noqa: ASYNC110 - files tell nobody
                await anyio.sleep(0.01)

    async def _all(self, query: Any) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(query)).all()

    async def _one(self, query: Any) -> Any:
        return (await self._all(query))[0]


async def add_run(database: Database, source: str, **values: Any) -> str:
    """Keep a pending run of a definition, as the service does."""
    arrangement = arrange(parse_definition(source))
    moment = time.time_ns() // 1_000_000
    run_id = values.pop("id", None) or f"{moment:012x}{os.urandom(6).hex()}"
    now = datetime.now(UTC)
    async with database.write() as transaction:
        if await transaction.scalar(select(pipelines.c.id)) is None:
            row = {"id": PIPELINE, "name": "p", "repository_id": "r", "definition": {}}
            await transaction.execute(insert(pipelines).values(version="2.0", **row))
        number = await transaction.scalar(
            update(pipelines)
            .values(last_run_number=pipelines.c.last_run_number + 1)
            .returning(pipelines.c.last_run_number)
        )
        revision = {"pipeline_id": PIPELINE, "revision": number, "digest": run_id}
        await transaction.execute(
            insert(pipeline_revisions).values(
                source=source, created_at=now, created_by="", **revision
            )
        )
        run: dict[str, Any] = {
            "id": run_id, "pipeline_id": PIPELINE, "run_number": number, "status": "pending",
            "repository_id": "r", "revision": number, "commit_sha": "c0ffee",
            "trigger_type": "manual", "trigger_data": Event(branch="main").model_dump(mode="json"),
            "created_at": now,
        }  # fmt: skip
        await transaction.execute(insert(pipeline_runs).values({**run, **values}))
        jobs = [
            {"run_id": run_id, "job": one.id, "position": position, "stage": one.stage,
             "kind": one.job.kind}
            for position, one in enumerate(arrangement.jobs.values())
        ]  # fmt: skip
        await transaction.execute(insert(run_jobs), jobs)
    return run_id


@asynccontextmanager
async def open_world(
    folder: Path,
    database: Database,
    *,
    slots: int = 4,
    handlers: Mapping[JobKind, JobHandler] | None = None,
    fault: FaultPoint = no_fault,
) -> AsyncIterator[World]:
    """An engine of one process; several worlds may share a folder and a database."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    work.chmod(0o777)
    _make_passable(work)
    log = EventLog(database)
    async with Processes.open() as processes, open_process(database, folder) as process:
        journal = Journal(database, log, Audit(database, folder / "anchor", process))
        parts = EngineParts(
            journal=journal,
            process=process,
            handlers={"script": Shell(processes, work), **(handlers or {})},
            workspaces=Folders(folder / "runs"),
            logs=LogFolder(folder / "logs"),
            slots=Slots(slots),
            longest_seconds=600.0,
            grace_seconds=0.3,
            fault=fault,
        )
        yield World(folder, database, journal, process, parts, RunEngine(parts))


def _make_passable(folder: Path) -> None:
    for parent in folder.parents if NOBODY else ():
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o001)


PYTHON = sys.executable
