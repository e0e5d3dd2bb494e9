"""Keeps what gates said: results, evidence, the verdict, and the figures of releases."""

from collections.abc import Sequence

from gitops_auditor.audit import Audit
from gitops_auditor.errors import JsonValue
from gitops_auditor.events import EventLog
from gitops_auditor.quality.asking import Answer
from gitops_auditor.quality.baselines import Baselines, release
from gitops_auditor.quality.concluding import About, gate_result, report_of
from gitops_auditor.quality.records import Baseline
from gitops_auditor.quality.requests import AskedGate, Selection
from gitops_auditor.quality.results import Override, QualityReport
from gitops_auditor.quality.service import CHANNEL
from gitops_auditor.quality.store import overrides as override_store
from gitops_auditor.quality.store import results as store
from gitops_auditor.quality.store.results import NewResult
from gitops_auditor.storage.database import Database


class Keeping:
    """Must be used inside an audited operation; a validation is one transaction with its event."""

    def __init__(
        self, database: Database, events: EventLog, audit: Audit, baselines: Baselines
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._baselines = baselines

    async def keep(
        self,
        about: About,
        selection: Selection,
        answers: Sequence[Answer],
        actor: str,
        tag: str | None,
    ) -> QualityReport:
        """The report of the answers, kept. `tag` is what was validated, if that is a tag."""
        report = await self._kept(about, selection, answers, actor)
        if tag is not None and release(tag) is not None:
            await self._record_release(tag, report, answers, actor)
        return report

    async def _kept(
        self, about: About, selection: Selection, answers: Sequence[Answer], actor: str
    ) -> QualityReport:
        given = await self._overrides(about, answers)
        results = [gate_result(about, one, given.get(one.asked.stored.id)) for one in answers]
        report = report_of(about, selection, answers, results)
        keys = [one.key for one in answers]
        kept = [NewResult(result, key) for result, key in zip(results, keys, strict=True)]
        async with self._database.write() as transaction:
            await store.insert_report(transaction, report, kept, actor, about.run_id)
            await self._audit.effect(transaction, None, _facts(report))
            await self._events.append(
                transaction, CHANNEL, f"quality.validation.{report.status}", _told(report)
            )
        return report

    async def _record_release(
        self, tag: str, report: QualityReport, answers: Sequence[Answer], actor: str
    ) -> None:
        """What a release measured is what later ones are compared with, unless it was too bad."""
        for one, result in zip(answers, report.gates, strict=True):
            measured = one.evidence.metrics.get("figures")
            if one.asked.gate.kind != "benchmark" or not isinstance(measured, dict):
                continue
            if one.evidence.verdict == "failed" and result.override is None:
                continue
            figures = {
                name: float(value)
                for name, value in measured.items()
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
            made = Baseline(
                repository_id=report.repository_id,
                name=tag,
                commit=report.commit,
                metrics=figures,
                recorded_at=report.executed_at,
                recorded_by=actor,
            )
            await self._baselines.keep(made)

    async def _overrides(self, about: About, answers: Sequence[Answer]) -> dict[str, Override]:
        ids = [one.asked.stored.id for one in answers]
        async with self._database.read() as connection:
            given = await override_store.of_tree(connection, about.repository_id, about.tree, ids)
        asked = {one.asked.stored.id: one.asked for one in answers}
        return {gate: one for gate, one in given.items() if _holds(one, asked[gate])}


def _holds(override: Override, asked: AskedGate) -> bool:
    """Nobody lets a definition pass that may not be trusted, or one that came after the reason."""
    changed = asked.stored.path is None and asked.stored.updated_at > override.created_at
    return asked.refused is None and not changed


def _facts(report: QualityReport) -> dict[str, object]:
    """What the audit keeps: also what was refused, and who let what pass."""
    return {
        **_told(report),
        "enforcement": report.enforcement,
        "notes": report.notes,
        "gates": [
            {
                "gate_id": one.gate_id,
                "gate": one.gate,
                "status": one.status,
                "digest": one.digest,
                "reason": one.reason,
                "refused": one.metrics.get("refused"),
                "override": one.override.id if one.override else None,
            }
            for one in report.gates
        ],
    }


def _told(report: QualityReport) -> dict[str, JsonValue]:
    counts: dict[str, JsonValue] = {
        status: sum(one.status == status for one in report.gates)
        for status in ("passed", "failed", "warning", "skipped", "error")
    }
    return {
        "validation_id": report.id,
        "repository_id": report.repository_id,
        "gate_type": report.gate_type,
        "commit": report.commit,
        "status": report.status,
        "passed": report.passed,
        "score": report.score,
        "gates": counts,
    }
