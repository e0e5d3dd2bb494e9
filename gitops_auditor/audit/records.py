"""What the audit writes, and what it tells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Result = Literal["success", "failure", "interrupted"]
"""How an operation ended; `interrupted` when its process ended before it."""

RowKind = Literal["intent", "effect", "outcome"]


@dataclass
class AuditEntry:
    """The operation being recorded. `finished` turns true when its outcome is committed."""

    id: str
    actor: str
    operation: str
    finished: bool = False


class Change(BaseModel, defer_build=True):
    """What one transaction of an operation changed: the state before and after it."""

    model_config = ConfigDict(frozen=True)

    before: JsonValue = None
    after: JsonValue = None


class AuditRecord(BaseModel, defer_build=True):
    """One operation, merged from its rows. `result` is null while it runs.

    `first_row` and `last_row` are numbers in the chain, `hash` is that of the last row.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    actor: str
    operation: str
    parameters: JsonValue
    result: Result | None = None
    error: JsonValue = None
    changes: list[Change] = []
    started_at: datetime
    ended_at: datetime | None = None
    first_row: int
    last_row: int
    hash: str


class AuditProblem(BaseModel, defer_build=True):
    """A sign of tampering. `row` is the number in the chain where it shows."""

    model_config = ConfigDict(frozen=True)

    row: int
    message: str


class AuditVerdict(BaseModel, defer_build=True):
    """Whether the chain is whole. The anchor does not cover rows after `anchored_through` yet."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    rows: int
    anchored_through: int
    problems: list[AuditProblem]
