"""Results and reports as they are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.quality.results import GateResult, Override, QualityReport
from gitops_auditor.quality.store import gates, results
from gitops_auditor.quality.store.results import NewResult
from gitops_auditor.storage.database import Database
from tests.quality.asked import NOW, REPOSITORY, details

GATE = details()
TREE = "7" * 40
OVERRIDE = Override(
    id="o1",
    repository_id=REPOSITORY,
    gate_id=GATE.id,
    tree=TREE,
    reason="It is known, and will go.",
    created_by="somebody",
    created_at=NOW,
)


def finding(severity: Severity = "high", rule: str = "E1", **facts: Any) -> Finding:
    """Something that a tool found."""
    place = {"file": "a.py", "line": 3, **facts}
    return Finding(tool="ruff", rule=rule, severity=severity, message="It is so.", **place)


def result(number: int = 1, **facts: Any) -> GateResult:
    """A result of the validation of the same number."""
    known = {
        "id": f"r{number:02}",
        "validation_id": f"v{number:02}",
        "repository_id": REPOSITORY,
        "gate_id": GATE.id,
        "gate": GATE.name,
        "gate_type": "pre_merge",
        "kind": GATE.kind,
        "status": "passed",
        "required": True,
        "commit": "c" * 40,
        "tree": TREE,
        "digest": GATE.digest,
        "executed_at": NOW,
    }
    return GateResult.model_validate({**known, **facts})


def report(number: int = 1, *gates: GateResult, **facts: Any) -> QualityReport:
    """A validation; a later number is a later hour."""
    moment = NOW + timedelta(hours=number)
    known = {
        "id": f"v{number:02}",
        "repository_id": REPOSITORY,
        "gate_type": "pre_merge",
        "ref": "main",
        "commit": "c" * 40,
        "tree": TREE,
        "enforcement": "strict",
        "status": "passed",
        "passed": True,
        "reason": "Of 1 gate 1 passed.",
        "executed_at": moment,
        "duration_seconds": 1.5,
    }
    own = [one.model_copy(update={"executed_at": moment}) for one in gates]
    return QualityReport.model_validate({**known, **facts, "gates": own})


async def keep(database: Database, *reports: QualityReport, key: str | None = None) -> None:
    """Keep reports, and the gate that they are about; `key` finds their results again."""
    async with database.write() as transaction:
        if await gates.get(transaction, GATE.id) is None:
            await gates.insert_gate(transaction, GATE)
        for one in reports:
            new = [NewResult(answer, key) for answer in one.gates]
            await results.insert_report(transaction, one, new, "somebody", None)


def hour(number: int) -> datetime:
    """The moment of the validation of that number."""
    return datetime(2026, 1, 1, number, tzinfo=UTC)
