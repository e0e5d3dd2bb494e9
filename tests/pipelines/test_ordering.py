from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.definition import read_definition
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import arrange, order_problems


def pipeline(stages: list[dict[str, Any]], **fields: Any) -> PipelineDefinition:
    return PipelineDefinition.model_validate({"name": "x", "stages": stages, **fields})


def job(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "script": "true", **fields}


def stage(name: str, *jobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": name, "jobs": list(jobs), **fields}


def test_stages_run_in_order_and_jobs_one_after_another() -> None:
    found = arrange(pipeline([stage("a", job("1"), job("2")), stage("b", job("1"))]))
    assert found.generations == (("a/1",), ("a/2",), ("b/1",))
    assert found.jobs["a/2"].follows == ("a/1",)
    assert found.stages["b"].after == ("a",)


def test_jobs_of_a_parallel_stage_run_at_once_except_for_what_they_need() -> None:
    jobs = [job("1", needs="3"), job("2"), job("3")]
    found = arrange(pipeline([stage("a", *jobs, parallel=True)]))
    assert found.generations == (("a/2", "a/3"), ("a/1",))


def test_a_stage_that_needs_another_does_not_wait_for_the_one_before_it() -> None:
    stages = [
        stage("a", job("1")),
        stage("b", job("1")),
        stage("c", job("1"), needs=["a"]),
        stage("d", job("1"), needs=[]),
        stage("e", job("1"), needs=["b", "c"]),
    ]
    found = arrange(pipeline(stages))
    assert found.generations == (("a/1", "d/1"), ("b/1", "c/1"), ("e/1",))
    assert found.stages["e"].before == {"a", "b", "c"}


def test_a_need_on_a_matrix_waits_for_every_combination() -> None:
    stages = [
        stage("t", job("unit", matrix={"py": ["1", "2"]})),
        stage("d", job("ship", needs="unit")),
    ]
    found = arrange(pipeline(stages))
    assert found.jobs["d/ship"].needs == ("t/unit (py=1)", "t/unit (py=2)")
    assert found.generations[0] == ("t/unit (py=1)", "t/unit (py=2)")
    assert found.jobs["t/unit (py=1)"].matrix == {"py": "1"}


def test_rollback_and_always_come_last() -> None:
    found = arrange(pipeline([stage("a", job("1"))], rollback=[job("undo")], always=[job("clean")]))
    assert found.generations == (("a/1",), ("rollback/undo",), ("always/clean",))
    assert [one.gate for one in found.stages.values()] == ["success", "failure", "always"]


@pytest.mark.parametrize(
    ("stages", "words", "location"),
    [
        ([stage("a", job("1")), stage("a", job("1"))], "two stages", ("stages", 1, "name")),
        ([stage("a", job("1"), job("1"))], "two jobs", ("stages", 0, "jobs", 1, "name")),
        (
            [stage("a", job("1"), needs=["bb"]), stage("bbb", job("1"))],
            "did you mean `bbb`",
            ("stages", 0, "needs", 0),
        ),
        (
            [stage("a", job("1", needs="later")), stage("b", job("later"))],
            "does not run before",
            ("stages", 0, "jobs", 0, "needs", 0),
        ),
        (
            [stage("a", job("x")), stage("b", job("x")), stage("c", job("y", needs="x"))],
            "`a/x` or `b/x`",
            ("stages", 2, "jobs", 0, "needs", 0),
        ),
        (
            [stage("a", job("1", needs="2"), job("2"))],
            "wait for each other",
            ("stages", 0, "jobs", 0, "needs"),
        ),
        (
            [stage("a", job("1", needs="1"))],
            "wait for each other",
            ("stages", 0, "jobs", 0, "needs"),
        ),
        (
            [stage("a", job("1"), needs=["b"]), stage("b", job("1"), needs=["a"])],
            "`a` waits for `b` waits for `a`",
            ("stages", 0, "needs"),
        ),
        (
            [stage("a", job("m", matrix={"x": ["1"]}), job("m (x=1)"))],
            "are called",
            ("stages", 0, "jobs", 1, "name"),
        ),
    ],
)
def test_what_has_no_order_is_reported_with_its_place(
    stages: list[dict[str, Any]], words: str, location: tuple[str | int, ...]
) -> None:
    definition = pipeline(stages)
    (found,) = order_problems(definition)
    assert words in found.message
    assert found.location == location
    with pytest.raises(InvalidRequest):
        arrange(definition)


def test_a_name_of_a_following_stage_is_taken() -> None:
    definition = pipeline([stage("always", job("1"))], always=[job("2")])
    assert "two stages named `always`" in order_problems(definition)[0].message


def test_more_jobs_than_can_be_ordered_are_refused() -> None:
    many = [job(f"j{number}", matrix={"x": list(range(200))}) for number in range(6)]
    (found,) = order_problems(pipeline([stage("s", *many[:5]), stage("t", many[5])]))
    assert "more than 1000 jobs" in found.message
    assert len(arrange(pipeline([stage("s", *many[:5])])).jobs) == 1000


def test_a_cycle_is_reported_with_line_and_column() -> None:
    text = """\
name: x
stages:
  - name: s
    parallel: true
    jobs:
      - {name: a, script: x, needs: [b]}
      - name: b
        script: x
        needs: [c]
      - {name: c, script: x, needs: [b]}
"""
    (found,) = read_definition(text).problems
    assert (found.line, found.column) in {(9, 9), (10, 30)}
    assert "`b`" not in found.message
    assert "`s/b`" in found.message
    assert "`s/c`" in found.message


@st.composite
def definitions(draw: st.DrawFn) -> PipelineDefinition:
    stages: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        names = [f"j{number}{index}" for index in range(draw(st.integers(1, 4)))]
        earlier = [one["name"] for known in stages for one in known["jobs"]]
        jobs = []
        for index, name in enumerate(names):
            options = names[:index] + (earlier if number else [])
            needs = draw(st.lists(st.sampled_from(options), max_size=2)) if options else []
            jobs.append(job(name, needs=needs))
        stages.append(stage(f"s{number}", *jobs, parallel=draw(st.booleans())))
    return pipeline(stages)


@given(definitions())
def test_every_job_comes_once_after_all_that_it_waits_for(definition: PipelineDefinition) -> None:
    found = arrange(definition)
    order = {name: at for at, names in enumerate(found.generations) for name in names}
    assert sum(len(names) for names in found.generations) == len(order) == len(found.jobs)
    flat = [name for names in found.order.values() for name in names]
    assert sorted(flat) == sorted(found.jobs)
    for spec in found.jobs.values():
        earlier = {
            one for name in found.stages[spec.stage].before for one in found.stages[name].jobs
        }
        for one in {*spec.follows, *spec.needs, *spec.upstream, *earlier}:
            assert order[one] < order[spec.id]
            assert flat.index(one) < flat.index(spec.id)
