from collections.abc import Mapping

import pytest

from gitops_auditor.pipelines.definition import parse_definition, read_definition
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.resolution import resolve
from gitops_auditor.pipelines.scheduling import Facts, advance
from gitops_auditor.pipelines.states import Finished, Started, apply, initial
from gitops_auditor.pipelines.trigger_models import Event

TEXT = """\
name: x
stages:
  - name: build
    parallel: true
    jobs:
      - {name: image-a, script: x, outputs: [version, kind]}
      - {name: check, script: x, needs: [image-a], condition: outputs.image-a.kind == 'app'}
      - {name: other, script: x, outputs: version, matrix: {a: [1, 2]}}
  - name: ship
    condition: outputs.image-a.version =~ /^2/
    jobs:
      - {name: image-a, script: x, outputs: [version]}
      - {name: push, script: x}
"""


def statuses(outputs: Mapping[str, str]) -> dict[str, str]:
    """How a run ends whose job `build/image-a` hands these on, and all others nothing."""
    definition = parse_definition(TEXT)
    arrangement = arrange(definition)
    state = initial(arrangement)
    known: dict[str, Mapping[str, str]] = {}
    facts = Facts(definition, Event(), {}, lambda _path: False, known)
    while (step := advance(arrangement, state, facts)).ready:
        ready = step.ready[0]
        state = apply(arrangement, step.state, Started(ready.job, ready.attempt))
        state = apply(arrangement, state, Finished(ready.job, ready.attempt))
        known[ready.job] = outputs if ready.job == "build/image-a" else {"version": "1"}
    return {name: one.status for name, one in step.state.jobs.items()}


def test_a_condition_asks_what_an_earlier_job_handed_on() -> None:
    found = statuses({"version": "2.1", "kind": "app"})
    assert set(found.values()) == {"success"}
    found = statuses({"version": "1.9", "kind": "lib"})
    skipped = [name for name, status in found.items() if status == "skipped"]
    assert skipped == ["build/check", "ship/image-a", "ship/push"]


def test_before_the_run_nobody_knows_what_is_handed_on() -> None:
    found = resolve(parse_definition(TEXT), Event())
    decisions = {job.id: job.decision for stage in found.stages for job in stage.jobs}
    assert decisions["build/image-a"] == "run"
    assert decisions["build/check"] == decisions["ship/push"] == "depends"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("outputs.nothing.version == ''", "no job `nothing` is over by then"),
        ("outputs.push.version == ''", "no job `push` is over by then"),
        ("outputs.other.version == ''", "or it has a matrix"),
        ("outputs.image-a.versoin == ''", "does not name `versoin` in its `outputs`"),
        ("outputs.version == ''", "as in `outputs.JOB.NAME`"),
        ("outputs == ''", "Say which one"),
    ],
)
def test_a_condition_that_asks_for_no_output_is_refused_with_its_place(
    condition: str, words: str
) -> None:
    text = TEXT.replace("outputs.image-a.version =~ /^2/", condition)
    found = read_definition(text, "p.yaml").problems
    assert words in found[0].message
    assert (found[0].line, found[0].column, len(found)) == (10, 5, 1)


def test_a_job_that_does_not_wait_for_another_cannot_ask_for_its_outputs() -> None:
    text = TEXT.replace("needs: [image-a], ", "")
    found = read_definition(text, "p.yaml").problems
    assert "name it in `needs`" in found[0].message
    assert found[0].line == 7
