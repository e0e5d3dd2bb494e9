"""Times of runs, stages and jobs; pure."""

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.engine.clock import RunClock
from gitops_auditor.pipelines.engine.deadlines import LEAST_SECONDS, Deadlines
from gitops_auditor.pipelines.engine.memory import Memory
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.states import initial

DEFINITION = parse_definition("""
name: p
timeout: 100
stages:
  - name: s
    timeout: 50
    jobs: [{name: a, script: x, timeout: 10}, {name: b, script: x}]
  - name: t
    jobs: [{name: c, script: x}]
always: [{name: d, script: x}]
""")
ARRANGEMENT = arrange(DEFINITION)


def left(job: str, now: float, most: float = 1000.0, **entered: float) -> float:
    memory = Memory(entered=entered)
    deadlines = Deadlines(DEFINITION, ARRANGEMENT, memory, most)
    return deadlines.left(ARRANGEMENT.jobs[job], now)


def test_an_attempt_has_the_least_of_what_job_stage_and_run_leave_it() -> None:
    assert left("s/a", 0) == 10
    assert left("s/b", 0) == 50
    assert left("s/a", 45, s=0) == 5
    assert left("s/b", 60, s=45) == 35
    assert left("t/c", 60) == 40
    assert left("t/c", 10, most=30) == 20


def test_an_attempt_always_has_some_time() -> None:
    assert left("t/c", 200) == LEAST_SECONDS


def test_what_comes_after_all_has_as_long_as_the_run_had() -> None:
    assert left("always/d", 150) == 100
    assert left("always/d", 200, always=150) == 50


def test_the_next_moment_is_that_of_a_stage_or_of_the_run() -> None:
    memory = Memory(entered={"s": 20})
    deadlines = Deadlines(DEFINITION, ARRANGEMENT, memory, 1000.0)
    state = initial(ARRANGEMENT)
    assert deadlines.following(state, 0) == 70
    assert deadlines.stages_over(state, 69.9) == []
    assert deadlines.stages_over(state, 70) == ["s"]
    assert not deadlines.is_run_over(99.9)
    assert deadlines.is_run_over(100)


def test_a_clock_counts_on_from_where_it_stood() -> None:
    moments = iter([1000.0, 1002.5])
    clock = RunClock(40.0, lambda: next(moments))
    assert clock.now() == 42.5
