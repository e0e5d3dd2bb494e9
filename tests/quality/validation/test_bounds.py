"""Validations end: in time, when they are cancelled, one beside the other; and leave nothing."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from tests.factories.gates import GatedProject, recorded, written

SECONDS = 30
NAP = f"31415.{os.getpid()}"
"""What a program of these tests is found by."""
SLEEPS = {"name": "Sleeps", "command": f"touch started; sleep {NAP}"}
READS = {"name": "Readme", "check": "README.md exists"}


def folders(runs_in: Path) -> list[Path]:
    """The folders of checkouts that are there."""
    return [path for path in (runs_in / "runs" / ".gates").glob("*") if path.is_dir()]


def sleeping() -> list[int]:
    """The processes that sleep for these tests."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        if words[:2] == [b"sleep", NAP.encode()]:
            found.append(int(entry.parent.name))
    return found


@asynccontextmanager
async def asked(gated: GatedProject, runs_in: Path) -> AsyncIterator[anyio.CancelScope]:
    """A validation that is being carried out; its command sleeps."""

    async def validate() -> None:
        with scope:
            await gated.validate()

    scope = anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(validate)
        with anyio.fail_after(SECONDS):
            started = (runs_in / "runs" / ".gates").glob
            while not (list(started("*/checkout/started")) and sleeping()):  # noqa: ASYNC110 - files tell nobody
                await anyio.sleep(0.01)
        yield scope


async def test_a_cancelled_validation_leaves_no_folder_and_no_process(
    gated: GatedProject, runs_in: Path
) -> None:
    await gated.state(SLEEPS)
    with anyio.fail_after(SECONDS):
        async with asked(gated, runs_in) as scope:
            assert sleeping()
            scope.cancel()
    assert (folders(runs_in), sleeping()) == ([], [])
    assert (await recorded(gated.services, "validate_quality")).result == "failure"


async def test_what_passed_or_failed_leaves_no_folder(gated: GatedProject, runs_in: Path) -> None:
    await gated.state(written("pre_merge", READS, {"name": "Lists", "command": "ls"}))
    await gated.validate()
    assert folders(runs_in) == []


@pytest.mark.parametrize("changes", [{"quality_pre_commit_timeout": 1}])
async def test_a_gate_before_a_commit_has_the_time_of_the_settings(gated: GatedProject) -> None:
    await gated.state(written("pre_commit", SLEEPS))
    began = time.monotonic()
    report = await gated.validate(gate_type="pre_commit")
    assert time.monotonic() - began < SECONDS
    assert (report.status, report.passed) == ("error", False)
    assert "did not finish within 1 seconds" in report.gates[0].reason
    assert sleeping() == []


async def test_a_gate_has_its_own_time(gated: GatedProject) -> None:
    await gated.state({**SLEEPS, "timeout": 1})
    result = await gated.only()
    assert (result.status, "within 1 seconds" in result.reason) == ("error", True)


async def test_two_validations_at_once_do_not_touch_each_other(gated: GatedProject) -> None:
    meet = "echo $$ > mine; test $(ls | wc -l) = 1 && test $(cat mine) = $$"
    await gated.state({"name": "Alone", "command": meet})
    statuses: list[str] = []

    async def validate() -> None:
        statuses.append((await gated.validate(reuse=False)).status)

    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(validate)
    assert statuses == ["passed"] * 3


async def test_folders_of_a_dead_process_go_and_those_of_others_stay(
    gated: GatedProject, runs_in: Path
) -> None:
    gates = runs_in / "runs" / ".gates"
    dead, own = gates / "gone-1", gates / f"{gated.services.process.id}-999"
    for folder in (dead, own):
        (folder / "checkout").mkdir(parents=True)
    await gated.state(READS)
    await gated.validate()
    assert folders(runs_in) == [own]


async def test_a_command_changes_nothing_in_the_repository(gated: GatedProject) -> None:
    await gated.state({"name": "Writes", "command": "echo x > README.md; rm -rf .git"})
    before = sorted(gated.path.iterdir())
    assert (await gated.only("WORKTREE")).status == "passed"
    assert sorted(gated.path.iterdir()) == before


async def test_a_command_has_no_secrets_of_the_platform(
    gated: GatedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_DATABASE", "postgresql://user:hunter2@host/db")
    await gated.state({"name": "Tells", "command": "env; false"})
    result = await gated.only()
    assert result.status == "failed"
    assert "hunter2" not in result.model_dump_json()
