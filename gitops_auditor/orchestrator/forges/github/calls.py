"""Asks GitHub by its MCP server where that has a fitting tool, else over REST."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import quote

import anyio

from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import (
    GitOpsError,
    InvalidRequest,
    JsonValue,
    NotFound,
    Refused,
    Unavailable,
)
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.dialects import ALL, Arguments, Call, ToolForm
from gitops_auditor.orchestrator.forges.github.refusals import tool_failure
from gitops_auditor.orchestrator.forges.github.rest import RestClient

if TYPE_CHECKING:
    from gitops_auditor.connections.results import ToolInfo

SERVER: Final = "github"
"""What GitHub's MCP server is called in the file that configures the servers."""

_ANSWERS_WITH_AN_ERROR: Final = "answers with an error"

START_SECONDS: Final = 30.0
LEFT_ALONE_SECONDS: Final = 60.0
"""With a token, a server that is not ready in the first time is not asked for the second."""


class Capability(NamedTuple):
    """How something is asked of GitHub: by `tool`, over REST, or not at all; and why so."""

    name: str
    way: Literal["mcp", "rest", "none"]
    tool: str
    reason: str


class _Way(NamedTuple):
    form: ToolForm | None
    schema: Mapping[str, JsonValue]
    reason: str


class GitHubCalls:
    """One way to ask, whichever of the two serves."""

    def __init__(self, connections: Connections, rest: RestClient) -> None:
        self._connections = connections
        self._broken: GitOpsError | None = None
        self._again_at = 0.0
        self.rest = rest

    async def capabilities(self) -> list[Capability]:
        """What can be done and how, as the connected server offers it now."""
        tools = await self._tools()
        return [self._capability(call, tools) for call in ALL]

    async def ask(self, call: Call, where: RepositoryName, **arguments: JsonValue) -> JsonValue:
        """Ask, and return what came back, in the words of REST.

        Raises as `RestClient.send`, TimedOut for a tool, and Refused when neither serves.
        """
        way = self._way(call, await self._tools())
        if way.form is not None:
            return await self._by_tool(call, way.form, way.schema, where, arguments)
        if not self.rest.usable:
            raise Refused(
                f"Nothing here can {call.what}: {way.reason}",
                hint="Set GITHUB_TOKEN, or configure an MCP server with such a tool.",
            )
        left = dict(arguments)
        path = where.path + _filled(call.path, left)
        if call.method == "GET":
            query = {name: str(value) for name, value in left.items()}
            return await self.rest.send("GET", path, call.what, query=query)
        return await self.rest.send(call.method, path, call.what, body=call.body(left) or None)

    async def serves_by_tool(self, call: Call) -> bool:
        """Whether a tool serves it."""
        return self._way(call, await self._tools()).form is not None

    async def _by_tool(
        self,
        call: Call,
        form: ToolForm,
        schema: Mapping[str, JsonValue],
        where: RepositoryName,
        arguments: Arguments,
    ) -> JsonValue:
        given = {form.arguments[name]: value for name, value in arguments.items()}
        typed = {name: _typed(value, schema.get(name)) for name, value in given.items()}
        named = {"owner": where.owner, "repo": where.name, **form.fixed, **typed}
        try:
            result = await self._connections.call(SERVER, form.tool, named)
        except Unavailable as failed:
            if _ANSWERS_WITH_AN_ERROR not in failed.message:
                raise
            raise tool_failure(call.what, failed.message) from failed
        if result.is_error:
            raise tool_failure(call.what, result.text)
        return _parsed(result.text)

    async def _tools(self) -> "Mapping[str, ToolInfo] | GitOpsError":
        """What the server offers, or why that cannot be told."""
        if SERVER not in self._connections.configured:
            return NotFound(f"no MCP server {SERVER} is configured.", hint="Configure it.")
        if not self.rest.usable:
            return await self._connections.tools(SERVER)
        if self._broken is not None and anyio.current_time() < self._again_at:
            return self._broken
        try:
            tools = await self._connections.tools(SERVER, START_SECONDS)
        except GitOpsError as failed:
            self._broken, self._again_at = failed, anyio.current_time() + LEFT_ALONE_SECONDS
            return failed
        self._broken = None
        return tools

    def _way(self, call: Call, tools: "Mapping[str, ToolInfo] | GitOpsError") -> _Way:
        if isinstance(tools, GitOpsError):
            return _Way(None, {}, tools.message)
        reason = "the MCP server has no tool for it."
        for form in call.tools:
            offered = tools.get(form.tool)
            if offered is None:
                continue
            properties = offered.input_schema.get("properties")
            taken = properties if isinstance(properties, dict) else {}
            missing = [one for one in (*form.arguments.values(), *form.fixed) if one not in taken]
            if not missing:
                return _Way(form, taken, "")
            reason = f"the tool {form.tool} takes no `{missing[-1]}`."
        return _Way(None, {}, reason)

    def _capability(self, call: Call, tools: "Mapping[str, ToolInfo] | GitOpsError") -> Capability:
        way = self._way(call, tools)
        if way.form is not None:
            return Capability(call.what, "mcp", way.form.tool, "")
        if self.rest.usable:
            return Capability(call.what, "rest", "", way.reason)
        return Capability(call.what, "none", "", f"{way.reason} REST needs GITHUB_TOKEN.")


def _filled(path: str, arguments: dict[str, JsonValue]) -> str:
    """The path with its arguments, which are taken out of `arguments`."""
    for name in [*arguments]:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", _quoted(str(arguments.pop(name))))
    return path


def _quoted(text: str) -> str:
    if {"", ".", ".."} & {*text.split("/")}:
        raise InvalidRequest(
            f"{text[:100]!r} is no name that GitHub knows.", hint="Name a branch, tag or file."
        )
    return quote(text, safe="/")


def _typed(value: JsonValue, schema: JsonValue) -> JsonValue:
    """Servers disagree on whether numbers are written as numbers or as text."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind in ("number", "integer") and isinstance(value, str) and value.isdigit():
        return int(value)
    return str(value) if kind == "string" and isinstance(value, int) else value


def _parsed(text: str) -> JsonValue:
    try:
        data: JsonValue = json.loads(text)
    except ValueError:
        return {"message": text}
    return data
