"""What runs come to, said of their commits on a small GitHub."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.orchestrator.forges.forge import CommitStatus, CommitStatuses, Forges
from gitops_auditor.pipelines.records import Run
from gitops_auditor.repositories.models import Repository
from gitops_auditor.wiring.commit_statuses import RunStatuses, reports_statuses, status_of
from tests.factories.runs import RUN_SECONDS
from tests.wiring.github import OnGitHub, on_github

PIPELINE = """\
name: Checks
triggers: [push]
stages: [{name: one, jobs: [{name: says, script: "%s"}]}]
"""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Heard:
    """Forges that hand on what they are told, and note down a run's last word on a commit."""

    def __init__(self, forges: Forges) -> None:
        self.last_words: list[str] = []
        self.more = anyio.Event()
        self._forges = forges
        self._forge: CommitStatuses | None = None

    async def of(self, repository: Repository) -> Any:
        forge = await self._forges.of(repository)
        assert isinstance(forge, CommitStatuses)
        self._forge = forge
        return self

    async def set_status(self, repository: Repository, commit: str, status: CommitStatus) -> None:
        assert self._forge is not None
        try:
            await self._forge.set_status(repository, commit, status)
        finally:
            if status.state != "pending":
                self.last_words.append(status.state)
                self.more.set()

    async def until(self, word: str) -> None:
        with anyio.fail_after(RUN_SECONDS):
            while word not in self.last_words:
                await self.more.wait()
                self.more = anyio.Event()


def reporter(there: OnGitHub, forges: Any) -> RunStatuses:
    services = there.services
    return RunStatuses(
        services.settings,
        services.events,
        services.repositories,
        services.pipelines.runs.get,
        forges,
    )


async def test_a_run_is_said_of_its_commit_and_what_github_refuses_stops_nothing(
    settings: Settings, tmp_path: Path, runs_in: Path
) -> None:
    public = {"public_url": "https://auditor.example/"}
    async with on_github(settings, tmp_path, runs_in, **public) as there:
        heard = Heard(there.services.plans.forges)
        head = await there.services.events.head()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reporter(there, heard).follow, head)
            await there.project.define(PIPELINE % "false")
            unpushed = await there.project.run()
            await there.project.define(PIPELINE % "true")
            commit = await there.push()
            run = await there.project.run()
            await heard.until("success")
            tasks.cancel_scope.cancel()
    assert (unpushed.status, run.status) == ("failed", "success")
    assert [*there.hosted.statuses] == [commit]
    last = there.hosted.statuses[commit][-1]
    assert (last["context"], last["state"]) == ("gitops-auditor/Checks", "success")
    assert last["description"] == "Run 2 success"
    assert last["target_url"] == f"https://auditor.example/api/runs/{run.id}"


def a_run(**facts: Any) -> Run:
    given = {"id": "r", "pipeline_id": "p", "repository_id": "a", "run_number": 3} | facts
    return Run(created_at=NOW, pipeline_name="P", revision=1, **given)


@pytest.mark.parametrize(
    ("facts", "state", "description"),
    [
        ({"status": "pending"}, "pending", "Run 3 is under way"),
        ({"status": "running"}, "pending", "Run 3 is under way"),
        ({"status": "success"}, "success", "Run 3 success"),
        (
            {"status": "failed", "failure_kind": "failed", "reason": "Tests."},
            "failure",
            "Run 3 failed: Tests.",
        ),
        ({"status": "failed", "failure_kind": "timeout"}, "error", "Run 3 failed"),
        ({"status": "cancelled"}, "error", "Run 3 cancelled"),
    ],
)
def test_each_state_of_a_run_has_its_word(
    facts: dict[str, Any], state: str, description: str
) -> None:
    status = status_of(a_run(**facts))
    assert (status.state, status.description, status.url) == (state, description, "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"github_token": SecretStr("")}, False),
        ({"github_status_updates": False}, False),
        ({"pipeline_engine_mode": "dry-run"}, False),
    ],
)
def test_results_are_reported_only_where_that_is_wanted_and_possible(
    settings: Settings, changes: dict[str, Any], expected: bool
) -> None:
    wanted = {"github_token": SecretStr("t"), **changes}
    assert reports_statuses(settings.model_copy(update=wanted)) is expected
