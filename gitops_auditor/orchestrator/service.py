"""Plans, looked at. `planning` makes them, `running` carries them out."""

from gitops_auditor.errors import NotFound
from gitops_auditor.orchestrator.records import LedgerEntry, Patch, Plan, PlanSummary
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.orchestrator.store.plans import Filter
from gitops_auditor.pages import Page, PageParams, cut_page, offset_of, start_of
from gitops_auditor.storage.database import Database


class Plans:
    """Answers from what is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, plan_id: str) -> Plan:
        """A plan, whole. Raises NotFound."""
        async with self._database.read() as connection:
            found = await store.get(connection, plan_id)
        if found is None:
            raise unknown(plan_id)
        return found

    async def list(self, wanted: Filter, params: PageParams) -> Page[PlanSummary]:
        """A page of plans, newest first; they are not counted."""
        before = start_of(params)
        async with self._database.read() as connection:
            found = await store.page(connection, wanted, before, params.limit + 1)
        return cut_page(found, params, lambda one: (one.id,))

    async def patch(self, plan_id: str, repository_id: str) -> Patch | None:
        """The diff of a repository in a plan; None where nothing was rendered."""
        async with self._database.read() as connection:
            return await store.patch(connection, plan_id, repository_id)

    async def ledger(self, plan_id: str, params: PageParams) -> Page[LedgerEntry]:
        """The journal of a plan, oldest first. Raises NotFound."""
        after = offset_of(params)
        async with self._database.read() as connection:
            if await store.status(connection, plan_id) is None:
                raise unknown(plan_id)
            found = await store.ledger(connection, plan_id, after, params.limit + 1)
        return cut_page(found, params, lambda one: (one.seq,))


def unknown(plan_id: str) -> NotFound:
    """What is raised for an id that no plan has."""
    return NotFound(f"There is no plan {plan_id}.", hint="List the plans to see which there are.")
