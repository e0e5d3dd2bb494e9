"""The rows that summaries and trends are counted from."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select

from gitops_auditor.quality.store.results import Connection
from gitops_auditor.quality.trend_models import FindingCount, ResultRow, ValidationRow
from gitops_auditor.storage.quality_tables import quality_results, quality_validations


async def validations(
    connection: Connection, since: datetime, until: datetime, repository_id: str | None
) -> list[ValidationRow]:
    """Validations of a period, `until` is not part of it."""
    table = quality_validations.c
    query = select(
        table.id,
        table.repository_id,
        table.status,
        table.score,
        table.duration_seconds,
        table.executed_at,
    ).where(table.executed_at >= since, table.executed_at < until)
    if repository_id is not None:
        query = query.where(table.repository_id == repository_id)
    return [ValidationRow(*row) for row in await connection.execute(query)]


async def results(
    connection: Connection, since: datetime, until: datetime, repository_id: str | None
) -> tuple[list[ResultRow], list[FindingCount]]:
    """Results of a period, and how often each rule was broken in those that were not reused."""
    table = quality_results.c
    query = select(
        table.validation_id,
        table.repository_id,
        table.gate_id,
        table.gate,
        table.gate_type,
        table.status,
        table.duration_seconds,
        table.executed_at,
        table.counts,
        table.override_id.is_not(None).label("overridden"),
        table.cached_from.is_not(None).label("cached"),
        table.rules,
    ).where(table.executed_at >= since, table.executed_at < until)
    if repository_id is not None:
        query = query.where(table.repository_id == repository_id)
    rows: list[ResultRow] = []
    rules: Counter[tuple[str, str, str]] = Counter()
    for *values, broken in await connection.execute(query):
        row = ResultRow(*values)
        rows.append(row)
        if not row.cached:
            for tool, rule, severity, count in broken or ():
                rules[tool, rule, severity] += count
    return rows, [FindingCount(*key, count) for key, count in rules.items()]  # type: ignore[arg-type]
