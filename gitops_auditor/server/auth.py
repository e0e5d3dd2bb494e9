"""In whose name an MCP request runs, and the id under which the logs have it."""

import uuid
from collections.abc import MutableMapping
from typing import Any, TypeAlias

from mcp.server.context import ServerRequestContext

from gitops_auditor.errors import Unauthenticated
from gitops_auditor.identity import LOCAL, Principal

RequestContext: TypeAlias = ServerRequestContext[Any, Any]
"""What the SDK hands to every handler."""


def principal_of(ctx: RequestContext) -> Principal:
    """The caller: the local user without HTTP, else the one that the HTTP side authenticated.

    Raises Unauthenticated for an HTTP request that nobody authenticated.
    """
    state = _request_state(ctx)
    if state is None:
        return LOCAL
    principal = state.get("principal")
    if not isinstance(principal, Principal):
        raise Unauthenticated(
            "The request carries no authenticated caller.", hint="Send a bearer token."
        )
    return principal


def request_id_of(ctx: RequestContext) -> str:
    """The id of this request, shared with the HTTP side when there is one."""
    state = _request_state(ctx)
    if state is None:
        return uuid.uuid4().hex
    known: str = state.setdefault("request_id", uuid.uuid4().hex)
    return known


def _request_state(ctx: RequestContext) -> MutableMapping[str, Any] | None:
    if ctx.request is None:
        return None
    state: MutableMapping[str, Any] = ctx.request.scope.setdefault("state", {})
    return state
