"""Makes one record of an operation out of its rows in the chain."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gitops_auditor.audit.chain import Row
from gitops_auditor.audit.records import AuditRecord, Change


def merge(intents: Sequence[Row], rows: Sequence[Row]) -> list[AuditRecord]:
    """A record for each intent, in their order, from all `rows` of these operations."""
    by_entry: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_entry[row.entry_id].append(row)
    return [_record(intent, by_entry[intent.entry_id]) for intent in intents]


def process_of(intent: Row) -> str:
    """The id of the process that began an operation."""
    return str(_body(intent).get("process", ""))


def _record(intent: Row, rows: list[Row]) -> AuditRecord:
    bodies = [_body(row) for row in rows]
    outcomes = [index for index, row in enumerate(rows) if row.kind == "outcome"]
    last = bodies[outcomes[-1]] if outcomes else {}
    return AuditRecord(
        id=intent.entry_id,
        actor=intent.actor,
        operation=intent.operation,
        parameters=_body(intent).get("parameters"),
        result=last.get("result"),
        error=last.get("error"),
        changes=[_change(body) for body in bodies if "before" in body or "after" in body],
        started_at=intent.at,
        ended_at=rows[outcomes[-1]].at if outcomes else None,
        first_row=intent.seq,
        last_row=rows[-1].seq,
        hash=rows[-1].hash,
    )


def _change(body: dict[str, Any]) -> Change:
    return Change(before=body.get("before"), after=body.get("after"))


def _body(row: Row) -> dict[str, Any]:
    body = json.loads(row.body)
    return body if isinstance(body, dict) else {}
