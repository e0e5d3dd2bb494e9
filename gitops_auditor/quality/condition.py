"""How quality gates are doing: what can look, whether definitions can be trusted, how many."""

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.health import ComponentHealth
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import Request, Tool
from gitops_auditor.linters.tools import ALL_FORMATTERS, ALL_LINTERS, ALL_SCANNERS
from gitops_auditor.quality.looking import NOWHERE
from gitops_auditor.quality.signing.condition import signing_condition
from gitops_auditor.quality.store import gates
from gitops_auditor.quality.store.gates import Filter
from gitops_auditor.storage.database import Database


class QualityCondition:
    """Looks at what there is; it asks no gate and starts no tool."""

    def __init__(self, database: Database, runner: ToolRunner, settings: Settings) -> None:
        self._database = database
        self._runner = runner
        self._settings = settings

    async def health(self) -> ComponentHealth:
        """Degraded when every gate is refused because no key that is trusted can sign.

        `tools` are the bundled linters and scanners that are installed, of `tools_known`.
        """
        signing = await anyio.to_thread.run_sync(signing_condition, self._settings)
        async with self._database.read() as connection:
            active = await gates.count(connection, Filter(active=True))
        known = (*ALL_LINTERS, *ALL_FORMATTERS, *ALL_SCANNERS)
        installed = [tool for tool in known if await self._is_installed(tool)]
        return ComponentHealth(
            name="quality",
            status="degraded" if signing.status == "degraded" else "healthy",
            reasons=signing.reasons,
            figures={
                "gates": active,
                "enforcement": self._settings.quality_gate_enforcement,
                "signatures": self._settings.quality_gate_signatures,
                "tools": len(installed),
                "tools_known": len(known),
            },
        )

    async def _is_installed(self, tool: Tool) -> bool:
        try:
            return await self._runner.program(tool, Request(NOWHERE, ())) is not None
        except Refused:
            return False
