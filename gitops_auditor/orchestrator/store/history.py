"""What runs, validations and steps took before, and which gates changed their minds."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, func, select

from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import pipeline_runs
from gitops_auditor.storage.plan_tables import plan_steps
from gitops_auditor.storage.quality_tables import quality_results, quality_validations

Connection = AsyncConnection

MOST_ROWS = 2_000


async def run_seconds(connection: Connection, pipeline_ids: Sequence[str]) -> dict[str, float]:
    """The median of the newest successful runs, by pipeline."""
    runs = pipeline_runs.c
    query = select(runs.pipeline_id.label("name"), runs.started_at, runs.completed_at).where(
        runs.pipeline_id.in_(pipeline_ids),
        runs.status == "success",
        runs.started_at.is_not(None),
        runs.completed_at.is_not(None),
    )
    found = await connection.execute(query.order_by(runs.id.desc()).limit(MOST_ROWS))
    return _medians((row.name, _between(row)) for row in found)


async def validation_seconds(
    connection: Connection, repository_ids: Sequence[str]
) -> dict[str, float]:
    """The median of the newest validations, by repository."""
    made = quality_validations.c
    query = select(made.repository_id, made.duration_seconds).where(
        made.repository_id.in_(repository_ids)
    )
    found = await connection.execute(query.order_by(made.executed_at.desc()).limit(MOST_ROWS))
    return _medians((row.repository_id, row.duration_seconds) for row in found)


async def step_seconds(connection: Connection) -> dict[str, float]:
    """The median of the newest steps of plans that were done, by kind."""
    steps = plan_steps.c
    query = select(steps.kind.label("name"), steps.started_at, steps.completed_at).where(
        steps.status == "done", steps.started_at.is_not(None), steps.completed_at.is_not(None)
    )
    found = await connection.execute(query.order_by(steps.plan_id.desc()).limit(MOST_ROWS))
    return _medians((row.name, _between(row)) for row in found)


async def flaky_gates(
    connection: Connection, repository_ids: Sequence[str], since: datetime
) -> dict[str, set[str]]:
    """Gates that both passed and failed for one tree with one definition, by repository."""
    said = quality_results.c
    query = (
        select(said.repository_id, said.gate)
        .where(
            said.repository_id.in_(repository_ids),
            said.executed_at >= since,
            said.status.in_(("passed", "failed")),
        )
        .group_by(said.repository_id, said.gate, said.tree_sha, said.digest)
        .having(func.count(distinct(said.status)) > 1)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for row in await connection.execute(query):
        found[row.repository_id].add(row.gate)
    return dict(found)


def _between(row: Any) -> float:
    return float((row.completed_at - row.started_at).total_seconds())


def _medians(durations: Iterable[tuple[str, float]]) -> dict[str, float]:
    gathered: dict[str, list[float]] = defaultdict(list)
    for name, seconds in durations:
        gathered[name].append(seconds)
    return {name: statistics.median(found) for name, found in gathered.items()}
