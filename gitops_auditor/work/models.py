"""What one can know of a piece of work."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

WorkStatus = Literal["pending", "running", "success", "failed", "cancelled"]
FailureKind = Literal["failed", "errored", "timeout", "lost"]
"""failed: the work said no. errored: the machinery broke. lost: the process that ran it died."""

FINISHED: frozenset[WorkStatus] = frozenset({"success", "failed", "cancelled"})


class WorkError(BaseModel, defer_build=True):
    """Why it did not succeed. `code` is stable; `request_id` finds an internal fault in the log."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    hint: str = ""
    details: dict[str, JsonValue] = Field(default_factory=dict)
    request_id: str | None = None


class WorkRecord(BaseModel, defer_build=True):
    """One piece of work. `done` of `total` counts in the operation's unit."""

    model_config = ConfigDict(frozen=True)

    id: str
    operation: str
    principal: str
    status: WorkStatus
    done: float = 0
    total: float | None = None
    message: str = ""
    result: dict[str, JsonValue] | None = None
    error: WorkError | None = None
    failure_kind: FailureKind | None = None
    owner: str
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancel_requested: bool = False

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self.status in FINISHED
