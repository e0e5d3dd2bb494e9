"""All operations on offer: found by name, selected for a client, called."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pydantic import BaseModel

from gitops_auditor.errors import InvalidRequest, NotFound
from gitops_auditor.operations.declaration import Operation, Toolset
from gitops_auditor.operations.models import Call, Context
from gitops_auditor.operations.running import authorise, run_audited, validated
from gitops_auditor.services import Services

DEFAULT: Final = "default"
"""In place of a toolset: the operations that every client is offered."""


class OperationCatalog:
    """All operations on offer, found by name or by an older name of theirs."""

    def __init__(self, toolsets: Sequence[Toolset], aliases: Mapping[str, str]) -> None:
        self.toolsets = tuple(toolsets)
        self.aliases = dict(aliases)
        self._by_name = {found.name: found for toolset in toolsets for found in toolset.operations}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in declaration order."""
        return tuple(self._by_name.values())

    def get(self, name: str) -> Operation:
        """The operation of this name; NotFound names the nearest ones."""
        found = self._by_name.get(self.aliases.get(name, name))
        if found is None:
            near = difflib.get_close_matches(name, self._by_name, 3)
            hint = (
                f"Did you mean {' or '.join(near)}?"
                if near
                else "List the tools to see what there is."
            )
            raise NotFound(f"There is no operation {name}.", hint=hint)
        return found

    def without_writes(self) -> "OperationCatalog":
        """The catalog of a read-only server: writes are not refused but absent."""
        return self._keep(lambda found: found.effect == "read")

    def without_phase2(self) -> "OperationCatalog":
        """The catalog with the four platform areas hidden."""
        hidden = {toolset.name for toolset in self.toolsets if toolset.phase2}
        return self._keep(lambda found: found.toolset not in hidden)

    def for_mcp(
        self, toolsets: Iterable[str] = (), tools: Iterable[str] = (), exclude: Iterable[str] = ()
    ) -> "OperationCatalog":
        """What MCP clients get: the default surface, or these toolsets whole, and these tools.

        The toolset `default` stands for the default surface, beside others.
        """
        asked = set(toolsets)
        has_default = not asked or DEFAULT in asked
        chosen = self._known_toolsets(asked - {DEFAULT})
        named = {self.get(tool).name for tool in tools}
        refused = {self.get(tool).name for tool in exclude}

        def offered(found: Operation) -> bool:
            if found.surface == "rest" or found.name in refused:
                return False
            by_default = has_default and found.surface == "default"
            return by_default or found.toolset in chosen or found.name in named

        return self._keep(offered)

    async def call(self, services: Services, call: Call) -> BaseModel:
        """Validate, authorise, audit and run. Raises a GitOpsError for what the caller can fix."""
        operation = self.get(call.operation)
        params = validated(operation, call.arguments)
        authorise(operation, call.principal)
        context = Context(services, call.principal, call.request_id, call.progress, call.ask)
        if operation.effect == "read":
            return await operation.run(context, params)
        return await run_audited(operation, context, params)

    def _known_toolsets(self, names: Iterable[str]) -> set[str]:
        chosen, known = set(names), {toolset.name for toolset in self.toolsets}
        if unknown := sorted(chosen - known - {"all"}):
            raise InvalidRequest(
                f"There is no toolset {unknown[0]}.",
                hint=f"Toolsets: {', '.join(sorted(known))}, {DEFAULT}, or all.",
            )
        return known if "all" in chosen else chosen

    def _keep(self, wanted: Callable[[Operation], bool]) -> "OperationCatalog":
        kept = [
            replace(toolset, operations=[found for found in toolset.operations if wanted(found)])
            for toolset in self.toolsets
        ]
        return OperationCatalog(kept, self.aliases)
