"""A process killed at any moment loses no acknowledged entry and breaks no chain."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_auditor.audit import Audit
from gitops_auditor.storage.database import Database

CHILD = """
import sys
from pathlib import Path
import anyio
from gitops_auditor.audit import Audit
from gitops_auditor.storage.database import Database
from tests.audit.conftest import Processes

async def main() -> None:
    async with Database.open(sys.argv[1]) as database:
        audit = Audit(database, Path(sys.argv[2]), Processes(sys.argv[3]))
        while True:
            async with audit.operation("child", "work", {}) as entry:
                async with database.write() as transaction:
                    await audit.outcome(transaction, "success", after={"id": entry.id})
            print(entry.id, flush=True)

anyio.run(main)
"""


def _start(url: str, anchor: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, url, str(anchor), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _acknowledged_before_a_kill(url: str, anchor: Path, name: str, entries: int) -> list[str]:
    child = _start(url, anchor, name)
    assert child.stdout is not None
    with child:
        acknowledged = [child.stdout.readline().strip() for _ in range(entries)]
        child.send_signal(signal.SIGKILL)
        # What it still said before it died counts too; a line cut short was no acknowledgement.
        rest = child.stdout.read().split("\n")[:-1]
    return acknowledged + rest


@pytest.mark.parametrize("entries", [1, 7, 30])
async def test_kills_lose_nothing_that_was_acknowledged(
    audit: Audit, database: Database, database_url: str, anchor_path: Path, entries: int
) -> None:
    acknowledged = _acknowledged_before_a_kill(database_url, anchor_path, "killed", entries)
    assert (await audit.verify()).ok
    assert await audit.settle() <= 1
    results = {record.id: record.result async for record in audit.export()}
    assert set(acknowledged) <= set(results)
    assert all(results[entry] == "success" for entry in acknowledged)
    assert set(results.values()) <= {"success", "interrupted"}
    assert (await audit.verify()).ok


async def test_processes_that_write_at_the_same_time_make_one_chain(
    audit: Audit, database_url: str, anchor_path: Path
) -> None:
    children = [_start(database_url, anchor_path, f"child-{number}") for number in range(3)]
    try:
        for child in children:
            assert child.stdout is not None
            for _ in range(20):
                assert child.stdout.readline()
    finally:
        for child in children:
            child.kill()
            child.communicate()
    verdict = await audit.verify()
    assert verdict.ok, verdict.problems
    assert verdict.rows >= 2 * 60
