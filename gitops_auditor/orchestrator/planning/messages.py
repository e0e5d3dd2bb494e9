"""What people read of a plan in its title and commits. Pure."""

from collections.abc import Sequence
from typing import Final

from gitops_auditor.orchestrator.changes import BumpDependency, RunPipeline
from gitops_auditor.orchestrator.requests import PlanRequest

MOST_SUBJECT: Final = 72


def subject_of(request: PlanRequest) -> str:
    """One line that says what is changed: the title given, else one made of the change."""
    change = request.change
    if request.title:
        text = request.title
    elif isinstance(change, BumpDependency):
        text = f"Bump {change.name} to {change.version}"
    elif isinstance(change, RunPipeline):
        text = f"Run {change.pipeline}"
    else:
        lines = [line.strip() for line in change.script.splitlines()]
        first = next((line for line in lines if line and not line.startswith("#")), "a script")
        text = f"Run {first}"
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= MOST_SUBJECT else f"{line[: MOST_SUBJECT - 3]}..."


def commit_message(request: PlanRequest, plan_id: str, depends_on: Sequence[str]) -> str:
    """The whole message of a rendered commit, with the plan and what it depends on as trailers."""
    trailers = [f"GitOps-Plan: {plan_id}", *(f"Depends-On: {one}" for one in depends_on)]
    return "\n".join([subject_of(request), "", *trailers, ""])
