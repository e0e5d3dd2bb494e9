"""Lets a failed gate pass, for one tree, by somebody who says why."""

from datetime import UTC, datetime
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound
from gitops_auditor.events import EventLog
from gitops_auditor.identity import new_id
from gitops_auditor.pages import Page, PageParams, cut_page, start_of
from gitops_auditor.quality.results import Override
from gitops_auditor.quality.service import CHANNEL
from gitops_auditor.quality.store import overrides as store
from gitops_auditor.quality.store import results as result_store
from gitops_auditor.storage.database import Database

SHORTEST_REASON: Final = 10
_OVERRIDABLE: Final = frozenset({"failed", "error", "warning"})


class Overrides:
    """An override holds for the tree that was looked at: with any other file it is void."""

    def __init__(self, database: Database, events: EventLog, audit: Audit) -> None:
        self._database = database
        self._events = events
        self._audit = audit

    async def create(self, result_id: str, reason: str, actor: str) -> Override:
        """Let what a result is about pass from now on. Must run inside an audited operation.

        Raises NotFound for the result, InvalidRequest for a reason of fewer than SHORTEST_REASON
        characters, and Conflict for a result that needs none or of a gate that is not trusted.
        """
        said = " ".join(reason.split())
        if len(said) < SHORTEST_REASON:
            raise InvalidRequest(
                f"The reason has {len(said)} characters; it takes {SHORTEST_REASON} at least.",
                hint="Say why this may pass, so that others can judge it later.",
            )
        override = await self._of(result_id, said, actor)
        async with self._database.write() as transaction:
            await store.insert_override(transaction, override)
            facts = override.model_dump(mode="json")
            await self._audit.effect(transaction, None, facts)
            await self._events.append(transaction, CHANNEL, "quality.gate.overridden", facts)
        return override

    async def _of(self, result_id: str, reason: str, actor: str) -> Override:
        async with self._database.read() as connection:
            result = await result_store.result(connection, result_id)
        if result is None:
            raise NotFound(f"There is no result {result_id}.", hint="List the results.")
        if result.status not in _OVERRIDABLE:
            raise Conflict(
                f"The gate {result.gate} says {result.status}: there is nothing to override.",
                hint="Name the result of a gate that failed.",
            )
        if result.metrics.get("refused"):
            raise Conflict(
                f"The gate {result.gate} was not asked: its definition is not to be trusted.",
                hint="Have it signed; see `gitops-auditor gates sign`.",
            )
        return Override(
            id=new_id(),
            repository_id=result.repository_id,
            gate_id=result.gate_id,
            tree=result.tree,
            reason=reason,
            created_by=actor,
            created_at=datetime.now(UTC),
        )

    async def list(self, repository_id: str | None, params: PageParams) -> Page[Override]:
        """A page of overrides, newest first."""
        before = start_of(params)
        async with self._database.read() as connection:
            found = await store.page(connection, repository_id, before, params.limit + 1)
        return cut_page(found, params, lambda one: (one.id,))
