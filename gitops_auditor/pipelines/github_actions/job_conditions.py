"""When a job runs, as GitHub's `if:` of the job and of its steps."""

from typing import NamedTuple

from gitops_auditor.pipelines.conditions import Condition
from gitops_auditor.pipelines.github_actions.expressions import (
    CannotSay,
    Facts,
    compares_texts,
    is_of_steps,
    said,
)
from gitops_auditor.pipelines.github_actions.job_graph import PlacedJob
from gitops_auditor.pipelines.github_actions.trigger_export import Report

_NEVER = "false"


class When(NamedTuple):
    """Expressions without their braces, empty where nothing is to be asked."""

    job: str
    steps: str


def when(placed: PlacedJob, facts: Facts, report: Report) -> When:
    """When the job and its steps run. What cannot be said is reported, and never holds."""
    parts = [_said(one, path, facts, report) for one, path in _conditions(placed)]
    own = [one.job for one in parts if one.job]
    steps = [one.steps for one in parts if one.steps]
    guards = _guards(placed)
    if not own and guards == _plain_guards() and not placed.after_skippable:
        return When("", " && ".join(steps))
    return When(" && ".join([*guards, *own]), " && ".join(steps))


def _conditions(placed: PlacedJob) -> list[tuple[Condition, str]]:
    found = []
    if placed.stage.condition is not None:
        found.append((placed.stage.condition, f"stages.{placed.stage.name}.condition"))
    if placed.spec.condition is not None:
        found.append((placed.spec.condition, f"{placed.path}.condition"))
    return found


def _said(condition: Condition, path: str, facts: Facts, report: Report) -> When:
    try:
        text = said(condition, facts)
    except CannotSay as error:
        report(path, f"{error}; until a person writes one, it never holds")
        return When(_NEVER, "")
    if compares_texts(condition):
        report(path, "GitHub compares texts without regard to upper and lower case")
    if not is_of_steps(condition):
        return When(text, "")
    if condition.asks_status:
        report(path, "GitHub cannot ask for the status and for files or the matrix at once")
        return When(_NEVER, "")
    report(path, "GitHub decides it within the job, which counts as success when it is false")
    return When("", text)


def _plain_guards() -> list[str]:
    return ["!cancelled()", "!failure()"]


def _guards(placed: PlacedJob) -> list[str]:
    """What has to have happened before, in place of GitHub's own `success()`.

    That one is false after a skipped job, and ours is not.
    """
    if placed.stage.gate == "always":
        return ["!cancelled()"]
    if placed.stage.gate == "failure":
        return ["!cancelled()", "failure()"]
    if placed.spec.condition is not None and placed.spec.condition.asks_status:
        return ["!cancelled()"]
    required = [f"needs.{one}.result != 'skipped'" for one in placed.required if placed.may_skip]
    if placed.stage.condition is not None and placed.stage.condition.asks_status:
        inner = [f"needs.{one}.result != 'failure'" for one in placed.inner]
        return ["!cancelled()", *inner, *required]
    return [*_plain_guards(), *required]
