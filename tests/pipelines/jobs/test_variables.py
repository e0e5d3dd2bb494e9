"""A job's variables tell it what it runs for."""

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.pipelines.jobs.variables import variables
from gitops_auditor.pipelines.trigger_models import Event
from tests.pipelines.jobs.attempts import Attempts


async def test_the_run_and_its_event_are_told(attempts: Attempts) -> None:
    event = Event(type="pull_request", branch="fork:topic", base_branch="main")
    async with attempts.attempt("true", event=event) as attempt:
        given = variables(attempt, {})
    assert given == {
        "GITOPS_RUN_ID": "run1",
        "GITOPS_RUN_NUMBER": "7",
        "GITOPS_PIPELINE_ID": "p1",
        "GITOPS_REPOSITORY": "r1",
        "GITOPS_BRANCH": "fork:topic",
        "GITOPS_BASE_BRANCH": "main",
        "GITOPS_TAG": "",
        "GITOPS_EVENT": "pull_request",
        "GITOPS_COMMIT": "c0ffee",
        "GITOPS_JOB_NAME": "job",
    }


async def test_matrix_inputs_and_outputs_are_told_in_capitals(attempts: Attempts) -> None:
    of = {
        "stages": [
            {
                "name": "build",
                "jobs": [{"name": "image", "script": "true", "matrix": {"arch": ["arm-64"]}}],
            }
        ]
    }
    job = {"script": "true", "matrix": {"py": ["3.11"]}}
    outputs = {"build/image (arch=arm-64)": {"version": "1.2"}, "later/job": {"x": "y"}}
    inputs = {"dry_run": True, "count": 3}
    async with attempts.attempt(job, of=of, outputs=outputs, inputs=inputs) as attempt:
        given = variables(attempt, {})
    told = {name: value for name, value in given.items() if not name.startswith("GITOPS_")}
    assert told == {
        "MATRIX_PY": "3.11",
        "INPUT_DRY_RUN": "true",
        "INPUT_COUNT": "3",
        "OUTPUT_IMAGE_ARCH_ARM_64_VERSION": "1.2",
    }


async def test_the_narrower_place_wins_and_facts_are_not_changed(attempts: Attempts) -> None:
    of = {"env": {"A": "pipeline", "B": "pipeline", "GITOPS_COMMIT": "forged"}}
    job = {"script": "true", "env": {"B": "job", "S": "plain"}}
    async with attempts.attempt(job, of=of) as attempt:
        given = variables(attempt, {"S": "secret"})
    assert (given["A"], given["B"], given["S"]) == ("pipeline", "job", "secret")
    assert given["GITOPS_COMMIT"] == "c0ffee"


async def test_a_null_character_is_refused(attempts: Attempts) -> None:
    async with attempts.attempt({"script": "true", "env": {"A": "\0"}}) as attempt:
        with pytest.raises(InvalidRequest, match="variable A"):
            variables(attempt, {})


async def test_the_platforms_own_variables_stay_with_it(
    scripts: ScriptJobs, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:password@host/name")
    _, log = await attempts.run(scripts, "env")
    assert "CI=true" in log
    assert "password" not in log
