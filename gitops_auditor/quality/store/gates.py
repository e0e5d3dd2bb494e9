"""Gates and the revisions of their definitions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.records import EVERY_REPOSITORY, GateDetails, StoredGate
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.quality_tables import quality_gate_revisions, quality_gates

Connection = AsyncConnection

_COLUMNS = (
    quality_gates.c.id,
    quality_gates.c.name,
    quality_gates.c.gate_type,
    quality_gates.c.kind,
    quality_gates.c.repository_id,
    quality_gates.c.path,
    quality_gates.c.active,
    quality_gates.c.revision.label("version"),
    quality_gates.c.digest,
    quality_gates.c.created_at,
    quality_gates.c.updated_at,
    quality_gates.c.created_by,
)
_DETAILS = (*_COLUMNS, quality_gates.c.definition, quality_gates.c.envelope)
_PRESENT = quality_gates.c.removed_at.is_(None)
_OF_PLATFORM = quality_gates.c.path.is_(None)


class Filter(NamedTuple):
    """Which gates to list; None does not restrict."""

    gate_type: GateType | None = None
    active: bool | None = None
    repository_id: str | None = None


async def get(connection: Connection, gate_id: str) -> GateDetails | None:
    """The gate, unless there is none or it was removed."""
    query = select(*_DETAILS).where(quality_gates.c.id == gate_id, _PRESENT)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else GateDetails.model_validate(row)


async def page(connection: Connection, wanted: Filter, after: str, limit: int) -> list[StoredGate]:
    """Gates by id, those after an id."""
    query = _filtered(select(*_COLUMNS), wanted).where(quality_gates.c.id > after)
    rows = await connection.execute(query.order_by(quality_gates.c.id).limit(limit))
    return [StoredGate.model_validate(row) for row in rows.mappings()]


async def count(connection: Connection, wanted: Filter) -> int:
    """How many there are."""
    return await connection.scalar(_filtered(select(func.count()), wanted)) or 0


async def of_platform(
    connection: Connection, repository_id: str, gate_type: GateType
) -> list[GateDetails]:
    """The active gates that were given to the platform and are asked of a repository, by name."""
    query = select(*_DETAILS).where(
        _PRESENT,
        _OF_PLATFORM,
        quality_gates.c.active.is_(True),
        quality_gates.c.gate_type == gate_type,
        quality_gates.c.repository_id.in_([EVERY_REPOSITORY, repository_id]),
    )
    rows = await connection.execute(query.order_by(quality_gates.c.name, quality_gates.c.id))
    return [GateDetails.model_validate(row) for row in rows.mappings()]


async def given(connection: Connection) -> list[GateDetails]:
    """The active gates that were given to the platform for any repository, by name."""
    query = select(*_DETAILS).where(_PRESENT, _OF_PLATFORM, quality_gates.c.active.is_(True))
    rows = await connection.execute(query.order_by(quality_gates.c.name, quality_gates.c.id))
    return [GateDetails.model_validate(row) for row in rows.mappings()]


async def insert_gate(transaction: Connection, gate: GateDetails) -> bool:
    """Keep a new gate with its first revision; False when one of its name is there."""
    try:
        async with transaction.begin_nested():
            await transaction.execute(insert(quality_gates).values(_values(gate)))
    except IntegrityError:
        return False
    await _insert_revision(transaction, gate)
    return True


async def revise(
    transaction: Connection, gate: GateDetails, seen: int, changes: Mapping[str, Any]
) -> bool:
    """Keep a gate as it is now; False when it is not at the version `seen` any more.

    `changes` are further columns. A revision is kept for each definition.
    """
    statement = (
        update(quality_gates)
        .where(quality_gates.c.id == gate.id, quality_gates.c.revision == seen)
        .values({**_values(gate), **changes})
    )
    if not (await transaction.execute(statement)).rowcount:
        return False
    await _insert_revision(transaction, gate)
    return True


async def remove(transaction: Connection, gate_id: str, now: datetime) -> None:
    """Take the gate out of lists; what it said stays."""
    await transaction.execute(
        update(quality_gates).where(quality_gates.c.id == gate_id).values(removed_at=now)
    )


async def known_digests(connection: Connection, gate_ids: Sequence[str]) -> dict[str, str]:
    """The digests of gates by id, removed ones too."""
    query = select(quality_gates.c.id, quality_gates.c.digest, quality_gates.c.removed_at)
    rows = await connection.execute(query.where(quality_gates.c.id.in_(gate_ids)))
    return {row.id: "" if row.removed_at else row.digest for row in rows}


async def put_file_gate(transaction: Connection, gate: GateDetails, *, is_known: bool) -> None:
    """Keep what a file of a repository states, as it stands there now."""
    if not is_known and await insert_gate(transaction, gate):
        return
    if (await known_digests(transaction, [gate.id])).get(gate.id) == gate.digest:
        return  # another validation of the same commit was faster
    following = await transaction.scalar(
        update(quality_gates)
        .where(quality_gates.c.id == gate.id)
        .values(
            {
                **_values(gate),
                "created_at": quality_gates.c.created_at,
                "revision": quality_gates.c.revision + 1,
                "removed_at": None,
            }
        )
        .returning(quality_gates.c.revision)
    )
    await _insert_revision(transaction, gate.model_copy(update={"version": following}))


async def _insert_revision(transaction: Connection, gate: GateDetails) -> None:
    await transaction.execute(
        insert(quality_gate_revisions).values(
            gate_id=gate.id,
            revision=gate.version,
            digest=gate.digest,
            definition=gate.definition.canonical(),
            envelope=_envelope(gate),
            created_at=gate.updated_at,
            created_by=gate.created_by,
        )
    )


def _values(gate: GateDetails) -> dict[str, Any]:
    values = dict(gate)
    values["revision"] = values.pop("version")
    return {**values, "definition": gate.definition.canonical(), "envelope": _envelope(gate)}


def _envelope(gate: GateDetails) -> dict[str, Any] | None:
    return None if gate.envelope is None else gate.envelope.model_dump()


def _filtered(query: Select[Any], wanted: Filter) -> Select[Any]:
    query = query.where(_PRESENT)
    if wanted.gate_type is not None:
        query = query.where(quality_gates.c.gate_type == wanted.gate_type)
    if wanted.active is not None:
        query = query.where(quality_gates.c.active.is_(wanted.active))
    if wanted.repository_id is not None:
        mine = [EVERY_REPOSITORY, wanted.repository_id]
        query = query.where(quality_gates.c.repository_id.in_(mine))
    return query
