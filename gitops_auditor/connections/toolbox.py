"""The tools of one server: what they were first, what they are now, what arguments they take.

A server whose tool changes after it was first seen may be another than the operator trusted, so
the tool is refused until the platform is started anew or the new schema is pinned.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from gitops_auditor.connections.results import ToolInfo
from gitops_auditor.errors import Conflict, InvalidRequest, JsonValue, NotFound

if TYPE_CHECKING:
    from mcp.types import Tool

MAX_TOOLS: Final = 2_000


class Toolbox:
    """Remembers the tools of one server from its first listing on."""

    def __init__(self, server: str, pinned: Mapping[str, str]) -> None:
        self._server = server
        self._pinned = pinned
        self._first: dict[str, ToolInfo] = {}
        self._now: dict[str, ToolInfo] = {}

    def learn(self, tools: "Iterable[Tool]") -> list[str]:
        """Take a new listing; a sentence for each tool that is not what it was or has to be."""
        self._now = {tool.name: _info(tool) for tool in tools}
        for name, info in self._now.items():
            self._first.setdefault(name, info)
        known = sorted({*self._first, *self._pinned})
        return [problem.message for name in known if (problem := self._problem(name))]

    @property
    def tools(self) -> dict[str, ToolInfo]:
        """The tools of the last listing that may be called."""
        return {name: info for name, info in self._now.items() if self._problem(name) is None}

    def require(self, name: str) -> ToolInfo:
        """The tool. Raises NotFound for an unknown one, Conflict for one that changed or went."""
        if problem := self._problem(name):
            raise problem
        if name not in self._now:
            near = get_close_matches(name, self._now, 1)
            known = ", ".join(sorted(self._now)) or "none"
            hint = f"Did you mean {near[0]}?" if near else f"Its tools are: {known}."
            raise NotFound(f"The MCP server {self._server} has no tool {name}.", hint=hint)
        return self._now[name]

    def _problem(self, name: str) -> Conflict | None:
        if name not in self._first and name not in self._pinned:
            return None
        now = self._now.get(name)
        if now is None:
            return self._conflict(name, "is no longer offered", [])
        if name in self._pinned:
            if now.digest == self._pinned[name]:
                return None
            what = f"has the digest {now.digest}, not the pinned {self._pinned[name]}"
            return self._conflict(name, what, [])
        if now.digest == self._first[name].digest:
            return None
        changes = list(_changes(self._first[name].input_schema, now.input_schema))
        said = "; ".join(changes) or "its output schema changed"
        return self._conflict(name, f"changed since it was first seen: {said}", list(changes))

    def _conflict(self, name: str, what: str, changes: list[JsonValue]) -> Conflict:
        return Conflict(
            f"The tool {name} of the MCP server {self._server} {what}.",
            hint="Find out why; then start the platform anew, or correct `tools` in the file that"
            " configures the MCP servers.",
            details={"server": self._server, "tool": name, "changes": changes},
        )


def _info(tool: "Tool") -> ToolInfo:
    schemas = json.dumps([tool.input_schema, tool.output_schema], sort_keys=True)
    digest = f"sha256:{hashlib.sha256(schemas.encode()).hexdigest()}"
    return ToolInfo(tool.name, tool.description or "", tool.input_schema, digest)


def _changes(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> Iterator[str]:
    old, new = _properties(before), _properties(after)
    for name in sorted({*old, *new}):
        if name not in new:
            yield f"the argument {name} is gone"
        elif name not in old:
            yield f"the argument {name} is new"
        elif old[name] != new[name]:
            yield f"the argument {name} is described differently"
    if before.get("required") != after.get("required"):
        yield f"required are now {json.dumps(after.get('required') or [])}"


def _properties(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def takes(tool: ToolInfo, argument: str) -> bool:
    """Whether the tool describes an argument of that name."""
    return argument in _properties(tool.input_schema)


def check_arguments(tool: ToolInfo, arguments: Mapping[str, JsonValue]) -> None:
    """Raises InvalidRequest when the arguments do not fit the tool's input schema.

    A schema that is itself not valid JSON Schema, or refers outside itself, is a Conflict.
    """
    from jsonschema.exceptions import SchemaError, best_match  # noqa: PLC0415 - only who calls pays
    from jsonschema.validators import validator_for  # noqa: PLC0415 - only who calls pays
    from referencing import Registry  # noqa: PLC0415 - only who calls pays
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - only who calls pays

    schema = dict(tool.input_schema)
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
        # With a registry of its own a schema cannot make this process fetch anything.
        found = kind(schema, registry=Registry())
        mistake = best_match(found.iter_errors(dict(arguments)))
    except (SchemaError, Unresolvable) as broken:
        raise Conflict(
            f"The input schema of the tool {tool.name} is not valid: {_first_line(broken)}.",
            hint="It is a fault of the MCP server; look for a newer version of it.",
        ) from None
    if mistake is not None:
        place = "".join(f"/{step}" for step in mistake.absolute_path)
        where = f" at {place}" if place else ""
        raise InvalidRequest(
            f"The arguments do not fit the tool {tool.name}{where}: {mistake.message[:500]}.",
            hint="Correct `arguments` of the job, or of the action that the operator configured.",
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
