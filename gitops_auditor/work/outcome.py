"""How a piece of work ended, from what its function returned or raised."""

import json
from typing import NamedTuple

from pydantic import JsonValue

from gitops_auditor.errors import Cancelled, GitOpsError, TimedOut, TooLarge
from gitops_auditor.work.models import FailureKind, WorkError, WorkStatus

MAX_RESULT_BYTES = 1_000_000


class Outcome(NamedTuple):
    """A final status with what belongs to it."""

    status: WorkStatus
    result: dict[str, JsonValue] | None = None
    error: WorkError | None = None
    failure_kind: FailureKind | None = None


def succeeded(result: dict[str, JsonValue]) -> Outcome:
    """Success, or a failure when the result is too large to be kept."""
    size = len(json.dumps(result, allow_nan=False))
    if size > MAX_RESULT_BYTES:
        refusal = TooLarge(
            f"The result has {size} bytes, and at most {MAX_RESULT_BYTES} are kept.",
            hint="Ask for less at once.",
            details={"limit": MAX_RESULT_BYTES, "size": size},
        )
        return failed(refusal)
    return Outcome("success", result=result)


def failed(error: GitOpsError) -> Outcome:
    """An expected failure: cancelled, timed out, or the work said no."""
    told = WorkError(code=error.code, message=error.message, hint=error.hint, details=error.details)
    if isinstance(error, Cancelled):
        return Outcome("cancelled", error=told)
    kind: FailureKind = "timeout" if isinstance(error, TimedOut) else "failed"
    return Outcome("failed", error=told, failure_kind=kind)


def errored(request_id: str) -> Outcome:
    """A fault of ours: nothing of the exception is told but an id under which it is logged."""
    told = WorkError(
        code="internal",
        message="The operation failed because of an internal fault.",
        hint=f"Look for {request_id} in the log of the server.",
        request_id=request_id,
    )
    return Outcome("failed", error=told, failure_kind="errored")


def cancelled(reason: str) -> Outcome:
    """Somebody, or the end of the process, stopped it."""
    return failed(Cancelled(reason, hint="Start it again when it is still wanted."))


def lost() -> Outcome:
    """The process that ran it is gone without a word."""
    told = WorkError(
        code="lost",
        message="The process that ran this ended before the work did.",
        hint="Start it again; what was committed before is kept.",
    )
    return Outcome("failed", error=told, failure_kind="lost")
