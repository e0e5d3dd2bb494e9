"""Answers that were given before, to the same question."""

from collections.abc import Sequence
from datetime import UTC, datetime

from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.results import GateResult
from gitops_auditor.quality.store import baselines, results
from gitops_auditor.storage.database import Database


class Known:
    """A key says all that an answer depends on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def result(self, key: str) -> GateResult | None:
        """The newest answer, with its evidence."""
        async with self._database.read() as connection:
            return await results.cached(connection, key)

    async def base_findings(self, key: str) -> list[Finding] | None:
        """What was found in a base commit, None when nobody looked yet."""
        async with self._database.read() as connection:
            return await baselines.base_findings(connection, key)

    async def keep_base_findings(self, key: str, findings: Sequence[Finding]) -> None:
        """Keep what was found in a base commit."""
        async with self._database.write() as transaction:
            await baselines.put_base_findings(transaction, key, findings, datetime.now(UTC))
