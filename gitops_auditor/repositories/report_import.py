"""Brings the repositories of an older audit report into the registry."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_auditor.audit import Audit
from gitops_auditor.errors import GitOpsError, JsonValue
from gitops_auditor.events import EventLog
from gitops_auditor.repositories import store
from gitops_auditor.repositories.audit_report import AuditReport, ReportRow
from gitops_auditor.repositories.git_urls import without_credentials
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import (
    ReportedRepository,
    ReportImport,
    Repository,
    Skipped,
)
from gitops_auditor.repositories.naming import id_from_name, id_from_url
from gitops_auditor.repositories.store import Connection
from gitops_auditor.storage.database import Database

CHANNEL = "repositories"


@dataclass
class _Sorted:
    known: dict[str, Repository]
    registered: list[Repository] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    rows: list[ReportedRepository] = field(default_factory=list)


class ReportImporter:
    """Registers what a report names, in one transaction. Nothing is cloned and nothing removed."""

    def __init__(
        self, database: Database, events: EventLog, audit: Audit, mirrors: Mirrors
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._mirrors = mirrors

    async def run(self, report: AuditReport) -> ReportImport:
        """See RepositoryRegistry.import_report."""
        async with self._database.write() as transaction:
            await store.lock(transaction)
            known = {item.id: item for item in await store.active(transaction)}
            outcome = _Sorted(known)
            for row in report.repos:
                self._take(row, outcome)
            stored = [await store.save(transaction, item) for item in outcome.registered]
            result = _result(report, outcome)
            after = {item.id: item.model_dump(mode="json") for item in stored}
            await self._audit.outcome(transaction, "success", after=after)
            await self._announce(transaction, result)
        return result

    def _take(self, row: ReportRow, outcome: _Sorted) -> None:
        url = (row.clone_url or "").strip()
        repository_id = (id_from_url(url) if url else None) or id_from_name(row.name)
        if repository_id not in outcome.known:
            try:
                repository = self._new(repository_id, row, url)
            except GitOpsError as refusal:
                outcome.skipped.append(Skipped(path=row.name, reason=str(refusal)))
                return
            outcome.registered.append(repository)
            outcome.known[repository_id] = repository
        elif repository_id not in outcome.unchanged:
            outcome.unchanged.append(repository_id)
        outcome.rows.append(_reported(repository_id, row))

    def _new(self, repository_id: str, row: ReportRow, url: str) -> Repository:
        now = datetime.now(UTC)
        return Repository(
            id=repository_id,
            name=row.name,
            clone_url=self._mirrors.check(url).url,
            created_at=now,
            updated_at=now,
        )

    async def _announce(self, transaction: Connection, result: ReportImport) -> None:
        registered: list[JsonValue] = [*result.registered]
        data: dict[str, JsonValue] = {
            "timestamp": result.timestamp.isoformat(),
            "health_status": result.health_status,
            "registered": registered,
        }
        await self._events.append(transaction, CHANNEL, "report.imported", data)


def _reported(repository_id: str, row: ReportRow) -> ReportedRepository:
    return ReportedRepository(
        id=repository_id,
        name=row.name,
        status=row.status,
        clone_url=without_credentials(row.clone_url) if row.clone_url else None,
        dashboard_link=row.dashboard_link,
    )


def _result(report: AuditReport, outcome: _Sorted) -> ReportImport:
    fresh = {item.id for item in outcome.registered}
    return ReportImport(
        timestamp=report.timestamp,
        health_status=report.health_status,
        summary=report.summary,
        registered=sorted(fresh),
        unchanged=sorted(set(outcome.unchanged) - fresh),
        skipped=outcome.skipped,
        repositories=outcome.rows,
    )
