import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_auditor.errors import Conflict, NotFound
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.reruns import (
    KEPT,
    Everything,
    FromJob,
    OnlyFailed,
    RerunScope,
    kept_jobs,
    rerun_state,
)
from gitops_auditor.pipelines.states import CancelRequested, RunState, RunTimedOut, initial
from tests.pipelines.runs import Run
from tests.pipelines.test_run_properties import Watched, definitions, play

CHAIN = """\
name: x
stages:
  - name: build
    parallel: true
    jobs: [{name: a, script: x}, {name: b, script: x}]
  - name: test
    parallel: true
    jobs:
      - {name: unit, script: x, matrix: {py: [1, 2]}}
      - {name: mac, script: x, condition: branch == 'mac'}
      - {name: docs, script: x}
  - name: deploy
    jobs: [{name: live, script: x, needs: [unit]}]
"""


def again(run: Run, scope: RerunScope) -> RunState:
    return rerun_state(run.arrangement, run.state, scope)


def to_run(state: RunState) -> list[str]:
    return [name for name, one in state.jobs.items() if one.status == "pending"]


class Resumed(Run):
    """A run that begins in the given state."""

    def __init__(
        self, definition: PipelineDefinition | str, state: RunState, files: str = ""
    ) -> None:
        super().__init__(definition, files=files)
        self.state = state
        self._advance()


def test_everything_runs_again_as_if_nothing_had_happened() -> None:
    run = Run(CHAIN).play()
    assert again(run, Everything()) == initial(run.arrangement)


def test_only_what_failed_and_what_follows_it_runs_again() -> None:
    run = Run(CHAIN).play({"test/unit (py=2)": "failed"})
    state = again(run, OnlyFailed())
    assert to_run(state) == ["test/unit (py=2)", "deploy/live"]
    assert kept_jobs(state) == ("build/a", "build/b", "test/unit (py=1)", "test/docs")
    assert state.jobs["build/a"].reason == KEPT
    assert state.jobs["test/mac"] == run.state.jobs["test/mac"]


def test_a_repeated_run_goes_on_from_what_is_kept() -> None:
    run = Run(CHAIN).play({"test/unit (py=2)": "failed"})
    second = Resumed(CHAIN, again(run, OnlyFailed()))
    assert second.names_ready() == ["test/unit (py=2)"]
    assert second.play().status() == "success"
    assert [name for name, _ in second.started] == ["test/unit (py=2)", "deploy/live"]


def test_a_repeated_run_can_be_repeated() -> None:
    run = Run(CHAIN).play({"test/unit (py=2)": "failed"})
    second = Resumed(CHAIN, again(run, OnlyFailed())).play({"deploy/live": "failed"})
    third = again(second, OnlyFailed())
    assert to_run(third) == ["deploy/live"]
    assert len(kept_jobs(third)) == 5


def test_from_a_job_on_everything_downstream_runs_again() -> None:
    run = Run(CHAIN).play()
    assert to_run(again(run, FromJob("test/docs"))) == ["test/docs", "deploy/live"]
    assert to_run(again(run, FromJob("test/unit (py=1)"))) == ["test/unit (py=1)", "deploy/live"]


def test_a_job_without_its_values_means_all_combinations() -> None:
    state = again(Run(CHAIN).play(), FromJob("test/unit"))
    assert to_run(state) == ["test/unit (py=1)", "test/unit (py=2)", "deploy/live"]


def test_from_a_job_on_what_did_not_succeed_elsewhere_runs_again_too() -> None:
    run = Run(CHAIN).play({"test/unit (py=2)": "lost"})
    state = again(run, FromJob("test/docs"))
    assert to_run(state) == ["test/unit (py=2)", "test/docs", "deploy/live"]


def test_what_was_cancelled_runs_again() -> None:
    run = Run(CHAIN)
    run.start("build/a")
    run.finish("build/a")
    run.report(CancelRequested())
    assert to_run(again(run, OnlyFailed())) == [
        name for name in run.arrangement.jobs if name != "build/a"
    ]


def test_what_a_run_had_no_time_for_runs_again_although_nothing_failed() -> None:
    run = Run(CHAIN)
    for job in ("build/a", "build/b"):
        run.start(job)
        run.finish(job)
    run.report(RunTimedOut())
    state = again(run, OnlyFailed())
    assert to_run(state) == list(run.arrangement.jobs)[2:]
    kept = RunState(run.state.jobs, status="failed", failure="timeout")
    assert rerun_state(run.arrangement, kept, OnlyFailed()) == state


@pytest.mark.parametrize(
    ("outcome", "scope", "words"),
    [
        (None, OnlyFailed(), "Nothing failed in that run"),
        ("failed", FromJob("test/units"), "no job 'test/units'"),
    ],
)
def test_what_cannot_be_repeated_is_refused(outcome: None, scope: RerunScope, words: str) -> None:
    run = Run(CHAIN).play({"build/a": outcome})
    with pytest.raises((Conflict, NotFound), match=words):
        again(run, scope)


def test_a_run_that_was_cancelled_too_late_has_nothing_to_repeat() -> None:
    run = Run("name: x\nstages: [{name: s, jobs: [{name: j, script: x}]}]")
    run.start("s/j")
    run.report(CancelRequested())
    run.finish("s/j")
    assert run.status() == "cancelled"
    with pytest.raises(Conflict, match="Nothing failed"):
        again(run, OnlyFailed())


def test_a_run_that_goes_on_is_not_repeated_in_part() -> None:
    run = Run(CHAIN)
    run.start("build/a")
    with pytest.raises(Conflict, match="is running"):
        again(run, OnlyFailed())


def test_a_run_of_other_jobs_is_not_repeated_in_part() -> None:
    run = Run(CHAIN).play({"build/a": "failed"})
    other = Run(CHAIN.replace("name: b", "name: c"))
    with pytest.raises(Conflict, match="other jobs"):
        rerun_state(other.arrangement, run.state, OnlyFailed())


@given(data=st.data(), definition=definitions(), files=st.sampled_from(["", "file"]))
@settings(max_examples=300, deadline=None)
def test_no_kept_job_waits_for_one_that_runs_again_and_the_end_is_that_of_a_whole_run(
    data: st.DataObject, definition: PipelineDefinition, files: str
) -> None:
    run = Watched(definition, files)
    play(data, run, interrupt=data.draw(st.booleans()))
    scopes: list[RerunScope] = [FromJob(data.draw(st.sampled_from(sorted(run.arrangement.jobs))))]
    if run.status() == "failed" and "failed" in run.statuses().values():
        scopes.append(OnlyFailed())
    scope = data.draw(st.sampled_from(scopes))
    state = again(run, scope)
    waiting = set(to_run(state))
    assert waiting
    for name in state.jobs.keys() - waiting:
        spec = run.arrangement.jobs[name]
        stages = run.arrangement.stages[spec.stage].before
        assert waiting.isdisjoint({*spec.follows, *spec.needs, *spec.upstream})
        assert all(run.arrangement.jobs[one].stage not in stages for one in waiting)
    second = Resumed(definition, state, files).play()
    assert second.statuses() == Run(definition, files=files).play().statuses()
    assert {name for name, _ in second.started}.isdisjoint(kept_jobs(state))
