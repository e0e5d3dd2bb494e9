"""Logs keep every byte in order, and give any part of them back, wherever they are kept."""

import resource
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import InvalidRequest, Unavailable
from gitops_auditor.pipelines.logs import DatabaseLogs, FileLogs, Logs, open_logs
from gitops_auditor.pipelines.logs.pieces import LogPiece, last_lines
from gitops_auditor.storage.database import Database
from tests.pipelines.store.stored_runs import store_runs

JOB = "test/unit tests (python=3.11, os=linux)"


@pytest.fixture(params=["files", "rows"])
async def logs(request: pytest.FixtureRequest, tmp_path: Path, database: Database) -> Logs:
    await store_runs(database, "run1", "run2")
    return FileLogs(tmp_path / "logs") if request.param == "files" else DatabaseLogs(database)


async def write(logs: Logs, run: str, attempt: int, *pieces: bytes) -> int:
    log = await logs.open(run, JOB, attempt)
    for data in pieces:
        log.write(data)
    return await log.close()


async def test_a_log_is_read_back_in_order_from_any_offset(logs: Logs) -> None:
    lines = [f"line {number}\n".encode() * 200 for number in range(300)]
    content = b"".join(lines)
    assert await write(logs, "run1", 1, *lines) == len(content)
    read, offset = b"", 0
    while offset < len(content):
        part = await logs.read("run1", JOB, 1, offset, 100_003)
        assert (part.offset, part.size) == (offset, len(content))
        read, offset = read + part.data, part.next_offset
    assert read == content
    assert (await logs.read("run1", JOB, 1, 70_000, 5)).data == content[70_000:70_005]
    assert (await logs.read("run1", JOB, 1, -5, 100)).data == content[-5:]


async def test_attempts_and_runs_have_logs_of_their_own(logs: Logs) -> None:
    await write(logs, "run1", 1, b"first")
    await write(logs, "run1", 2, b"second")
    await write(logs, "run2", 1, b"other")
    assert (await logs.read("run1", JOB, 2, 0, 100)).data == b"second"
    assert (await logs.read("run1", JOB, 1, 0, 100)).data == b"first"


async def test_what_was_not_written_is_empty_and_the_end_is_the_end(logs: Logs) -> None:
    assert await logs.read("run1", JOB, 1, 7, 100) == LogPiece(b"", 0, 0, 0)
    await write(logs, "run1", 1, b"text")
    assert await logs.read("run1", JOB, 1, 50, 100) == LogPiece(b"", 4, 4, 4)
    assert await write(logs, "run1", 3) == 0


async def test_the_tail_begins_with_a_whole_line(logs: Logs) -> None:
    await write(logs, "run1", 1, b"one\ntwo\nthree\n")
    assert (await logs.tail("run1", JOB, 1, limit=12)).data == b"two\nthree\n"
    newest = await logs.tail("run1", JOB, 1, limit=100, lines=1)
    assert (newest.data, newest.offset, newest.next_offset) == (b"three\n", 8, 14)


async def test_a_deleted_run_has_no_logs(logs: Logs) -> None:
    await write(logs, "run1", 1, b"gone")
    await write(logs, "run2", 1, b"stays")
    await logs.delete("run1")
    await logs.delete("run1")
    assert (await logs.read("run1", JOB, 1, 0, 100)).size == 0
    assert (await logs.read("run2", JOB, 1, 0, 100)).data == b"stays"


async def test_a_run_whose_logs_were_deleted_may_write_more(logs: Logs) -> None:
    await write(logs, "run1", 1, b"gone")
    await logs.delete("run1")
    await write(logs, "run1", 2, b"new")
    assert (await logs.read("run1", JOB, 2, 0, 100)).data == b"new"


async def test_readers_see_a_log_while_it_grows(logs: Logs, database: Database) -> None:
    log = await logs.open("run1", JOB, 1)
    log.write(b"growing")
    with anyio.fail_after(20):
        while (seen := await logs.read("run1", JOB, 1, 0, 100)).size < 7:
            await database.changes.wait(database.changes.version, 1)
    assert seen.data == b"growing"
    assert await log.close() == 7


async def test_a_full_disk_cuts_the_log_and_closing_says_so(
    tmp_path: Path, database: Database
) -> None:
    log = await FileLogs(tmp_path).open("run1", JOB, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        log.write(b"0123456789abcdef")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.write(b"more")
    with pytest.raises(Unavailable, match="cut after 10 bytes"):
        await log.close()
    assert (await FileLogs(tmp_path).read("run1", JOB, 1, 0, 100)).data == b"0123456789"


async def test_a_log_that_cannot_be_stored_is_unavailable(
    tmp_path: Path, database: Database
) -> None:
    (tmp_path / "logs").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(Unavailable):
        await FileLogs(tmp_path / "logs").open("run1", JOB, 1)


async def test_files_of_logs_are_private(tmp_path: Path) -> None:
    log = await FileLogs(tmp_path / "logs").open("run1", JOB, 1)
    await log.close()
    (path,) = (tmp_path / "logs" / "run1").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("run", ["..", "a/b", "", ".x"])
async def test_an_id_of_a_run_is_no_path(tmp_path: Path, run: str) -> None:
    with pytest.raises(InvalidRequest):
        await FileLogs(tmp_path).read(run, JOB, 1, 0, 1)


def test_lines_are_counted_from_the_end() -> None:
    whole = LogPiece(b"a\nb\nc", 10, 15, 15)
    assert last_lines(whole, None).data == b"b\nc"
    assert last_lines(whole, 0).data == b""
    assert last_lines(whole._replace(offset=0), 9).data == b"a\nb\nc"


def test_the_database_decides_where_logs_are(tmp_path: Path, database: Database) -> None:
    kind = FileLogs if database.dialect == "sqlite" else DatabaseLogs
    assert isinstance(open_logs(database, tmp_path), kind)
