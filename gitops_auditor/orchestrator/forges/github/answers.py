"""Reads GitHub's answers, which tools give with fewer fields than REST."""

from collections.abc import Mapping

from gitops_auditor.errors import JsonValue, Unavailable
from gitops_auditor.orchestrator.forges.forge import PullRequest, WorkflowRun, WorkflowStatus

_ENDS: Mapping[str, WorkflowStatus] = {
    "success": "success",
    "neutral": "success",
    "skipped": "success",
    "cancelled": "cancelled",
}
_WAITING = frozenset({"queued", "requested", "waiting", "pending"})


def fields_of(data: JsonValue) -> dict[str, JsonValue]:
    """An object of an answer; empty for anything else."""
    return data if isinstance(data, dict) else {}


def text_of(data: JsonValue, name: str) -> str:
    """A field as text; empty when it is not there."""
    value = fields_of(data).get(name)
    return "" if value is None else str(value)


def items_of(data: JsonValue, name: str = "") -> list[dict[str, JsonValue]]:
    """The objects of a list, or of the list in the field of that name, also one level deeper."""
    inner = fields_of(data).get(name) if name else data
    while isinstance(inner, dict):
        inner = inner.get(name)
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def pull_request_of(data: JsonValue) -> PullRequest:
    """A pull request. Raises Unavailable for what is none."""
    number = text_of(data, "number")
    if not number.isdigit():
        raise Unavailable(
            "GitHub did not answer with a pull request.", hint="Look at it there, then try again."
        )
    fields = fields_of(data)
    head, base = fields_of(fields.get("head")), fields_of(fields.get("base"))
    merged = bool(fields.get("merged") or fields.get("merged_at"))
    return PullRequest(
        number=int(number),
        url=text_of(data, "html_url"),
        state="merged" if merged else "closed" if fields.get("state") == "closed" else "open",
        head=text_of(head, "ref"),
        head_commit=text_of(head, "sha"),
        base=text_of(base, "ref"),
        # Of one that is open it is the trial of a merge.
        merge_commit=text_of(data, "merge_commit_sha") if merged else "",
    )


def workflow_run_of(data: JsonValue) -> WorkflowRun:
    """A run of a workflow; one that waits for somebody is `pending`."""
    status, conclusion = text_of(data, "status"), text_of(data, "conclusion")
    return WorkflowRun(
        id=text_of(data, "id"),
        url=text_of(data, "html_url"),
        status=_workflow_status(status, conclusion),
        reason="" if conclusion in ("", "success") else f"GitHub says: {conclusion}.",
    )


def _workflow_status(status: str, conclusion: str) -> WorkflowStatus:
    if status == "completed":
        return _ENDS.get(conclusion, "failed")
    return "pending" if status in _WAITING else "running"
