"""A script runs in its checkout, and ends in an outcome that says what happened."""

import os
from dataclasses import replace

import anyio
import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.execution.supervision.orders import Isolation
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from tests.execution.jobs import NOBODY, FixedSandbox, every_level
from tests.pipelines.jobs.attempts import Attempts


@every_level
async def test_a_script_runs_as_the_job_user_in_the_checkout(
    scripts: ScriptJobs, attempts: Attempts, sandbox: FixedSandbox, isolation: Isolation
) -> None:
    sandbox.isolation = isolation
    (attempts.workspace.checkout / "file").write_text("content", encoding="utf-8")
    outcome, log = await attempts.run(scripts, "cat file; id -u; touch made $HOME/kept")
    assert (outcome.failure, outcome.exit_code) == (None, 0)
    assert outcome.isolation == isolation.name.lower()
    user = NOBODY[0] if NOBODY else os.getuid()
    assert log.splitlines()[1:] == [f"content{user}"]
    assert (attempts.workspace.checkout / "made").stat().st_uid == user
    assert (attempts.workspace.home / "kept").exists()
    assert attempts.left() == []


async def test_the_log_says_first_how_the_script_runs(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    _, log = await attempts.run(scripts, {"script": "true", "network": "none"})
    assert "without network; isolation: Landlock" in log.splitlines()[0]


@pytest.mark.parametrize(
    ("script", "exit_code", "reason"),
    [
        ("exit 3", 3, "exit code 3"),
        ("false; true", 1, "exit code 1"),
        ("false | true", 1, "exit code 1"),
        ("kill -SEGV $$", 139, "SIGSEGV"),
        ("no-such-program", 127, "exit code 127"),
    ],
)
async def test_a_script_that_fails_says_how(
    scripts: ScriptJobs, attempts: Attempts, script: str, exit_code: int, reason: str
) -> None:
    outcome, _ = await attempts.run(scripts, script)
    assert (outcome.failure, outcome.exit_code) == ("failed", exit_code)
    assert reason in outcome.reason


async def test_both_streams_are_in_the_log_as_they_came(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    _, log = await attempts.run(scripts, "echo out; sleep 0.1; echo err >&2; sleep 0.1; echo more")
    assert log.splitlines()[1:] == ["out", "err", "more"]


async def test_figures_of_the_process_are_measured(scripts: ScriptJobs, attempts: Attempts) -> None:
    outcome, _ = await attempts.run(scripts, "echo 12345")
    assert outcome.metrics["output_bytes"] == 6
    assert outcome.metrics["left_processes"] == 0
    assert isinstance(outcome.metrics["seconds"], float)


async def test_a_working_directory_is_one_of_the_checkout(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    (attempts.workspace.checkout / "sub").mkdir()
    (attempts.workspace.checkout / "out").symlink_to("/usr")
    _, log = await attempts.run(scripts, {"script": "pwd", "working_directory": "sub"})
    assert log.endswith("/checkout/sub\n")
    for name, sentence in (("gone", "no folder gone"), ("out", "out leads out")):
        job = {"script": "echo started", "working_directory": name}
        outcome, log = await attempts.run(scripts, job)
        assert outcome.failure == "errored"
        assert sentence in outcome.reason
        assert "started" not in log


async def test_a_machine_that_isolates_too_little_starts_nothing(
    scripts: ScriptJobs, attempts: Attempts, sandbox: FixedSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> Isolation:
        raise Refused("This machine offers less.", hint="Install it.")

    monkeypatch.setattr(sandbox, "level", refuse)
    outcome, log = await attempts.run(scripts, "echo started")
    assert (outcome.failure, outcome.reason) == (
        "errored",
        "This machine offers less. Install it.",
    )
    assert log == ""


@pytest.mark.parametrize("script", ["x" * 2**17, "echo \0"])
async def test_a_script_that_no_process_takes_is_refused(
    scripts: ScriptJobs, attempts: Attempts, script: str
) -> None:
    outcome, _ = await attempts.run(scripts, script)
    assert outcome.failure == "errored"
    assert "The script has" in outcome.reason


@every_level
async def test_what_ignores_the_end_of_its_time_is_killed_with_all_it_started(
    scripts: ScriptJobs, attempts: Attempts, sandbox: FixedSandbox, isolation: Isolation
) -> None:
    sandbox.isolation = isolation
    script = "trap '' TERM; (trap '' TERM; setsid sleep 300 &) ; echo on; while :; do sleep 1; done"
    outcome, log = await attempts.run(scripts, script, seconds=1)
    assert outcome.failure == "timeout"
    assert "on" in log
    assert attempts.left() == []


async def test_no_script_begins_when_its_time_is_over(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, log = await attempts.run(scripts, "echo started", seconds=0)
    assert outcome.failure == "timeout"
    assert "before its script began" in outcome.reason
    assert log == ""


async def test_what_a_script_leaves_behind_is_ended(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    script = "(setsid sh -c 'setsid sleep 300 >/dev/null 2>&1 &' &) ; sleep 0.2; echo done"
    outcome, _ = await attempts.run(scripts, script)
    assert outcome.failure is None
    assert outcome.metrics["left_processes"] == 1
    assert attempts.left() == []


async def test_a_cancelled_attempt_leaves_nothing(scripts: ScriptJobs, attempts: Attempts) -> None:
    script = "echo started; sleep 300 & wait"
    async with attempts.attempt(script) as attempt, anyio.create_task_group() as group:
        group.start_soon(scripts.run, attempt)
        with anyio.fail_after(30):
            while "started" not in await attempts.log(attempt):
                await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert attempts.left() == []


async def test_an_attempt_that_was_cancelled_before_it_started_runs_nothing(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    await attempts.run(scripts, "true")
    async with attempts.attempt("touch made") as attempt:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await scripts.run(attempt)
    assert scope.cancelled_caught
    assert await attempts.log(attempt) == ""
    assert not (attempts.workspace.checkout / "made").exists()


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        ("yes", "output"),
        ("for n in 1 2 3 4 5 6; do head -c 8000000 /dev/zero > $n; done; sleep 20", "workspace"),
    ],
)
async def test_a_flood_ends_the_job_at_its_limit(
    scripts: ScriptJobs, attempts: Attempts, script: str, limit: str
) -> None:
    outcome, log = await attempts.run(scripts, script)
    assert (outcome.failure, outcome.metrics["exceeded"]) == ("failed", limit)
    assert "wrote more than" in outcome.reason
    assert len(log) <= 2**20 + 200
    assert attempts.left() == []


async def test_in_dry_run_mode_a_script_is_shown_and_not_run(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    settings = scripts.settings.model_copy(update={"pipeline_engine_mode": "dry-run"})
    outcome, log = await attempts.run(replace(scripts, settings=settings), "echo x > made")
    assert outcome.failure is None
    assert outcome.metrics == {"dry_run": True}
    assert "echo x > made" in log
    assert not (attempts.workspace.checkout / "made").exists()
