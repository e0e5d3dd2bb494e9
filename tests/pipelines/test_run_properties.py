"""Properties of every run: whatever is reported, in whatever order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.resolution import resolve
from gitops_auditor.pipelines.states import (
    MAX_LOST,
    CancelRequested,
    Event,
    Finished,
    RunState,
    RunTimedOut,
    StageTimedOut,
    Started,
)
from gitops_auditor.pipelines.trigger_models import Event as TriggerEvent
from tests.pipelines.runs import Run

CONDITIONS = [
    None,
    None,
    None,
    "always()",
    "failure()",
    "status == 'success'",
    "branch == 'main'",
    "branch == 'other'",
    "exists('file') || failure()",
]
OUTCOMES: list[FailureKind | None] = [None, None, None, "failed", "errored", "timeout", "lost"]
MAX_RETRIES = 2


def job(draw: st.DrawFn, name: str, earlier: list[str]) -> dict[str, Any]:
    needs = draw(st.lists(st.sampled_from(earlier), max_size=2)) if earlier else []
    kind = draw(st.sampled_from([{"script": "x"}, {"mcp": "server"}]))
    return {
        "name": name,
        "needs": needs,
        "condition": draw(st.sampled_from(CONDITIONS)),
        "allow_failure": draw(st.integers(0, 4)) == 0,
        "retries": draw(st.integers(0, MAX_RETRIES)),
        **kind,
    }


def stage(draw: st.DrawFn, number: int, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    names = [f"j{number}{index}" for index in range(draw(st.integers(1, 3)))]
    stages = [one["name"] for one in earlier]
    needs = draw(st.none() | st.lists(st.sampled_from(stages), max_size=2)) if stages else None
    return {
        "name": f"s{number}",
        "parallel": draw(st.booleans()),
        "condition": draw(st.sampled_from(CONDITIONS)),
        "allow_failure": draw(st.integers(0, 4)) == 0,
        "needs": needs,
        "jobs": [job(draw, name, names[:index]) for index, name in enumerate(names)],
    }


@st.composite
def definitions(draw: st.DrawFn) -> PipelineDefinition:
    stages: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        stages.append(stage(draw, number, stages))
    two = [{"name": name, "script": "x"} for name in ("f1", "f2")]
    following = st.sampled_from([[], two])
    fields = {"rollback": draw(following), "always": draw(following)}
    return PipelineDefinition.model_validate({"name": "x", "stages": stages, **fields})


class Watched(Run):
    """A run that checks what may never happen after each event."""

    def __init__(self, definition: PipelineDefinition, files: str) -> None:
        super().__init__(definition, files=files)
        self.cancelled_at: int | None = None

    @override
    def report(self, event: Event) -> None:
        before = self.state
        super().report(event)
        self._check_finals(before)
        if isinstance(event, Started):
            self._check_start(event, before)
        if isinstance(event, CancelRequested):
            self.cancelled_at = len(self.started)

    def _check_finals(self, before: RunState) -> None:
        for name, one in before.jobs.items():
            assert not one.is_final or self.state.jobs[name] == one
        if before.is_final:
            assert self.state == before
        if self.state.is_final:
            assert all(one.is_final for one in self.state.jobs.values())
            assert not self.ready

    def _check_start(self, event: Started, before: RunState) -> None:
        assert not before.is_cancelled
        spec = self.arrangement.jobs[event.job]
        for name in self.arrangement.stages[spec.stage].before:
            assert all(before.jobs[one].is_final for one in self.arrangement.stages[name].jobs)
        assert all(before.jobs[one].is_final for one in (*spec.follows, *spec.needs))


def play(data: st.DataObject, run: Watched, *, interrupt: bool) -> None:
    for _ in range(500):
        running = [name for name, one in run.state.jobs.items() if one.status == "running"]
        if not run.ready and not running:
            return
        if interrupt and data.draw(st.integers(0, 9)) == 0:
            run.report(interruption(data, run))
        elif run.ready and (not running or data.draw(st.booleans())):
            run.start(data.draw(st.sampled_from(run.names_ready())))
        elif running:
            finish(data, run, running)
    raise AssertionError("the run does not end")


def interruption(data: st.DataObject, run: Watched) -> Event:
    stage_name = data.draw(st.sampled_from(sorted(run.arrangement.stages)))
    job_name = data.draw(st.sampled_from(sorted(run.arrangement.jobs)))
    stale = Finished(job_name, run.state.jobs[job_name].attempt - 1, "failed")
    events: list[Event] = [CancelRequested(), RunTimedOut(), StageTimedOut(stage_name), stale]
    return data.draw(st.sampled_from(events))


def finish(data: st.DataObject, run: Watched, running: list[str]) -> None:
    name = data.draw(st.sampled_from(running))
    run.report(Finished(name, run.state.jobs[name].attempt, data.draw(st.sampled_from(OUTCOMES))))


@given(
    data=st.data(),
    definition=definitions(),
    files=st.sampled_from(["", "file"]),
    interrupt=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_every_run_ends_in_order_and_nothing_happens_twice(
    data: st.DataObject, definition: PipelineDefinition, files: str, interrupt: bool
) -> None:
    run = Watched(definition, files)
    play(data, run, interrupt=interrupt)
    assert run.state.is_final
    assert len(set(run.started)) == len(run.started)
    assert run.cancelled_at in (None, len(run.started))
    for name, one in run.state.jobs.items():
        assert one.attempt <= 1 + MAX_RETRIES + MAX_LOST
        assert [found for found in run.started if found[0] == name] == [
            (name, number) for number in range(1, one.attempt + 1)
        ]


@given(data=st.data(), definition=definitions())
@settings(max_examples=100, deadline=None)
def test_a_run_fails_exactly_when_something_failed_that_may_not(
    data: st.DataObject, definition: PipelineDefinition
) -> None:
    run = Watched(definition, "")
    play(data, run, interrupt=False)
    failures = [
        name
        for name, one in run.state.jobs.items()
        if one.status == "failed"
        and not run.arrangement.jobs[name].job.allow_failure
        and not run.arrangement.stages[run.arrangement.jobs[name].stage].stage.allow_failure
    ]
    assert run.status() == ("failed" if failures else "success")
    assert (run.state.failure is None) == (not failures)


@given(data=st.data(), definition=definitions())
@settings(max_examples=100, deadline=None)
def test_always_jobs_run_unless_the_run_was_cancelled(
    data: st.DataObject, definition: PipelineDefinition
) -> None:
    run = Watched(definition, "")
    play(data, run, interrupt=True)
    always = [one for one in run.state.jobs if one.startswith("always/")]
    is_late = "always" in run.state.late_stages
    if not run.state.is_cancelled and not is_late:
        assert all(run.state.jobs[one].attempt >= 1 for one in always)


@given(definition=definitions(), files=st.sampled_from(["", "file"]))
@settings(max_examples=100, deadline=None)
def test_a_run_without_failures_does_what_was_foretold(
    definition: PipelineDefinition, files: str
) -> None:
    event = TriggerEvent(type="push", branch="main")
    foretold = resolve(definition, event, lambda path: path in files.split())
    run = Watched(definition, files).play()
    expected = {"run": "success", "skip": "skipped", "depends": "skipped"}
    for job in (job for stage in foretold.stages for job in stage.jobs):
        assert run.statuses()[job.id] == expected[job.decision], job.reason
