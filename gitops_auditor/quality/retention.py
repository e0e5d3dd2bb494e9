"""Forgets what gates said long ago."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from gitops_auditor.audit import Audit
from gitops_auditor.identity import SYSTEM
from gitops_auditor.quality.store import baselines, results
from gitops_auditor.storage.database import Database


class Forgotten(BaseModel):
    """How many validations are gone, with all that they said."""

    validations: int


class QualityRetention:
    """Keeps validations for a number of days; gates, overrides and baselines stay."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def forget(self, days: int) -> Forgotten:
        """Forget what is older than that, in the name of the system when there is anything."""
        moment = datetime.now(UTC) - timedelta(days=days)
        async with self._database.read() as connection:
            if not await results.any_before(connection, moment):
                return Forgotten(validations=0)
        async with (
            self._audit.operation(SYSTEM.name, "forget_quality_results", {"days": days}),
            self._database.write() as transaction,
        ):
            gone = await results.delete_before(transaction, moment)
            await baselines.delete_base_findings(transaction, moment)
            await self._audit.effect(transaction, {"validations": gone}, None)
        return Forgotten(validations=gone)
