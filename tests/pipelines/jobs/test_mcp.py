from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.connections.service import Connections
from gitops_auditor.pipelines.jobs.mcp import McpJobs
from gitops_auditor.pipelines.trigger_models import Event
from tests.connections.wiring import connected, told_of_waiting
from tests.factories.git import make_repository
from tests.fakes import plain_server, sdk_server
from tests.pipelines.jobs.attempts import Attempts
from tests.pipelines.jobs.releasing import KnownReleases

LINT = {
    "tool": "lint_files",
    "files": ["*.js", "src/**/*.js"],
    "arguments": {"files": "{{ files }}", "config": "{{ config }}", "severity": "{{ severity }}"},
    "passed": "/passed",
}
FACTS = {
    "tool": "echo",
    "arguments": {
        name: f"{{{{ {name} }}}}" for name in ("repository", "commit", "branch", "tag", "workspace")
    },
}


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    mapped = plain_server(
        actions={
            "lint": LINT,
            "facts": FACTS,
            "odd": {"tool": "echo", "passed": "/no/such"},
            "text": {"tool": "echo", "failure_pattern": "l[o]+ked"},
        },
        default="lint",
    )
    secret = plain_server(env={"TOKEN": "env:TOKEN"})
    servers = {"code_linter": mapped, "plain": plain_server(), "secret": secret}
    async with connected(**servers) as opened:
        yield opened


@pytest.fixture
def jobs(connections: Connections, settings: Settings) -> McpJobs:
    return McpJobs(connections, settings, KnownReleases())


@pytest.fixture
def checkout(attempts: Attempts) -> Path:
    return attempts.workspace.checkout


def write(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    return [str(folder / name) for name in names]


class TestConfiguredActions:
    async def test_the_jobs_of_the_design_document_run_as_they_are_written(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path
    ) -> None:
        inside = write(checkout, "a.js", "src/deep/b.js")
        write(checkout, "c.py", ".git/d.js")
        job = {"mcp": "code-linter", "config": ".eslintrc.js"}
        outcome, log = await attempts.run(jobs, job)
        assert outcome.failure is None
        assert all(f'"{name}"' in log for name in inside)
        assert "c.py" not in log
        assert '"config": ".eslintrc.js"' in log
        assert log.endswith("lint_files looked\n")

    async def test_a_result_that_says_not_passed_is_a_failure(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path
    ) -> None:
        write(checkout, "a.js")
        outcome, _ = await attempts.run(jobs, {"mcp": "code-linter", "level": "low"})
        assert outcome.failure == "failed"
        assert outcome.reason == "The tool lint_files found it not to pass."

    async def test_only_changed_files_are_looked_at_when_the_event_tells_them(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path
    ) -> None:
        write(checkout, "a.js", "b.js")
        event = Event(type="push", branch="main", changed_paths=("b.js", "gone.js"))
        _, log = await attempts.run(jobs, {"mcp": "code-linter"}, event=event)
        assert str(checkout / "b.js") in log
        assert "a.js" not in log
        assert "gone.js" not in log

    async def test_what_git_ignores_is_left_out_unless_it_was_changed(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path
    ) -> None:
        await anyio.Path(checkout).rmdir()  # git works only in folders of its own user
        await make_repository(checkout, {".gitignore": "/src/made/\n", "a.js": ""})
        new, made = write(checkout, "src/new.js", "src/made/b.js")
        _, log = await attempts.run(jobs, {"mcp": "code-linter"})
        assert (new in log, made in log) == (True, False)
        event = Event(type="push", branch="main", changed_paths=("src/made/b.js",))
        _, log = await attempts.run(jobs, {"mcp": "code-linter"}, event=event)
        assert (new in log, made in log) == (False, True)

    async def test_links_that_lead_out_of_the_repository_are_left_out(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path, tmp_path: Path
    ) -> None:
        write(tmp_path / "outside", "secret.js")
        (checkout / "link.js").symlink_to(tmp_path / "outside" / "secret.js")
        (checkout / "src").symlink_to(tmp_path / "outside")
        event = Event(type="push", changed_paths=("link.js", "src/secret.js", "../outside/x.js"))
        for given in (event, None):
            outcome, log = await attempts.run(jobs, {"mcp": "code-linter"}, event=given)
            assert outcome.failure is None
            assert "There is no file that the action is about" in log
            assert "looked" not in log

    async def test_what_the_run_knows_is_filled_in(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path
    ) -> None:
        (checkout / "part").mkdir()
        job = {"mcp": "code-linter", "action": "facts", "working_directory": "part"}
        _, log = await attempts.run(jobs, job)
        assert '"repository": "r1"' in log
        assert '"commit": "c0ffee"' in log
        assert '"branch": "main"' in log
        assert f'"workspace": "{checkout}/part"' in log
        assert '"tag"' not in log

    async def test_arguments_that_the_operator_set_cannot_be_set_by_a_job(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        job = {"mcp": "code-linter", "action": "facts", "arguments": {"workspace": "/", "x": 1}}
        outcome, _ = await attempts.run(jobs, job)
        assert outcome.failure == "failed"
        assert outcome.reason == "The action sets the argument workspace itself."

    async def test_a_folder_outside_of_the_repository_is_refused(
        self, jobs: McpJobs, attempts: Attempts, checkout: Path, tmp_path: Path
    ) -> None:
        (checkout / "out").symlink_to(tmp_path)
        job = {"mcp": "code-linter", "action": "facts", "working_directory": "out"}
        outcome, _ = await attempts.run(jobs, job)
        assert outcome.failure == "failed"
        assert "is no folder of the repository" in outcome.reason

    async def test_a_text_that_the_operator_takes_for_a_failure_is_one(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        outcome, _ = await attempts.run(jobs, {"mcp": "code-linter", "action": "text"})
        assert outcome.failure == "failed"
        assert outcome.reason == "The result of echo has what means a failure: looked"

    async def test_a_verdict_that_is_not_there_is_an_error(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        outcome, _ = await attempts.run(jobs, {"mcp": "code-linter", "action": "odd"})
        assert outcome.failure == "errored"
        assert outcome.reason == "The result of echo has no true or false at /no/such."


class TestToolsByName:
    async def test_an_action_is_the_name_of_a_tool_with_either_dash(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        job = {"mcp": "plain", "action": "lint-files", "arguments": {"files": ["a"]}}
        outcome, log = await attempts.run(jobs, job)
        assert outcome.failure is None
        assert "tool lint_files" in log

    async def test_fields_of_the_job_are_sent_where_the_tool_has_such_arguments(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        job = {"mcp": "plain", "action": "lint_files", "severity": "high", "linter": "eslint"}
        _, log = await attempts.run(jobs, job)
        assert '"severity": "high"' in log
        assert "`linter` is not sent: the tool has no argument of that name." in log

    async def test_a_server_made_with_the_sdk_is_called_too(
        self, attempts: Attempts, settings: Settings
    ) -> None:
        async with connected(linter=sdk_server()) as opened:
            job = {"mcp": "linter", "action": "add", "arguments": {"a": 1, "b": 2}}
            outcome, log = await attempts.run(
                McpJobs(opened, settings, KnownReleases()), {**job, "outputs": ["result"]}
            )
        assert outcome.outputs == {"result": "3"}
        assert log.endswith("3\n")

    @pytest.mark.parametrize(
        ("job", "failure", "reason"),
        [
            ({"action": "lint_files", "arguments": {"files": 1}}, "failed", "/files: 1 is not of"),
            ({"action": "lint_fils"}, "errored", "has no tool lint_fils"),
            ({}, "failed", "names no action, and the MCP server plain has no default"),
            ({"action": "fail"}, "failed", "The tool fail reports an error: it is broken"),
            ({"action": "die"}, "errored", "The MCP server plain ended."),
            ({"action": "huge"}, "errored", "the limit is"),
        ],
    )
    async def test_what_goes_wrong_has_its_kind_and_a_sentence(
        self, jobs: McpJobs, attempts: Attempts, job: dict[str, Any], failure: str, reason: str
    ) -> None:
        outcome, log = await attempts.run(jobs, {"mcp": "plain", **job})
        assert outcome.failure == failure
        assert reason in outcome.reason
        assert log

    async def test_an_unknown_server_is_an_error_naming_the_configured_ones(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        outcome, _ = await attempts.run(jobs, {"mcp": "security-scanner", "action": "scan"})
        assert outcome.failure == "errored"
        assert "configured are: code-linter, plain, secret" in outcome.reason

    async def test_a_call_that_takes_longer_than_the_attempt_timed_out(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        outcome, _ = await attempts.run(jobs, {"mcp": "plain", "action": "wait"}, seconds=0.5)
        assert outcome.failure == "timeout"
        assert "did not answer within" in outcome.reason


class TestResults:
    async def test_declared_outputs_are_taken_from_the_structured_result(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        job = {"mcp": "plain", "action": "echo", "arguments": {"a": [1]}}
        outcome, _ = await attempts.run(jobs, {**job, "outputs": ["count", "passed", "given"]})
        assert outcome.failure is None
        assert outcome.outputs == {"count": "2", "passed": "true", "given": '{"a": [1]}'}

    async def test_an_output_that_the_result_does_not_have_is_a_failure(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        job = {"mcp": "plain", "action": "echo", "outputs": ["count", "version"]}
        outcome, _ = await attempts.run(jobs, job)
        assert outcome.failure == "failed"
        assert outcome.reason == "The result has no version to hand on."
        assert outcome.outputs == {"count": "2"}

    async def test_an_output_that_is_too_large_is_an_error(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        arguments = {"text": "x" * 40_000}
        job = {"mcp": "plain", "action": "echo", "arguments": arguments, "outputs": ["given"]}
        outcome, _ = await attempts.run(jobs, job)
        assert outcome.failure == "errored"
        assert "The output given has more than" in outcome.reason

    async def test_a_secret_of_the_server_is_in_no_log_output_or_reason(
        self, jobs: McpJobs, attempts: Attempts
    ) -> None:
        job = {"mcp": "secret", "action": "environment", "outputs": ["TOKEN"]}
        arguments = {"guess": "treasure-chest/+?"}
        outcome, log = await attempts.run(jobs, {**job, "arguments": arguments})
        assert outcome.outputs == {"TOKEN": "***"}
        assert "treasure" not in log


class TestDryRun:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"pipeline_engine_mode": "dry-run"})

    @pytest.mark.parametrize(
        "job",
        [
            {"mcp": "code-linter", "config": "x.js"},
            {"mcp": "plain", "action": "lint_files", "config": "x.js"},
        ],
    )
    async def test_the_request_is_shown_and_nothing_is_started(
        self, connections: Connections, jobs: McpJobs, attempts: Attempts, job: dict[str, Any]
    ) -> None:
        write(attempts.workspace.checkout, "a.js")
        outcome, log = await attempts.run(jobs, job)
        assert (outcome.failure, outcome.metrics) == (None, {"dry_run": True})
        assert '"config": "x.js"' in log
        assert "It is not sent" in log
        assert (await connections.health()).figures["connected"] == 0


async def test_a_cancelled_job_leaves_no_call_behind(
    attempts: Attempts, settings: Settings, tmp_path: Path
) -> None:
    async with connected(linter=plain_server("good", str(tmp_path))) as connections:
        jobs = McpJobs(connections, settings, KnownReleases())
        async with attempts.attempt({"mcp": "linter", "action": "wait"}) as attempt:
            with told_of_waiting(tmp_path) as told:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(jobs.run, attempt)
                    await told()
                    tasks.cancel_scope.cancel()
        assert (await connections.health("linter")).figures["state"] == "idle"
