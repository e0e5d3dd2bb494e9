import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.states import unwanted
from tests.pipelines.runs import Run

FAST = """\
name: x
stages:
  - name: s
    parallel: true
    jobs:
      - name: t
        script: x
        retries: {limit: 1, on: errored}
        matrix: {py: [1, 2, 3], fail_fast: true}
      - {name: o, script: x, matrix: {py: [1, 2]}}
  - name: after
    jobs: [{name: a, script: x}]
always: [{name: clean, script: x}]
"""
ONE, TWO, THREE = (f"s/t (py={number})" for number in (1, 2, 3))


def test_a_matrix_goes_on_after_a_failure_unless_it_is_to_fail_fast() -> None:
    other, fast = (parse_definition(FAST).stages[0].jobs[index].matrix for index in (1, 0))
    assert other is not None
    assert fast is not None
    assert (other.fail_fast, fast.fail_fast) == (False, True)
    assert fast.axes == {"py": ("1", "2", "3")}


def test_a_failure_ends_what_has_not_started_and_names_what_is_to_be_ended() -> None:
    run = Run(FAST)
    run.start(ONE)
    run.start(TWO)
    run.finish(ONE, "failed")
    assert unwanted(run.arrangement, run.state) == {TWO}
    assert run.state.jobs[THREE].status == "cancelled"
    assert run.state.jobs[THREE].reason == f"{ONE} failed, and its matrix fails fast."
    assert run.names_ready() == ["s/o (py=1)", "s/o (py=2)"]


def test_what_was_ended_is_cancelled_and_not_tried_again() -> None:
    run = Run(FAST)
    run.start(ONE)
    run.start(TWO)
    run.finish(ONE, "failed")
    run.finish(TWO, "errored")
    assert run.state.jobs[TWO].status == "cancelled"
    assert unwanted(run.arrangement, run.state) == frozenset()
    run.play()
    assert run.status() == "failed"
    assert run.state.broken == (ONE,)
    assert run.statuses()["after/a"] == "skipped"
    assert run.statuses()["always/clean"] == "success"


def test_what_succeeds_before_it_is_ended_has_succeeded() -> None:
    run = Run(FAST)
    run.start(ONE)
    run.start(TWO)
    run.finish(ONE, "failed")
    run.finish(TWO)
    assert run.state.jobs[TWO].status == "success"


def test_a_combination_that_is_tried_again_ends_nothing_yet() -> None:
    run = Run(FAST)
    run.start(ONE)
    run.start(TWO)
    run.finish(ONE, "errored")
    assert unwanted(run.arrangement, run.state) == frozenset()
    assert run.state.jobs[THREE].status == "pending"


@pytest.mark.parametrize("field", ["allow_failure: true", "condition: always()"])
def test_only_a_failure_that_is_not_allowed_ends_the_others(field: str) -> None:
    text = FAST.replace("retries: {limit: 1, on: errored}", field)
    run = Run(text)
    run.start(ONE)
    run.finish(ONE, "failed")
    is_allowed = field.startswith("allow")
    assert run.state.jobs[TWO].status == ("pending" if is_allowed else "cancelled")


@given(outcomes=st.dictionaries(st.sampled_from([ONE, TWO, THREE]), st.just("failed")))
def test_a_run_with_such_a_matrix_ends_and_fails_exactly_when_something_failed(
    outcomes: dict[str, str],
) -> None:
    run = Run(FAST).play(dict.fromkeys(outcomes, "failed"))
    assert run.state.is_final
    assert run.status() == ("failed" if outcomes else "success")
    assert len(run.state.broken) == min(len(outcomes), 1)
