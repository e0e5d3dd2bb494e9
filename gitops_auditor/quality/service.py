"""The gates there are: given to the platform, or stated by a file of a repository."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue, ValidationError

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, require_version
from gitops_auditor.events import EventLog
from gitops_auditor.pages import Page, PageParams, cut_page, start_of
from gitops_auditor.quality.gate import Gate, GateType
from gitops_auditor.quality.records import EVERY_REPOSITORY, GateDetails, GateEnvelope, StoredGate
from gitops_auditor.quality.store import gates as store
from gitops_auditor.quality.store.gates import Connection, Filter
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

CHANNEL: Final = "quality"


class QualityGates:
    """Every write needs a current `Audit.operation`, appends an event and is one transaction."""

    def __init__(
        self, database: Database, events: EventLog, audit: Audit, repositories: RepositoryRegistry
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories

    async def create(
        self,
        gate_type: GateType,
        definition: Mapping[str, JsonValue],
        actor: str,
        repository_id: str | None = None,
        envelope: GateEnvelope | None = None,
    ) -> GateDetails:
        """Keep a gate, of one repository or of all.

        Raises InvalidRequest for a definition that is not understood, NotFound for the repository,
        and Conflict when there is a gate of that name for the same.
        """
        owner = EVERY_REPOSITORY
        if repository_id is not None:
            owner = (await self._repositories.get(repository_id)).id
        gate = gate_of(definition)
        now = datetime.now(UTC)
        made = details_of(
            gate,
            gate_type,
            id=f"gate_{secrets.token_hex(8)}",
            repository_id=owner,
            envelope=envelope,
            created_at=now,
            updated_at=now,
            created_by=actor,
        )
        async with self._database.write() as transaction:
            if not await store.insert_gate(transaction, made):
                raise _taken(made)
            await self._record(transaction, "quality.gate.created", None, made)
        return made

    async def get(self, gate_id: str) -> GateDetails:
        """The gate. Raises NotFound."""
        async with self._database.read() as connection:
            return await _existing(connection, gate_id)

    async def list(self, wanted: Filter, params: PageParams) -> Page[StoredGate]:
        """A page of gates by their ids."""
        after = start_of(params) or ""
        async with self._database.read() as connection:
            found = await store.page(connection, wanted, after, params.limit + 1)
            total = await store.count(connection, wanted)
        return cut_page(found, params, lambda one: (one.id,), total)

    async def update(
        self,
        gate_id: str,
        actor: str,
        *,
        definition: Mapping[str, JsonValue] | None = None,
        active: bool | None = None,
        envelope: GateEnvelope | None = None,
        version: int | None = None,
    ) -> GateDetails:
        """Change a gate; what is None stays, and a new definition loses the old signature.

        Raises NotFound, InvalidRequest, Stale when it is not at `version` any more, and Conflict
        for a gate that a file states.
        """
        before = await self.get(gate_id)
        _require_ours(before)
        require_version(f"The gate {before.name}", before.version, version)
        after = _changed(before, definition, active, envelope, actor)
        async with self._database.write() as transaction:
            if not await store.revise(transaction, after, before.version, {}):
                present = (await _existing(transaction, gate_id)).version
                require_version(f"The gate {before.name}", present, before.version)
            await self._record(transaction, "quality.gate.updated", before, after)
        return after

    async def remove(self, gate_id: str, version: int | None = None) -> StoredGate:
        """Ask the gate of nobody any more; what it said stays.

        Raises NotFound, Stale, and Conflict for a gate that a file states.
        """
        before = await self.get(gate_id)
        _require_ours(before)
        require_version(f"The gate {before.name}", before.version, version)
        async with self._database.write() as transaction:
            await store.remove(transaction, gate_id, datetime.now(UTC))
            await self._record(transaction, "quality.gate.removed", before, None)
        return before

    async def of_platform(self, repository_id: str, gate_type: GateType) -> Sequence[GateDetails]:
        """The active gates of the platform that are asked of a repository, by name."""
        async with self._database.read() as connection:
            return await store.of_platform(connection, repository_id, gate_type)

    async def given(self) -> Sequence[GateDetails]:
        """All active gates of the platform, of all types, whichever repository they are for."""
        async with self._database.read() as connection:
            return await store.given(connection)

    async def keep_file_gates(self, gates: Sequence[GateDetails]) -> None:
        """Know the gates that files of a repository state, as they are now.

        It changes nothing for those that are known as they are.
        """
        ids = [gate.id for gate in gates]
        async with self._database.read() as connection:
            known = await store.known_digests(connection, ids)
        changed = [gate for gate in gates if known.get(gate.id) != gate.digest]
        if not changed:
            return
        async with self._database.write() as transaction:
            known = await store.known_digests(transaction, ids)
            for gate in changed:
                if known.get(gate.id) != gate.digest:
                    await store.put_file_gate(transaction, gate, is_known=gate.id in known)

    async def _record(
        self,
        transaction: Connection,
        event: str,
        before: GateDetails | None,
        after: GateDetails | None,
    ) -> None:
        shown = after or before
        await self._audit.effect(transaction, _facts(before), _facts(after))
        if shown is not None:
            data: dict[str, JsonValue] = {
                "gate_id": shown.id,
                "name": shown.name,
                "gate_type": shown.gate_type,
                "repository_id": shown.repository_id or None,
            }
            await self._events.append(transaction, CHANNEL, event, data)


def gate_of(definition: Mapping[str, JsonValue]) -> Gate:
    """The gate that a definition states. Raises InvalidRequest that names what is wrong."""
    try:
        return Gate.model_validate(definition)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        sentence = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidRequest(
            f"The definition is not a gate: {f'{place}: ' if place else ''}{sentence}",
            hint="See the schema of gates, or an example in the README.",
        ) from None


def details_of(gate: Gate, gate_type: GateType, **others: Any) -> GateDetails:
    """A gate as it is kept."""
    return GateDetails(
        name=gate.name,
        gate_type=gate_type,
        kind=gate.kind,
        digest=gate.digest,
        definition=gate,
        **others,
    )


def file_gate_id(repository_id: str, path: str, gate_type: GateType, name: str) -> str:
    """The id of a gate that a file of a repository states; it stays when its definition changes."""
    text = f"{repository_id}\0{path}\0{gate_type}\0{name}"
    return f"gate_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _changed(
    before: GateDetails,
    definition: Mapping[str, JsonValue] | None,
    active: bool | None,  # noqa: FBT001 - three states
    envelope: GateEnvelope | None,
    actor: str,
) -> GateDetails:
    gate = before.definition if definition is None else gate_of(definition)
    kept = before.envelope if definition is None else None
    return details_of(
        gate,
        before.gate_type,
        id=before.id,
        repository_id=before.repository_id,
        active=before.active if active is None else active,
        version=before.version + 1,
        envelope=kept if envelope is None else envelope,
        created_at=before.created_at,
        updated_at=datetime.now(UTC),
        created_by=actor,
    )


async def _existing(connection: Connection, gate_id: str) -> GateDetails:
    found = await store.get(connection, gate_id)
    if found is None:
        raise NotFound(f"There is no gate {gate_id}.", hint="List the gates to see which exist.")
    return found


def _require_ours(gate: GateDetails) -> None:
    if gate.path is not None:
        raise Conflict(
            f"The gate {gate.name} is stated by {gate.path} of {gate.repository_id}.",
            hint="Change it there, and commit.",
        )


def _taken(gate: GateDetails) -> Conflict:
    whose = gate.repository_id or "every repository"
    return Conflict(
        f"There is a {gate.gate_type} gate {gate.name} for {whose}.",
        hint="Choose another name, or change that gate.",
    )


def _facts(gate: GateDetails | None) -> dict[str, object] | None:
    if gate is None:
        return None
    return {
        "gate_id": gate.id,
        "name": gate.name,
        "gate_type": gate.gate_type,
        "repository_id": gate.repository_id,
        "active": gate.active,
        "version": gate.version,
        "digest": gate.digest,
        "definition": gate.definition.canonical(),
    }
