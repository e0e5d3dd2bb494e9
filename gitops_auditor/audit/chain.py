"""The chain: a row's hash covers its canonical text (RFC 8785) and the hash of the row before."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import rfc8785

from gitops_auditor.audit.records import AuditProblem
from gitops_auditor.errors import JsonValue

GENESIS = "0" * 64
"""Stands for the hash of the row before the first."""

MAX_PROBLEMS = 100


class Row(NamedTuple):
    """One row as it is stored."""

    seq: int
    entry_id: str
    kind: str
    at: datetime
    actor: str
    operation: str
    body: str
    previous_hash: str
    hash: str


def link(
    seq: int,
    previous_hash: str,
    facts: dict[str, JsonValue],
    *,
    entry_id: str,
    kind: str,
    at: datetime,
    actor: str,
    operation: str,
) -> Row:
    """The row that follows one with `previous_hash`. The columns are part of what is hashed."""
    stated: dict[str, JsonValue] = {
        **facts,
        "seq": seq,
        "entry_id": entry_id,
        "kind": kind,
        "at": _stamp(at),
        "actor": actor,
        "operation": operation,
    }
    body = rfc8785.dumps(stated).decode("utf-8")
    digest = row_hash(previous_hash, body)
    return Row(seq, entry_id, kind, at, actor, operation, body, previous_hash, digest)


def row_hash(previous_hash: str, body: str) -> str:
    """SHA-256 over the previous hash, a line feed and the canonical text, in hexadecimal."""
    return hashlib.sha256(f"{previous_hash}\n{body}".encode()).hexdigest()


@dataclass
class ChainCheck:
    """Walks the rows in order of `seq` and gathers what does not fit."""

    anchors: dict[int, set[str]]
    """Hashes that were seen outside the database, by row number."""
    rows: int = 0
    last_seq: int = 0
    last_hash: str = GENESIS
    problems: list[AuditProblem] = field(default_factory=list)

    def walk(self, rows: Iterable[Row]) -> None:
        """Check the next rows."""
        for row in rows:
            for message in self._faults(row):
                self.report(row.seq, message)
            self.rows += 1
            self.last_seq, self.last_hash = row.seq, row.hash

    def finish(self) -> None:
        """Check that no anchored row is missing at the end."""
        for seq in sorted(self.anchors):
            if seq > self.last_seq:
                self.report(seq, "the row was anchored but is gone: the end of the log was cut off")

    def report(self, seq: int, message: str) -> None:
        """Add a problem, up to a bound."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(AuditProblem(row=seq, message=message))

    def _faults(self, row: Row) -> Iterator[str]:
        if row.seq != self.last_seq + 1:
            yield f"the row should have number {self.last_seq + 1}: rows were removed or moved"
        if row.previous_hash != self.last_hash:
            yield "the row does not follow the one before it"
        if row.hash != row_hash(row.previous_hash, row.body):
            yield "the row's content does not match its hash"
        if not _columns_match(row):
            yield "the row's columns do not match its content"
        if any(row.hash != anchored for anchored in self.anchors.get(row.seq, ())):
            yield "the row differs from what was anchored outside the database"


def _columns_match(row: Row) -> bool:
    try:
        stated = json.loads(row.body)
    except ValueError:
        return False
    columns = {
        "seq": row.seq,
        "entry_id": row.entry_id,
        "kind": row.kind,
        "at": _stamp(row.at),
        "actor": row.actor,
        "operation": row.operation,
    }
    return isinstance(stated, dict) and columns.items() <= stated.items()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
