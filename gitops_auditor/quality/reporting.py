"""Summaries, trends and reports of what gates said."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.quality.answers import Answers
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.reports.data import RenderedReport, ReportData
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.quality.store import statistics
from gitops_auditor.quality.store.statistics import Scope
from gitops_auditor.quality.summaries import summarise
from gitops_auditor.quality.trend_models import (
    QualitySummary,
    QualityTrends,
    ReportFormat,
    ReportRequest,
)
from gitops_auditor.quality.trends import trends
from gitops_auditor.storage.database import Database

MOST_LATEST = 200
"""Validations that a report shows in full; it says when there are more."""
FINDINGS_SHOWN = 200
"""Findings of each gate in a report."""


class Reporting:
    """Nothing is told that is older than QUALITY_METRICS_RETENTION_DAYS."""

    def __init__(self, database: Database, answers: Answers, settings: Settings) -> None:
        self._database = database
        self._answers = answers
        self._settings = settings

    async def summary(
        self, days: int, repositories: Sequence[str] = (), gate_type: GateType | None = None
    ) -> QualitySummary:
        """What the last days amount to, and how that compares with as many days before."""
        until = datetime.now(UTC)
        since = until - timedelta(days=self._bounded(days))
        # The days before are read with them: the score then is part of the summary.
        earlier = Scope(since - (until - since), until, tuple(repositories), gate_type)
        async with self._database.read() as connection:
            validations = await statistics.validations(connection, earlier)
            rows, rules = await statistics.results(connection, earlier._replace(since=since))
        return summarise(validations, rows, rules, since, until)

    async def trends(
        self,
        days: int,
        repositories: Sequence[str] = (),
        gate_type: GateType | None = None,
        *,
        by_repository: bool = False,
    ) -> QualityTrends:
        """What each of the last days amounts to, today included."""
        now = datetime.now(UTC)
        bounded = self._bounded(days)
        scope = Scope(now - timedelta(days=bounded), now, tuple(repositories), gate_type)
        async with self._database.read() as connection:
            validations = await statistics.validations(connection, scope)
            rows, _ = await statistics.results(connection, scope)
        return trends(validations, rows, now.date(), bounded, by_repository=by_repository)

    async def generate(self, request: ReportRequest) -> RenderedReport:
        """A report as a file. Raises NotFound when nothing was validated in that time."""
        # What renders is needed by few processes, and much.
        from gitops_auditor.quality.reports.rendering import render  # noqa: PLC0415 - see above

        data = await self._data(request)
        return await anyio.to_thread.run_sync(render, data, request.format)

    async def render_one(self, report: QualityReport, wanted: ReportFormat) -> RenderedReport:
        """One validation as a file."""
        from gitops_auditor.quality.reports.rendering import render  # noqa: PLC0415 - as above

        data = ReportData(generated_at=datetime.now(UTC), reports=[report])
        return await anyio.to_thread.run_sync(render, data, wanted)

    async def _data(self, request: ReportRequest) -> ReportData:
        now = datetime.now(UTC)
        since = now - timedelta(days=self._bounded(request.days))
        scope = Scope(since, now, tuple(request.repositories), request.gate_type)
        async with self._database.read() as connection:
            latest = await statistics.latest(connection, scope)
        if not latest:
            raise NotFound(
                f"Nothing was validated in the last {request.days} days.",
                hint="Validate a repository first: `gitops-auditor gates run`.",
            )
        shown = latest[:MOST_LATEST]
        reports = [await self._answers.report(one, findings=FINDINGS_SHOWN) for one in shown]
        chosen = (request.days, request.repositories, request.gate_type)
        return ReportData(
            generated_at=now,
            summary=await self.summary(*chosen),
            trends=await self.trends(*chosen, by_repository=True),
            reports=reports,
            left_out=len(latest) - len(shown),
        )

    def _bounded(self, days: int) -> int:
        return min(days, self._settings.quality_metrics_retention_days)
