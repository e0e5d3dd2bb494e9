import pytest

from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.states import (
    MAX_LOST,
    CancelRequested,
    Finished,
    InvalidTransition,
    RunTimedOut,
    StageTimedOut,
    Started,
    apply,
)
from tests.pipelines.runs import Run

TWO_STAGES = """\
name: x
stages:
  - name: one
    parallel: true
    jobs: [{name: a, script: x}, {name: b, script: x}]
  - name: two
    jobs: [{name: c, script: x}, {name: d, script: x}]
"""


def single(fields: str) -> str:
    return f"name: x\nstages: [{{name: s, jobs: [{{name: j, {fields}}}]}}]\n"


def test_a_run_without_failures_succeeds() -> None:
    run = Run(TWO_STAGES)
    assert run.status() == "pending"
    assert run.names_ready() == ["one/a", "one/b"]
    run.start("one/a")
    assert run.status() == "running"
    assert run.names_ready() == ["one/b"]
    run.play()
    run.finish("one/a")
    assert run.names_ready() == ["two/c"]
    run.play()
    assert run.status() == "success"
    assert set(run.statuses().values()) == {"success"}


def test_a_failure_skips_what_comes_later_and_fails_the_run() -> None:
    run = Run(TWO_STAGES).play({"one/a": "failed"})
    assert run.statuses() == {
        "one/a": "failed",
        "one/b": "success",
        "two/c": "skipped",
        "two/d": "skipped",
    }
    assert (run.status(), run.state.failure) == ("failed", "failed")
    assert run.state.jobs["two/d"].reason == "one/a failed."


def test_an_exception_in_a_parallel_job_fails_its_stage() -> None:
    run = Run(TWO_STAGES).play({"one/b": "errored"})
    assert run.stage_status("one") == "failed"
    assert run.stage_status("two") == "skipped"
    assert (run.status(), run.state.failure) == ("failed", "errored")


def test_a_false_condition_is_skipped_and_the_run_succeeds() -> None:
    text = (
        TWO_STAGES + "  - {name: deploy, condition: branch == 'x', jobs: [{name: e, script: x}]}\n"
    )
    run = Run(text).play()
    assert run.status() == "success"
    assert run.state.jobs["deploy/e"].status == "skipped"
    assert "branch is 'main'" in run.state.jobs["deploy/e"].reason
    assert run.stage_status("deploy") == "skipped"


def test_a_run_in_which_everything_is_skipped_succeeds() -> None:
    run = Run(single("script: x, condition: exists('no')"))
    assert (run.status(), run.names_ready()) == ("success", [])


def test_a_file_that_exists_lets_the_job_run() -> None:
    assert Run(single("script: x, condition: exists('yes')"), files="yes").names_ready() == ["s/j"]


def test_a_failure_that_is_allowed_changes_nothing() -> None:
    text = """\
name: x
stages:
  - name: s
    jobs:
      - {name: a, script: x, allow_failure: true}
      - {name: b, script: x, needs: a}
  - {name: soft, allow_failure: true, jobs: [{name: c, script: x}, {name: d, script: x}]}
  - {name: last, jobs: [{name: e, script: x}]}
"""
    run = Run(text).play({"s/a": "failed", "soft/c": "failed"})
    assert run.status() == "success"
    assert run.statuses() == {
        "s/a": "failed",
        "s/b": "success",
        "soft/c": "failed",
        "soft/d": "skipped",
        "last/e": "success",
    }


def test_conditions_on_the_status_replace_the_implicit_one() -> None:
    text = (
        TWO_STAGES
        + """\
  - name: report
    parallel: true
    jobs:
      - {name: bad, script: x, condition: failure()}
      - {name: good, script: x, condition: status == 'success'}
      - {name: any, script: x, condition: always()}
      - {name: plain, script: x}
"""
    )
    failed, passed = Run(text).play({"one/a": "failed"}).statuses(), Run(text).play().statuses()
    names = ["report/bad", "report/good", "report/any", "report/plain"]
    assert [failed[name] for name in names] == ["success", "skipped", "success", "skipped"]
    assert [passed[name] for name in names] == ["skipped", "success", "success", "success"]


def test_rollback_runs_after_a_failure_and_always_in_any_case() -> None:
    text = (
        TWO_STAGES
        + """\
rollback: [{name: undo1, script: x}, {name: undo2, script: x}]
always: [{name: clean1, script: x}, {name: clean2, script: x}]
"""
    )
    failed = Run(text).play(
        {"two/c": "failed", "rollback/undo1": "failed", "always/clean1": "lost"}
    )
    assert failed.statuses()["rollback/undo2"] == "success"
    assert failed.statuses()["always/clean2"] == "success"
    assert failed.status() == "failed"
    passed = Run(text).play()
    assert passed.state.jobs["rollback/undo1"].status == "skipped"
    assert passed.state.jobs["rollback/undo1"].reason == "Nothing before it failed."
    assert passed.state.jobs["always/clean1"].status == "success"
    assert passed.status() == "success"


def test_a_job_is_tried_again_with_growing_waits() -> None:
    run = Run(single("script: x, retries: {limit: 2, delay: 3}"))
    waits = []
    for _ in range(3):
        waits.append(run.ready[0].wait)
        run.start("s/j")
        run.finish("s/j", "failed")
    assert waits == [0, 3, 6]
    assert run.started == [("s/j", 1), ("s/j", 2), ("s/j", 3)]
    assert run.status() == "failed"


def test_a_later_attempt_that_succeeds_makes_the_run_succeed() -> None:
    run = Run(single("script: x, retries: 1"))
    run.start("s/j")
    run.finish("s/j", "timeout")
    assert run.status() == "running"
    run.play()
    assert run.status() == "success"
    assert run.state.jobs["s/j"].failure is None


def test_only_the_failures_that_are_named_are_retried() -> None:
    run = Run(single("script: x, retries: {limit: 2, on: errored}"))
    run.start("s/j")
    run.finish("s/j", "failed")
    assert run.status() == "failed"


def test_a_lost_job_runs_again_without_using_up_retries_until_it_is_the_likely_cause() -> None:
    run = Run(single("script: x"))
    for _ in range(MAX_LOST):
        run.start("s/j")
        run.finish("s/j", "lost")
    assert (run.status(), run.state.failure) == ("failed", "lost")
    assert len(run.started) == MAX_LOST


@pytest.mark.parametrize(
    ("fields", "again"), [("mcp: m", False), ("mcp: m, idempotent: true", True)]
)
def test_a_lost_call_of_a_server_runs_again_only_when_it_may(fields: str, again: bool) -> None:
    run = Run(single(fields))
    run.start("s/j")
    run.finish("s/j", "lost")
    assert bool(run.ready) is again


def test_a_cancelled_run_starts_nothing_and_ends_when_the_last_job_has() -> None:
    run = Run(TWO_STAGES + "always: [{name: clean, script: x}]\n")
    run.start("one/a")
    run.report(CancelRequested())
    assert (run.status(), run.names_ready()) == ("running", [])
    run.report(CancelRequested())
    run.finish("one/a", "failed")
    assert run.status() == "cancelled"
    assert set(run.statuses().values()) == {"cancelled"}


def test_a_job_that_succeeds_although_the_run_was_cancelled_has_succeeded() -> None:
    run = Run(TWO_STAGES)
    run.start("one/a")
    run.report(CancelRequested())
    run.finish("one/a")
    assert run.statuses()["one/a"] == "success"
    assert run.status() == "cancelled"


def test_a_run_cancelled_before_its_start_is_over_at_once() -> None:
    run = Run(TWO_STAGES)
    run.report(CancelRequested())
    assert run.status() == "cancelled"


@pytest.mark.parametrize("failure", ["failed", "lost"])
def test_nothing_is_retried_once_the_run_is_cancelled(failure: FailureKind) -> None:
    run = Run(single("script: x, retries: 3"))
    run.start("s/j")
    run.report(CancelRequested())
    run.finish("s/j", failure)
    assert run.status() == "cancelled"


def test_when_the_time_of_the_run_is_up_only_what_follows_failures_starts() -> None:
    run = Run(TWO_STAGES + "always: [{name: clean, script: x}]\n")
    run.start("one/a")
    run.report(RunTimedOut())
    assert run.statuses()["one/b"] == "skipped"
    run.finish("one/a", "timeout")
    assert run.names_ready() == ["always/clean"]
    run.play()
    assert (run.status(), run.state.failure) == ("failed", "timeout")


def test_what_waits_for_another_attempt_has_failed_when_the_time_is_up() -> None:
    run = Run(single("script: x, retries: 3"))
    run.start("s/j")
    run.finish("s/j", "errored")
    run.report(RunTimedOut())
    assert run.state.jobs["s/j"].failure == "errored"
    assert (run.status(), run.state.failure) == ("failed", "timeout")


def test_when_the_time_of_a_stage_is_up_the_rest_of_it_has_failed() -> None:
    run = Run(TWO_STAGES)
    run.start("one/a")
    run.report(StageTimedOut("one"))
    assert run.state.jobs["one/b"].failure == "timeout"
    run.finish("one/a", "timeout")
    assert run.statuses()["two/c"] == "skipped"
    assert (run.status(), run.state.failure) == ("failed", "timeout")


def test_reports_of_attempts_that_are_over_change_nothing() -> None:
    run = Run(single("script: x, retries: 1"))
    run.start("s/j")
    run.finish("s/j", "failed")
    before = run.state
    run.report(Finished("s/j", 1))
    assert run.state == before
    run.play()
    over = run.state
    for event in (
        Finished("s/j", 2, "failed"),
        CancelRequested(),
        RunTimedOut(),
        StageTimedOut("s"),
    ):
        assert apply(run.arrangement, over, event) == over


def test_a_report_of_an_earlier_attempt_does_not_end_the_present_one() -> None:
    run = Run(single("script: x, retries: 1"))
    run.start("s/j")
    run.finish("s/j", "failed")
    run.start("s/j")
    run.report(Finished("s/j", 1, "failed"))
    assert run.statuses() == {"s/j": "running"}


def test_a_job_that_needs_a_skipped_one_is_skipped_and_the_run_goes_on() -> None:
    text = """\
name: x
stages:
  - name: s
    parallel: true
    jobs:
      - {name: a, script: x, condition: branch == 'other'}
      - {name: b, script: x, needs: a}
      - {name: c, script: x, needs: a, condition: always()}
  - {name: t, jobs: [{name: d, script: x}]}
"""
    run = Run(text).play()
    assert list(run.statuses().values()) == ["skipped", "skipped", "success", "success"]
    assert run.state.jobs["s/b"].reason == "It needs s/a, which was skipped."
    assert run.status() == "success"


def test_a_stage_that_asks_for_the_status_decides_for_its_jobs() -> None:
    text = (
        TWO_STAGES
        + """\
  - name: mend
    condition: failure()
    jobs: [{name: e, script: x}, {name: f, script: x}]
"""
    )
    run = Run(text).play({"one/a": "failed", "mend/e": "failed"})
    assert (run.statuses()["mend/e"], run.statuses()["mend/f"]) == ("failed", "skipped")
    assert run.started[-1] == ("mend/e", 1)
    assert Run(text).play().statuses()["mend/e"] == "skipped"


def test_an_attempt_cannot_start_twice_or_out_of_turn() -> None:
    run = Run(TWO_STAGES)
    run.start("one/a")
    for event in (
        Started("one/a", 1),
        Started("one/a", 2),
        Started("two/c", 1),
        Started("one/b", 2),
    ):
        with pytest.raises(InvalidTransition):
            apply(run.arrangement, run.state, event)
    run.report(CancelRequested())
    with pytest.raises(InvalidTransition):
        apply(run.arrangement, run.state, Started("one/b", 1))


def test_a_condition_that_cannot_be_told_is_an_error_of_the_machinery() -> None:
    text = single("script: x, condition: env.LONG =~ /a/").replace(
        "name: x\n", f"name: x\nenv: {{LONG: {'a' * 5000}}}\n"
    )
    run = Run(text)
    assert (run.status(), run.state.failure) == ("failed", "errored")
    assert "cannot be told" in run.state.jobs["s/j"].reason


def test_what_is_ready_stays_ready_when_asked_again() -> None:
    run = Run(TWO_STAGES)
    first = run.ready
    run.report(Finished("one/a", 7))
    assert run.ready == first
