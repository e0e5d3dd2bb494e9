"""Jobs that ask GitHub for a release; what makes it is a list here, and a forge in the wiring."""

from typing import Any

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.jobs.mcp import McpJobs
from gitops_auditor.pipelines.trigger_models import Event
from tests.connections.wiring import connected
from tests.fakes import plain_server
from tests.pipelines.jobs.attempts import Attempts
from tests.pipelines.jobs.releasing import KnownReleases

JOB = {"mcp": "github", "action": "create-release"}
TAGGED = Event(type="push", tag="v1.2")


@pytest.fixture
def releases() -> KnownReleases:
    return KnownReleases(usable=True, taken="v0")


async def made(
    attempts: Attempts, settings: Settings, releases: KnownReleases, job: Any = JOB, **facts: Any
) -> tuple[Any, str]:
    async with connected() as connections:
        return await attempts.run(McpJobs(connections, settings, releases), job, **facts)


async def test_the_job_of_the_design_document_releases_the_tag_of_the_run(
    attempts: Attempts, settings: Settings, releases: KnownReleases
) -> None:
    outcome, log = await made(attempts, settings, releases, event=TAGGED)
    assert outcome.failure is None
    assert outcome.outputs["url"] == "https://hub/v1.2"
    assert "https://hub/v1.2" in log
    (order,) = releases.made
    assert order[1:] == ("r1", "v1.2", "c0ffee", "v1.2", "")


@pytest.mark.parametrize(
    ("inputs", "tag"), [({"version": "2.0"}, "2.0"), ({"tag": "t"}, "t"), ({"version": 3}, "3")]
)
async def test_a_run_without_a_tag_releases_what_its_input_names(
    attempts: Attempts,
    settings: Settings,
    releases: KnownReleases,
    inputs: dict[str, Any],
    tag: str,
) -> None:
    await made(attempts, settings, releases, inputs=inputs)
    assert [order.tag for order in releases.made] == [tag]


async def test_arguments_of_the_job_come_first(
    attempts: Attempts, settings: Settings, releases: KnownReleases
) -> None:
    arguments = {"tag_name": "v9", "name": "Nine", "body": "News"}
    job = {**JOB, "arguments": arguments, "outputs": ["url", "id"]}
    outcome, _ = await made(attempts, settings, releases, job, event=TAGGED)
    assert outcome.failure is None
    assert releases.made[0][2:] == ("v9", "c0ffee", "Nine", "News")


@pytest.mark.parametrize(
    ("job", "inputs", "reason"),
    [
        ({}, {}, "A release needs a tag, and the run has none."),
        ({}, {"version": 1.1}, "`version` of a release has to be text."),
        ({"arguments": {"tag_name": "a", "colour": "red"}}, {}, "takes no argument colour"),
        ({}, {"tag": "v0"}, "The tag names another commit."),
        ({"outputs": ["size"]}, {"tag": "v5"}, "A release has no size to hand on."),
    ],
)
async def test_what_cannot_be_released_fails_with_a_sentence(
    attempts: Attempts,
    settings: Settings,
    releases: KnownReleases,
    job: dict[str, Any],
    inputs: dict[str, Any],
    reason: str,
) -> None:
    outcome, log = await made(attempts, settings, releases, {**JOB, **job}, inputs=inputs)
    assert outcome.failure == "failed"
    assert reason in outcome.reason
    assert log


async def test_a_pull_request_from_a_fork_releases_nothing(
    attempts: Attempts, settings: Settings, releases: KnownReleases
) -> None:
    event = Event(type="pull_request", branch="stranger:main", base_branch="main")
    outcome, _ = await made(attempts, settings, releases, event=event, inputs={"tag": "v7"})
    assert (outcome.failure, releases.made) == ("failed", [])
    assert "comes from a fork" in outcome.reason


async def test_in_dry_run_mode_the_request_is_shown_and_not_sent(
    attempts: Attempts, settings: Settings, releases: KnownReleases
) -> None:
    dry = settings.model_copy(update={"pipeline_engine_mode": "dry-run"})
    outcome, log = await made(attempts, dry, releases, event=TAGGED)
    assert (outcome.failure, outcome.metrics) == (None, {"dry_run": True})
    assert "POST /releases v1.2 c0ffee" in log
    assert "It is not sent" in log
    assert releases.made == []


async def test_an_action_that_the_operator_configured_comes_first(
    attempts: Attempts, settings: Settings, releases: KnownReleases
) -> None:
    actions = {"create-release": {"tool": "echo", "arguments": {"tag": "{{ tag }}"}}}
    async with connected(github=plain_server(actions=actions)) as connections:
        jobs = McpJobs(connections, settings, releases)
        _, log = await attempts.run(jobs, JOB, event=TAGGED)
        assert "tool echo" in log
        assert releases.made == []
        other = {**JOB, "action": "create_release"}
        await attempts.run(jobs, other, event=TAGGED)
    assert [order.tag for order in releases.made] == ["v1.2"]


async def test_without_a_token_the_server_is_called_as_for_any_action(
    attempts: Attempts, settings: Settings
) -> None:
    outcome, _ = await made(attempts, settings, KnownReleases(), event=TAGGED)
    assert outcome.failure == "errored"
    assert "No MCP server github is configured" in outcome.reason
