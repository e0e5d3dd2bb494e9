"""Calling operations in the name of an MCP client."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from gitops_auditor.operations import Ask, Call, OperationCatalog, Progress, cannot_ask, no_progress
from gitops_auditor.server.auth import RequestContext, principal_of, request_id_of
from gitops_auditor.services import Services

ServicesProvider: TypeAlias = Callable[[], Awaitable[Services]]
"""Gives the open services; the first call may open them. Raises GitOpsError when that fails."""


class OperationCaller:
    """What tools, resources and completions share: the catalog on offer and the services."""

    def __init__(self, catalog: OperationCatalog, services: ServicesProvider) -> None:
        self.catalog = catalog
        self.services = services

    def offers(self, operation: str) -> bool:
        """Whether the catalog has this operation, under its present name."""
        return any(found.name == operation for found in self.catalog.operations)

    async def call(
        self,
        ctx: RequestContext,
        operation: str,
        arguments: Mapping[str, Any],
        progress: Progress = no_progress,
        ask: Ask = cannot_ask,
    ) -> BaseModel:
        """Run an operation as the caller of `ctx`; raises GitOpsError for what it can fix."""
        call = Call(operation, arguments, principal_of(ctx), request_id_of(ctx), progress, ask)
        return await self.catalog.call(await self.services(), call)
