"""What people read of a pull request that a plan opens. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from gitops_auditor.orchestrator.changes import BumpDependency, Change, RunScript
from gitops_auditor.orchestrator.records import Phase, Plan, Rendering, Step

MOST_FILES: Final = 30
MOST_TITLE: Final = 200


def title_of(plan: Plan) -> str:
    """One line."""
    text = " ".join((plan.title or _what(plan.request.change)).split())
    return text if len(text) <= MOST_TITLE else f"{text[: MOST_TITLE - 3]}..."


def body_of(plan: Plan, step: Step, rendering: Rendering, depends_on: Sequence[str]) -> str:
    """What is changed and why, and last, as trailers, the plan and the URLs it depends on."""
    parts = [
        f"{_what(plan.request.change)}.",
        _place(plan, rendering),
        _risk(plan.phase(rendering.phase)),
        "\n".join(_files(rendering)),
        f"<!-- {step.marker} -->",
        "\n".join([f"GitOps-Plan: {plan.id}", *(f"Depends-On: {url}" for url in depends_on)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _what(change: Change) -> str:
    if isinstance(change, BumpDependency):
        return f"Raise {change.name} to {change.version}"
    if isinstance(change, RunScript):
        return "Apply the change that a script makes"
    return f"Run {change.pipeline}"


def _place(plan: Plan, rendering: Rendering) -> str:
    return (
        f"Phase {rendering.phase} of {len(plan.phases)} of a plan for {len(plan.renderings)} "
        f"repositories, asked for by {plan.requested_by}. Made on {rendering.base_commit}."
    )


def _risk(phase: Phase) -> str:
    reasons = [f"- {one.reason}" for one in phase.risk.factors if one.points]
    return "\n".join([f"Risk: {phase.risk.level} ({phase.risk.score} of 100).", *reasons])


def _files(rendering: Rendering) -> Iterator[str]:
    if rendering.files:
        yield "Files:"
    for one in rendering.files[:MOST_FILES]:
        # A name with a backtick would end the code span.
        yield f"- `{one.path.replace('`', chr(39))}` ({one.status})"
    left_out = len(rendering.files) - MOST_FILES
    if left_out > 0:
        yield f"- and {left_out} more"
