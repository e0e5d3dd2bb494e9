"""What an operation takes and gives beside its own parameters and result."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from gitops_auditor.identity import Principal
from gitops_auditor.services import Services
from gitops_auditor.work import FailureKind, WorkError, WorkStatus


class Params(BaseModel, defer_build=True):
    """Base of all parameters: an unknown one is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class NoParams(Params):
    """An operation without parameters."""


Result = TypeVar("Result", bound=BaseModel)


class Work(BaseModel, Generic[Result], defer_build=True):
    """Long-running work: its state now, and its result once `status` is success."""

    id: str
    operation: str
    status: WorkStatus
    failure_kind: FailureKind | None = None
    done: float = 0.0
    total: float | None = None
    message: str = ""
    result: Result | None = None
    error: WorkError | None = None
    created_at: datetime
    completed_at: datetime | None = None


Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Told how much is done, of how much when that is known, and a few words."""


async def no_progress(done: float, total: float | None, message: str) -> None:
    """Discard progress, for callers that did not ask for it."""


Answer = Literal["accepted", "declined", "unable"]
"""Of whoever was asked; unable when nobody could be. An answer proves no person."""

Ask = Callable[[str], Awaitable[Answer]]
"""Asks the person behind the call for a yes or no.

It is asked once a call, before anything is changed: the operation may be begun anew with the
answer.
"""


async def cannot_ask(question: str) -> Answer:  # noqa: ARG001 - it is an Ask
    """For callers that cannot be asked."""
    return "unable"


@dataclass(frozen=True)
class Context:
    """What a handler gets beside its parameters."""

    services: Services
    principal: Principal
    request_id: str
    progress: Progress = no_progress
    ask: Ask = cannot_ask


@dataclass(frozen=True)
class Call:
    """One request for an operation, as a transport understood it."""

    operation: str
    arguments: Mapping[str, Any]
    principal: Principal
    request_id: str
    progress: Progress = no_progress
    ask: Ask = cannot_ask
