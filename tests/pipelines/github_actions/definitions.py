"""Definitions, generated: any stages and jobs that a file can say, in an order that exists."""

from typing import Any

from hypothesis import strategies as st

from gitops_auditor.pipelines.models import PipelineDefinition

_NAMES = st.text("abcXYZ019 ._-", min_size=1, max_size=8).map(str.strip).filter(bool)
_CONDITIONS = st.sampled_from(
    [
        None,
        "branch == 'main'",
        "tag =~ /^v/ && !exists('.skip')",
        "failure()",
        "always()",
        "event != 'schedule' || env.CI",
        "inputs.target == 'x'",
        "tag =~ /v[0-9]+/",
        "status == 'success'",
    ]
)


@st.composite
def definitions(draw: st.DrawFn, *, conditions: bool = True) -> PipelineDefinition:
    """A definition with up to four stages; its names are unique, its order exists."""
    names = draw(st.lists(_NAMES, min_size=2, max_size=14, unique=True))
    count = draw(st.integers(1, min(4, len(names) - 1)))
    stage_names, job_names = names[:count], names[count:]
    stages: list[dict[str, Any]] = [
        {"name": name, "jobs": [], "parallel": draw(st.booleans())} for name in stage_names
    ]
    for index, name in enumerate(job_names):
        place = index if index < count else draw(st.integers(0, count - 1))
        stage = stages[place % count]
        earlier = [job["name"] for job in stage["jobs"]]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        condition = draw(_CONDITIONS) if conditions else None
        stage["jobs"].append({"name": name, "script": "true", "needs": needs})
        if condition:
            stage["jobs"][-1]["condition"] = condition
    stages = [stage for stage in stages if stage["jobs"]]
    for index, stage in enumerate(stages):
        if index and draw(st.booleans()):
            before = st.sampled_from([one["name"] for one in stages[:index]])
            stage["needs"] = draw(st.lists(before, unique=True))
        condition = draw(_CONDITIONS) if conditions else None
        if condition:
            stage["condition"] = condition
    return PipelineDefinition.model_validate({"name": "generated", "stages": stages})
