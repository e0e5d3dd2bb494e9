"""What becomes of a job that asks somebody."""

import json

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.engine.record import Decision
from gitops_auditor.pipelines.handlers import Outcome

UNDECIDED = Outcome("timeout", "Nobody decided in time.")


def outcome_of(decision: Decision) -> Outcome:
    """Success when it was approved, with the answers as outputs; failed when it was not."""
    metrics: dict[str, JsonValue] = {"decided_by": decision.decided_by}
    if not decision.approved:
        comment = f": {decision.comment}" if decision.comment else "."
        return Outcome("failed", f"{decision.decided_by} rejected it{comment}", metrics=metrics)
    outputs = {name: _text(value) for name, value in decision.answers.items()}
    return Outcome(outputs=outputs, metrics=metrics)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)
