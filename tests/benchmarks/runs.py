"""Reads of runs from a database of a million runs against the same reads from one of a hundred.

    python -m tests.benchmarks.runs [RUNS]

Both databases are files in the same folder, opened as the platform opens them, and asked in turns
through the services behind the operations. The runs belong to 20 pipelines of 10 repositories; one
in ten failed, a few are pending or running, the newest ones and some in the middle have jobs and
logs. Medians and their ratio are printed; at most 1.5 is wanted, and more is exit code 1.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from gitops_auditor.config import load_settings
from gitops_auditor.pages import PageParams, encode_cursor
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.services import Services, open_services
from gitops_auditor.storage.schema import upgrade

FEW = 100
MANY = 1_000_000
ROUNDS = 200
WARM_UP = 20
WANTED = 1.5
PAGE = 50
SHORT_PAGE = 4
"""So long that each pipeline has more, also of the few."""
PIPELINES = 20
REPOSITORIES = 10
JOBS = 5
WITH_JOBS = 50
BEGIN_MS = 1_700_000_000_000
LOG = b"".join(b"line %06d of a log that somebody reads\n" % number for number in range(2000))

RUNS = f"""
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :runs)
INSERT INTO pipeline_runs (id, pipeline_id, repository_id, run_number, status, created_at,
    started_at, completed_at, trigger_type, trigger_data, ref, created_by, state)
SELECT printf('%012x%012x', {BEGIN_MS} + n * 1000, n), 'p' || (n % {PIPELINES}),
    'r' || (n % {REPOSITORIES}), 1 + n / {PIPELINES}, CASE WHEN n > :runs - 4 THEN 'pending'
    WHEN n > :runs - 8 THEN 'running' WHEN n % 10 = 0 OR n % 10 = 7 THEN 'failed'
    ELSE 'success' END, :now, :now, CASE WHEN n > :runs - 8 THEN NULL ELSE :now END,
    'push', '{{"type": "push", "branch": "main"}}', 'main', 'local', '{{}}' FROM numbers
"""  # noqa: S608 - only constants of this file
Read = Callable[[Services], Awaitable[object]]


def run_id(number: int) -> str:
    """The id of a run by its place in time."""
    return f"{BEGIN_MS + number * 1000:012x}{number:012x}"


def fill(file: Path, runs: int) -> None:
    """Insert the pipelines, the runs, and the jobs of some."""
    now = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(file) as database:
        database.executemany(
            "INSERT INTO pipelines (id, name, repository_id, definition, version)"
            " VALUES (?, ?, ?, '{}', '2.0')",
            [(f"p{one}", f"pipeline {one}", f"r{one % REPOSITORIES}") for one in range(PIPELINES)],
        )
        database.execute(RUNS, {"runs": runs, "now": now})
        for number in with_jobs(runs):
            _fill_jobs(database, run_id(number), now)


def _fill_jobs(database: sqlite3.Connection, run: str, now: str) -> None:
    jobs = [(run, f"build/job-{one}", one, now) for one in range(JOBS)]
    database.executemany(
        "INSERT INTO run_jobs (run_id, job, position, stage, kind, status, attempt, started_at)"
        " VALUES (?, ?, ?, 'build', 'script', 'success', 1, ?)",
        jobs,
    )
    database.executemany(
        "INSERT INTO run_attempts (run_id, job, attempt, status, owner, host, cookie, started_at,"
        " log_bytes) VALUES (?, ?, 1, 'success', 'o', 'h', 'c', ?, ?)",
        [(run, job, moment, len(LOG)) for run, job, _, moment in jobs],
    )


def with_jobs(runs: int) -> list[int]:
    """The places of the runs that have jobs and a log."""
    middle = runs // 2
    return [*range(middle - WITH_JOBS // 2, middle), *range(runs - WITH_JOBS // 2, runs)]


async def write_logs(services: Services, runs: int) -> None:
    """A log for the first job of each run that has jobs."""
    for number in with_jobs(runs):
        log = await services.pipelines.logs.open(run_id(number), "build/job-0", 1)
        log.write(LOG)
        await log.close()


def reads(runs: int) -> dict[str, Read]:
    """What is measured on a database of so many runs."""
    middle = run_id(runs // 2 - 1)
    deep = PageParams(limit=PAGE, cursor=encode_cursor(run_id(PAGE + 2)))
    short = PageParams(limit=SHORT_PAGE)

    def page(wanted: Filter, params: PageParams = short) -> Read:
        return lambda services: services.pipelines.runs.list(wanted, params)

    async def retained(services: Services) -> object:
        async with services.audit.operation("benchmark", "cleanup_runs", {}):
            return await services.pipelines.retention.cleanup(36_500, 10, dry_run=True)

    return {
        "first page": page(Filter(), PageParams(limit=PAGE)),
        "deepest page": page(Filter(), deep),
        "page of a repository": page(Filter(repository_id="r0")),
        "page of a pipeline": page(Filter(pipeline_id="p3")),
        "failed runs": page(Filter(status="failed")),
        "running runs": page(Filter(status="running")),
        "failed runs of a pipeline": page(Filter(pipeline_id="p7", status="failed")),
        "failed runs of a repository": page(Filter(repository_id="r7", status="failed")),
        "failed runs where none is": page(Filter(repository_id="r1", status="failed")),
        "get": lambda services: services.pipelines.runs.get(middle),
        "end of a log": lambda services: services.pipelines.log_reader.read(
            middle, None, None, None, 20_000
        ),
        "start of a log": lambda services: services.pipelines.log_reader.read(
            middle, "job-0", None, 0, 20_000
        ),
        "health": lambda services: services.pipelines.condition.health(),
        "runs to forget": retained,
    }


async def measure(read: Read, services: Services) -> float:
    """Seconds of one read."""
    started = time.perf_counter()
    await read(services)
    return time.perf_counter() - started


async def compare(few: Services, many: Services, runs: int) -> float:
    """Print the medians of every read; the worst ratio."""
    worst = 0.0
    small, large = reads(FEW), reads(runs)
    for name in small:
        pairs = [
            (await measure(small[name], few), await measure(large[name], many))
            for _ in range(WARM_UP + ROUNDS)
        ]
        floor, full = (statistics.median(times) for times in zip(*pairs[WARM_UP:], strict=True))
        worst = max(worst, full / floor)
        print(f"{name:32} {floor * 1e3:7.2f} ms {full * 1e3:7.2f} ms  {full / floor:.2f} times")
    return worst


async def filled(folder: Path, runs: int, stack: AsyncExitStack) -> Services:
    """Open services on a new database of so many runs."""
    file = folder / f"{runs}.db"
    url = f"sqlite:///{file}"
    await upgrade(url, folder)
    started = time.perf_counter()
    await asyncio.to_thread(fill, file, runs)
    size = file.stat().st_size / 2**20
    print(f"{runs:,} runs inserted in {time.perf_counter() - started:.1f} s, {size:.0f} MiB")
    settings = load_settings({}, data_dir=folder / f"data-{runs}", database=SecretStr(url))
    services = await stack.enter_async_context(open_services(settings))
    await write_logs(services, runs)
    return services


async def main(runs: int) -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            few = await filled(Path(name), FEW, stack)
            many = await filled(Path(name), runs, stack)
            print(f"\n{'median of ' + str(ROUNDS):32} {FEW:>10} {runs:>10,}")
            worst = await compare(few, many, runs)
    print(f"\nworst {worst:.2f} times; at most {WANTED} is wanted")
    return 0 if worst <= WANTED else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)))
