"""Secrets reach the job, and nothing that leaves it."""

import base64

import pytest
from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.secret_store import SecretScope
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.pipelines.secrets import secret_store
from gitops_auditor.pipelines.trigger_models import Event
from tests.pipelines.jobs.attempts import Attempts
from tests.pipelines.jobs.conftest import AMBIENT

SECRET = AMBIENT["TOKEN"]
WITH_SECRET = {"secrets": ["TOKEN"]}
FORMS = [SECRET, base64.b64encode(SECRET.encode()).decode()[:-4], "treasure-chest%2F%2B%3F"]


async def test_a_secret_is_a_variable_of_the_job(scripts: ScriptJobs, attempts: Attempts) -> None:
    job = {"script": 'test "$TOKEN" = "treasure-chest/+?"', **WITH_SECRET}
    outcome, _ = await attempts.run(scripts, job)
    assert outcome.failure is None


@pytest.mark.parametrize(
    "script",
    [
        'echo "$TOKEN"',
        'echo "$TOKEN" >&2',
        'printf %s "$TOKEN" | base64',
        'printf "user:%s" "$TOKEN" | base64',
        "echo treasure-chest%2F%2B%3F",
        'for n in 1 2 3; do printf %s "treasure-"; sleep 0.05; printf "%s\\n" "chest/+?"; done',
        'printf "%s" "$TOKEN"',
    ],
)
async def test_no_form_of_a_secret_is_in_the_log(
    scripts: ScriptJobs, attempts: Attempts, script: str
) -> None:
    outcome, log = await attempts.run(scripts, {"script": script, **WITH_SECRET})
    assert outcome.failure is None
    assert "***" in log
    assert not [form for form in FORMS if form in log]


async def test_no_command_line_has_a_secret(scripts: ScriptJobs, attempts: Attempts) -> None:
    script = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f >>seen 2>/dev/null || true; done"
    await attempts.run(scripts, {"script": script, **WITH_SECRET})
    seen = (attempts.workspace.checkout / "seen").read_text(encoding="utf-8")
    assert "pipefail" in seen
    assert SECRET not in seen


async def test_outputs_are_masked(scripts: ScriptJobs, attempts: Attempts) -> None:
    script = 'echo "url=https://u:$TOKEN@host" >> $GITOPS_OUTPUT'
    outcome, _ = await attempts.run(scripts, {"script": script, "outputs": "url", **WITH_SECRET})
    assert outcome.outputs == {"url": "https://u:***@host"}


async def test_a_secret_that_cannot_be_had_starts_nothing_and_is_named(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    job = {"script": "touch started", "secrets": {"TOKEN": "TOKEN", "KEY": "DEPLOY_KEY"}}
    with pytest.raises(Unavailable, match="secret DEPLOY_KEY cannot be had") as refused:
        await attempts.run(scripts, job)
    assert SECRET not in str(refused.value)
    assert list(attempts.workspace.checkout.iterdir()) == []


async def test_a_secret_that_an_earlier_job_left_is_masked_too(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    await attempts.run(scripts, {"script": 'echo "$TOKEN" > left', **WITH_SECRET})
    _, log = await attempts.run(scripts, "cat left")
    assert SECRET not in log
    assert log.endswith("***\n")


async def test_secrets_of_the_definition_go_to_every_job(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    outcome, _ = await attempts.run(scripts, 'test -n "$TOKEN"', of=WITH_SECRET)
    assert outcome.failure is None


async def test_a_stored_secret_wins_over_a_variable(
    scripts: ScriptJobs, attempts: Attempts, settings: Settings
) -> None:
    scope = SecretScope(kind="repository", id="r1")
    await secret_store(settings).set(scope, "TOKEN", SecretStr("stored-value"))
    job = {"script": 'test "$TOKEN" = stored-value; echo $TOKEN', **WITH_SECRET}
    outcome, log = await attempts.run(scripts, job)
    assert outcome.failure is None
    assert log.endswith("***\n")


async def test_a_strangers_pull_request_gets_no_secret(
    scripts: ScriptJobs, attempts: Attempts
) -> None:
    event = Event(type="pull_request", branch="stranger:main", base_branch="main")
    job = {"script": 'test -z "${TOKEN+set}"', **WITH_SECRET}
    outcome, log = await attempts.run(scripts, job, event=event)
    assert outcome.failure is None
    assert "comes from a fork" in log
