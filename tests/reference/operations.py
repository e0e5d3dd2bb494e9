"""operations.md: what callers can do, over MCP and REST alike."""

from typing import Any

from gitops_auditor.operations import Operation, OperationCatalog, Toolset
from gitops_auditor.server.schemas import input_schema
from gitops_auditor.tools import full_catalog
from tests.reference.markdown import code, page, table

INTRODUCTION = """\
Each operation has one name, one set of parameters and one result. Over MCP it is a tool of that
name, over REST it is the route below; `/api/v2` works too. `effect` says whether it changes
anything: `--read-only` leaves out all but `read`. `role` is the least role that a token needs.

Long-running operations answer with a work record: its `id`, `status`, progress and, once it
succeeded, its `result`. `wait_seconds` waits for that, and `get_work` asks again.

Over MCP the operations marked *toolset* are offered to those who ask for their toolset, as
`gitops-auditor stdio --toolsets all` does; those marked *REST* never."""
SURFACES = {"default": "MCP and REST", "toolset": "toolset", "rest": "REST"}


def operations_page() -> str:
    """The page."""
    catalog = full_catalog()
    parts = [_aliases(catalog)]
    for toolset in catalog.toolsets:
        parts += [_toolset(toolset), *(_operation(found) for found in toolset.operations)]
    return page("Operations", INTRODUCTION, *parts)


def _aliases(catalog: OperationCatalog) -> str:
    if not catalog.aliases:
        return ""
    rows = [(code(old), code(new)) for old, new in catalog.aliases.items()]
    return "Older names still work:\n\n" + table(("older name", "name"), rows)


def _toolset(toolset: Toolset) -> str:
    return f"## {toolset.title}\n\nToolset `{toolset.name}`. {toolset.description}"


def _operation(found: Operation) -> str:
    facts = [f"effect {found.effect}", f"role {found.role}", SURFACES[found.surface]]
    facts += ["long-running"] if found.long else []
    about = f"`{found.method} {found.path.replace(':path', '')}` · {' · '.join(facts)}"
    parts = [f"### {found.name}", found.description, about, _parameters(found)]
    return "\n\n".join(part for part in parts if part)


def _parameters(found: Operation) -> str:
    schema = input_schema(found.params)
    required = schema.get("required", [])
    rows = [
        (
            code(name) + (" (required)" if name in required else ""),
            _type(one),
            _default(one),
            one.get("description", ""),
        )
        for name, one in schema["properties"].items()
    ]
    return table(("parameter", "type", "default", "meaning"), rows) if rows else ""


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(code(str(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    kind = str(schema.get("format", schema.get("type", "any")))
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = " to ".join(f"{bound:g}" for bound in (low, high) if bound is not None)
    return f"{kind}, {bounds}{'' if high is not None else ' or more'}" if bounds else kind


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    if default is None or default == []:
        return ""
    return code(str(default).lower() if isinstance(default, bool) else f"{default}")
