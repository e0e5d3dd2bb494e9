"""What validations said, for reading."""

from gitops_auditor.errors import NotFound
from gitops_auditor.pages import Page, PageParams, cut_page, start_of
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import GateResult, QualityReport
from gitops_auditor.quality.store import results as store
from gitops_auditor.quality.store.results import Filter
from gitops_auditor.storage.database import Database


class Answers:
    """Validations and their results, as they are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, validation_id: str, *, findings: int = 0) -> QualityReport:
        """A validation with its results, each with its worst `findings`. Raises NotFound."""
        async with self._database.read() as connection:
            found = await store.report(connection, validation_id)
            if found is None:
                raise NotFound(
                    f"There is no validation {validation_id}.",
                    hint="List the validations of the repository.",
                )
            if not findings:
                return found
            gates = [await store.with_evidence(connection, gate) for gate in found.gates]
        return found.model_copy(update={"gates": [shortened(gate, findings) for gate in gates]})

    async def reports(
        self, repository_id: str | None, gate_type: GateType | None, params: PageParams
    ) -> Page[QualityReport]:
        """A page of validations without their results, newest first."""
        before = start_of(params)
        async with self._database.read() as connection:
            found = await store.reports(
                connection, repository_id, gate_type, before, params.limit + 1
            )
        return cut_page(found, params, lambda one: (one.id,))

    async def result(self, result_id: str) -> GateResult:
        """A result with its evidence. Raises NotFound."""
        async with self._database.read() as connection:
            found = await store.result(connection, result_id)
        if found is None:
            raise NotFound(f"There is no result {result_id}.", hint="List the results.")
        return found

    async def results(self, wanted: Filter, params: PageParams) -> Page[GateResult]:
        """A page of results without their evidence, newest first."""
        before = start_of(params)
        async with self._database.read() as connection:
            found = await store.page(connection, wanted, before, params.limit + 1)
        return cut_page(found, params, lambda one: (one.id,))


def shortened(result: GateResult, findings: int) -> GateResult:
    """The result with that many of its findings at most; the reports of tools keep their counts."""
    tools = [tool.model_copy(update={"findings": ()}) for tool in result.tools]
    return result.model_copy(update={"findings": result.findings[:findings], "tools": tools})
