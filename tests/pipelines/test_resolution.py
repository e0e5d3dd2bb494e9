from pathlib import Path

import pytest

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.resolution import PlannedJob, Resolution, resolve
from gitops_auditor.pipelines.trigger_models import Event

EXAMPLE = (Path(__file__).parent / "document_example.yaml").read_text(encoding="utf-8")
PUSH = Event(type="push", branch="main")


def jobs_of(resolution: Resolution) -> dict[str, PlannedJob]:
    return {job.id: job for stage in resolution.stages for job in stage.jobs}


def one_job(fields: str, stage: str = "") -> str:
    return f"""\
name: x
stages:
  - name: first
    jobs: [{{name: a, script: x}}]
  - name: second
    {stage}
    jobs:
      - {{name: b, script: x, {fields}}}
"""


def test_the_example_deploys_on_main_only() -> None:
    definition = parse_definition(EXAMPLE)
    on_main = resolve(definition, PUSH)
    on_develop = resolve(definition, Event(type="push", branch="develop"))
    assert on_main.fires
    assert on_develop.fires
    assert {job.decision for job in jobs_of(on_main).values()} == {"run"}
    production = jobs_of(on_develop)["deploy/production"]
    assert production.decision == "skip"
    assert production.reason == (
        "The stage deploy is skipped. "
        "The condition `branch == 'main'` is false: branch is 'develop'."
    )
    assert jobs_of(on_develop)["test/unit-tests"].decision == "run"


def test_a_fork_whose_branch_is_called_main_does_not_deploy() -> None:
    event = Event(type="pull_request", branch="stranger:main", base_branch="main", action="opened")
    found = resolve(parse_definition(EXAMPLE), event)
    assert jobs_of(found)["deploy/production"].decision == "skip"


def test_what_does_not_fire_is_still_explained() -> None:
    found = resolve(parse_definition(EXAMPLE), Event(type="push", branch="feature/x"))
    assert not found.fires
    assert "feature/x" in found.reason
    assert jobs_of(found)["build/compile"].decision == "run"


@pytest.mark.parametrize(
    ("condition", "decision", "words"),
    [
        ("tag =~ /^v/", "skip", "there is no tag"),
        ("exists('yes')", "run", "yes exists"),
        ("exists('no')", "skip", "no does not exist"),
        ("exists('later')", "depends", "known only when"),
        ("success()", "run", "everything before it succeeds"),
        ("status == 'success'", "run", "everything before it succeeds"),
        ("failure()", "depends", "only when something before it fails"),
        ("always()", "run", "whatever happens"),
        ("failure() && branch == 'x'", "skip", "is false"),
        ("env.A == '1'", "run", "is true"),
        ("inputs.none == ''", "run", "there is no inputs.none"),
    ],
)
def test_a_condition_is_decided_or_what_it_depends_on_is_said(
    condition: str, decision: str, words: str
) -> None:
    files = {"yes": True, "no": False}
    text = one_job(f'condition: "{condition}", env: {{A: 1}}')
    job = jobs_of(resolve(parse_definition(text), PUSH, files.get))["second/b"]
    assert job.decision == decision
    assert words in job.reason


def test_a_job_that_needs_a_skipped_one_is_skipped_unless_it_asks_for_the_status() -> None:
    text = """\
name: x
stages:
  - name: s
    parallel: true
    jobs:
      - {name: a, script: x, condition: "branch == 'x'"}
      - {name: b, script: x, needs: a}
      - {name: c, script: x, needs: b}
      - {name: d, script: x, needs: a, condition: always()}
      - {name: e, script: x}
"""
    found = jobs_of(resolve(parse_definition(text), PUSH))
    assert [job.decision for job in found.values()] == ["skip", "skip", "skip", "run", "run"]
    assert found["s/c"].reason == "It needs s/b, which is skipped."
    assert [job.generation for job in found.values()] == [1, 2, 3, 2, 1]


def test_a_stage_that_depends_makes_its_jobs_depend() -> None:
    text = one_job("timeout: 5", stage="condition: failure()")
    assert jobs_of(resolve(parse_definition(text), PUSH))["second/b"].decision == "depends"


def test_rollback_depends_on_a_failure_and_always_runs() -> None:
    text = one_job("timeout: 5") + (
        "rollback: [{name: undo, script: x}]\nalways: [{name: clean, script: x}]\n"
    )
    found = jobs_of(resolve(parse_definition(text), PUSH))
    assert found["rollback/undo"].decision == "depends"
    assert found["always/clean"].decision == "run"


def test_a_matrix_is_listed_combination_by_combination() -> None:
    text = one_job("matrix: {py: [1, 2]}, condition: matrix.py == '1'")
    found = jobs_of(resolve(parse_definition(text), PUSH))
    assert found["second/b (py=1)"].decision == "run"
    assert found["second/b (py=2)"].decision == "skip"
    assert found["second/b (py=2)"].matrix == {"py": "2"}
