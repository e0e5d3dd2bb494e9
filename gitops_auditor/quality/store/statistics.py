"""The rows that summaries and trends are counted from."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.store.results import Connection
from gitops_auditor.quality.trend_models import FindingCount, ResultRow, ValidationRow
from gitops_auditor.storage.quality_tables import quality_results, quality_validations


class Scope(NamedTuple):
    """Which validations are counted: of a period (`until` is not part of it), of some repositories
    (none for all) and of one type of gates (None for every one).
    """

    since: datetime
    until: datetime
    repositories: tuple[str, ...] = ()
    gate_type: GateType | None = None


async def validations(connection: Connection, scope: Scope) -> list[ValidationRow]:
    """The validations of a scope."""
    table = quality_validations.c
    query = select(
        table.id,
        table.repository_id,
        table.status,
        table.score,
        table.duration_seconds,
        table.executed_at,
    ).where(*_within(table, scope))
    return [ValidationRow(*row) for row in await connection.execute(query)]


async def results(
    connection: Connection, scope: Scope
) -> tuple[list[ResultRow], list[FindingCount]]:
    """Results of a scope, and how often each rule was broken in those that were not reused."""
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
    ).where(*_within(table, scope))
    rows: list[ResultRow] = []
    rules: Counter[tuple[str, str, str]] = Counter()
    for *values, broken in await connection.execute(query):
        row = ResultRow(*values)
        rows.append(row)
        if not row.cached:
            for tool, rule, severity, count in broken or ():
                rules[tool, rule, severity] += count
    return rows, [FindingCount(*key, count) for key, count in rules.items()]  # type: ignore[arg-type]


async def latest(connection: Connection, scope: Scope) -> list[str]:
    """The ids of the newest validation of each repository and type of gates, by repository."""
    table = quality_validations.c
    query = (
        select(func.max(table.id).label("id"))
        .where(*_within(table, scope))
        .group_by(table.repository_id, table.gate_type)
        .order_by(table.repository_id, table.gate_type)
    )
    return [row.id for row in await connection.execute(query)]


def _within(table: Any, scope: Scope) -> list[ColumnElement[bool]]:
    conditions = [table.executed_at >= scope.since, table.executed_at < scope.until]
    if scope.repositories:
        conditions.append(table.repository_id.in_(scope.repositories))
    if scope.gate_type is not None:
        conditions.append(table.gate_type == scope.gate_type)
    return conditions
