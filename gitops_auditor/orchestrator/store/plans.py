"""Plans as rows: written when they are made, read whole, listed, approved."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, Select, exists, func, insert, select, update

from gitops_auditor.orchestrator.fields import PlanStatus
from gitops_auditor.orchestrator.records import (
    Approval,
    LedgerEntry,
    Patch,
    Phase,
    Plan,
    PlanSummary,
    Rendering,
    Step,
)
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.plan_tables import (
    plan_approvals,
    plan_ledger,
    plan_phases,
    plan_renderings,
    plan_steps,
    plans,
)

Connection = AsyncConnection
MOST_STRANDED: Final = 3

_OF_PLAN = (
    "id",
    "title",
    "request",
    "requested_by",
    "status",
    "hash",
    "inputs",
    "needs_approval",
    "point_of_no_return",
    "estimated_seconds",
    "notes",
    "reason",
    "goal",
    "cancel_requested",
    "created_at",
    "updated_at",
    "completed_at",
)
_RENAMED = {"commit": "commit_sha", "tree": "tree_sha"}


class Filter(NamedTuple):
    """Which plans to list; None does not restrict."""

    status: PlanStatus | None = None
    repository_id: str | None = None


async def add(transaction: Connection, plan: Plan, patches: Mapping[str, Patch]) -> None:
    """Write a new plan, with the diff of each repository that has one."""
    row = plan.model_dump(mode="python", include={*_OF_PLAN})
    row["request"] = plan.request.model_dump(mode="json")
    row["inputs"] = plan.inputs.model_dump(mode="json")
    row["change"] = plan.request.change.kind
    row["goal"] = plan.goal.model_dump(mode="json") if plan.goal else None
    await transaction.execute(insert(plans).values(row))
    await _add_all(transaction, plan_phases, [_phase_row(plan.id, one) for one in plan.phases])
    rendered = [_rendering_row(plan.id, one, patches) for one in plan.renderings]
    await _add_all(transaction, plan_renderings, rendered)
    await _add_all(transaction, plan_steps, [_step_row(plan.id, one) for one in plan.steps])


async def _add_all(transaction: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await transaction.execute(insert(table), rows)


async def get(connection: Connection, plan_id: str) -> Plan | None:
    """A plan, whole; None when there is none of that id."""
    row = (await connection.execute(select(plans).where(plans.c.id == plan_id))).mappings().first()
    if row is None:
        return None
    facts: dict[str, Any] = {name: row[name] for name in _OF_PLAN}
    facts["phases"] = [
        Phase.model_validate({**one}) for one in await _rows(connection, plan_phases, plan_id)
    ]
    renderings = [_rendering(one) for one in await _rows(connection, plan_renderings, plan_id)]
    facts["renderings"] = sorted(renderings, key=lambda one: (one.phase, one.repository_id))
    facts["steps"] = [
        Step.model_validate({**one}) for one in await _rows(connection, plan_steps, plan_id)
    ]
    facts["approvals"] = await approvals(connection, plan_id)
    return Plan.model_validate(facts)


async def status(connection: Connection, plan_id: str) -> PlanStatus | None:
    """How a plan stands; None when there is none of that id."""
    found: PlanStatus | None = await connection.scalar(
        select(plans.c.status).where(plans.c.id == plan_id)
    )
    return found


async def page(
    connection: Connection, wanted: Filter, before: str | None, limit: int
) -> list[PlanSummary]:
    """Plans, newest first, before an id."""
    query = _summaries()
    if before is not None:
        query = query.where(plans.c.id < before)
    if wanted.status is not None:
        query = query.where(plans.c.status == wanted.status)
    if wanted.repository_id is not None:
        of_repository = exists().where(
            plan_renderings.c.plan_id == plans.c.id,
            plan_renderings.c.repository_id == wanted.repository_id,
        )
        query = query.where(of_repository)
    found = await connection.execute(query.order_by(plans.c.id.desc()).limit(limit))
    return [PlanSummary.model_validate({**row}) for row in found.mappings()]


async def counts(connection: Connection) -> dict[PlanStatus, int]:
    """How many plans there are of each status that any has."""
    query = select(plans.c.status, func.count()).group_by(plans.c.status)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def stranded(connection: Connection, before: datetime) -> list[str]:
    """Some plans that were to go on before a moment and that no process has taken."""
    query = select(plans.c.id).where(
        plans.c.goal.is_not(None), plans.c.owner.is_(None), plans.c.updated_at < before
    )
    return [*await connection.scalars(query.order_by(plans.c.id).limit(MOST_STRANDED))]


async def patch(connection: Connection, plan_id: str, repository_id: str) -> Patch | None:
    """The diff of a repository; None when it has none in this plan."""
    query = select(plan_renderings.c.patch, plan_renderings.c.patch_truncated).where(
        plan_renderings.c.plan_id == plan_id, plan_renderings.c.repository_id == repository_id
    )
    row = (await connection.execute(query)).first()
    if row is None or row.patch is None:
        return None
    return Patch(zlib.decompress(row.patch).decode("utf-8", "surrogatepass"), row.patch_truncated)


async def approvals(connection: Connection, plan_id: str) -> list[Approval]:
    """Everybody's agreement, also to earlier states of the plan, oldest first."""
    query = select(plan_approvals).where(plan_approvals.c.plan_id == plan_id)
    found = await connection.execute(query.order_by(plan_approvals.c.created_at))
    return [Approval.model_validate({**row}) for row in found.mappings()]


async def approve(transaction: Connection, approval: Approval) -> None:
    """Keep an agreement; one by the same principal to the same state must not be there yet."""
    await transaction.execute(insert(plan_approvals).values(approval.model_dump()))
    changed = update(plans).where(plans.c.id == approval.plan_id)
    await transaction.execute(changed.values(updated_at=approval.created_at))


async def ledger(
    connection: Connection, plan_id: str, after: int = 0, limit: int = 1000
) -> list[LedgerEntry]:
    """The journal of a plan, oldest first, after a line's number."""
    query = select(plan_ledger).where(plan_ledger.c.plan_id == plan_id, plan_ledger.c.seq > after)
    found = await connection.execute(query.order_by(plan_ledger.c.seq).limit(limit))
    return [LedgerEntry.model_validate({**row}) for row in found.mappings()]


def _summaries() -> Select[Any]:
    of_plan = plan_phases.c.plan_id == plans.c.id
    phases = select(func.count()).where(of_plan).scalar_subquery()
    of_rendering = plan_renderings.c.plan_id == plans.c.id
    repositories = select(func.count()).where(of_rendering).scalar_subquery()
    is_approved = exists().where(
        plan_approvals.c.plan_id == plans.c.id, plan_approvals.c.hash == plans.c.hash
    )
    return select(
        plans.c.id,
        plans.c.title,
        plans.c.change,
        plans.c.status,
        plans.c.hash,
        plans.c.requested_by,
        repositories.label("repositories"),
        phases.label("phases"),
        plans.c.needs_approval,
        is_approved.label("approved"),
        plans.c.reason,
        plans.c.created_at,
        plans.c.updated_at,
    )


async def _rows(connection: Connection, table: Any, plan_id: str) -> list[dict[str, Any]]:
    """In the order of the table's key, without the plan's id and the large column."""
    columns = [one for one in table.c if one.name not in {"plan_id", "patch", "patch_truncated"}]
    query = select(*columns).where(table.c.plan_id == plan_id).order_by(*table.primary_key)
    return [{**row} for row in (await connection.execute(query)).mappings()]


def _phase_row(plan_id: str, phase: Phase) -> dict[str, Any]:
    row = phase.model_dump(mode="python")
    row["evidence"] = [one.model_dump(mode="json") for one in phase.evidence]
    return {"plan_id": plan_id, **row}


def _rendering_row(plan_id: str, one: Rendering, patches: Mapping[str, Patch]) -> dict[str, Any]:
    row = {_RENAMED.get(name, name): value for name, value in one.model_dump(mode="json").items()}
    diff = patches.get(one.repository_id)
    packed = zlib.compress(diff.text.encode("utf-8", "surrogatepass")) if diff else None
    truncated = diff.truncated if diff else False
    return {"plan_id": plan_id, **row, "patch": packed, "patch_truncated": truncated}


def _rendering(row: RowMapping | dict[str, Any]) -> Rendering:
    back = {column: name for name, column in _RENAMED.items()}
    return Rendering.model_validate({back.get(name, name): value for name, value in row.items()})


def _step_row(plan_id: str, step: Step) -> dict[str, Any]:
    return {"plan_id": plan_id, **step.model_dump(mode="python")}
