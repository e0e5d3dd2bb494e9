"""The `on:` of a workflow as triggers."""

import re
from collections.abc import Callable
from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.nodes import Node, mapping, sequence, text, written
from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import glob
from gitops_auditor.pipelines.github_actions.condition_import import EVENTS, identifier

ReportNode = Callable[[str, Node, str], None]
"""Takes a path of the workflow, the node there, and the reason why it is not carried over."""
_OPTIONAL = re.compile(r"(?<!\\)([\w.-])\?", re.ASCII)
_FILTERS: Final = {
    "push": ("branches", "tags", "paths"),
    "pull_request": ("branches", "paths"),
}
_INPUT_TYPES: Final = ("string", "number", "boolean", "choice")
_MAX_SPELLINGS: Final = 8


def triggers_of(node: Node | None, report: ReportNode) -> list[JsonValue]:
    """The triggers, in the spelling of a definition."""
    if node is None:
        return []
    names = [text(node)] if isinstance(node.value, str) else [text(one) for one in sequence(node)]
    events = mapping(node) or {name: node._replace(value=None) for name in names if name}
    found: list[JsonValue] = []
    for event, settings in events.items():
        found += _trigger(event, settings, report)
    return found


def _trigger(event: str, settings: Node, report: ReportNode) -> list[JsonValue]:
    kind = EVENTS.get(event)
    match kind:
        case "push" | "pull_request":
            if event == "pull_request_target":
                reason = "it becomes `pull_request`: a stranger's code has no more rights here"
                report(f"on.{event}", settings, reason)
            return [{kind: _filters(kind, event, settings, report)}]
        case "schedule":
            return [{"schedule": _times(settings)}] if sequence(settings) else []
        case "manual":
            return [{"manual": _inputs(settings, report)}]
        case "webhook":
            if mapping(settings):
                reason = "a pipeline has one address, whatever the type"
                report("on.repository_dispatch.types", settings, reason)
            return [{"webhook": None}]
        case _:
            report(f"on.{event}", settings, "nothing here starts a pipeline on this event")
            return []


def _filters(kind: str, event: str, settings: Node, report: ReportNode) -> JsonValue:
    found: dict[str, JsonValue] = {}
    fields = mapping(settings)
    if "types" in fields and kind == "pull_request":
        found["types"] = [written(one) for one in _items(fields["types"])]
    for field in _FILTERS[kind]:
        globs = _globs(fields.get(field), f"on.{event}.{field}", report)
        ignored = _globs(fields.get(f"{field}-ignore"), f"on.{event}.{field}-ignore", report)
        if ignored:
            globs = [*(globs or ["**"]), *(f"!{one}" for one in ignored)]
        if globs:
            found[field] = [*globs]
    known = {"types", *_FILTERS[kind], *(f"{one}-ignore" for one in _FILTERS[kind])}
    for name, node in fields.items():
        if name not in known:
            report(f"on.{event}.{name}", node, "there is no such filter here")
    return found or None


def _items(node: Node) -> list[Node]:
    return sequence(node) if isinstance(node.value, list) else [node]


def _globs(node: Node | None, path: str, report: ReportNode) -> list[str]:
    found: list[str] = []
    for item in _items(node) if node is not None else []:
        for one in _spellings(written(item)):
            try:
                glob(one.removeprefix("!"))
            except PatternError as error:
                report(path, item, f"{one!r} is not a glob here: {error.message}")
                continue
            found.append(one)
        if "+" in written(item).replace("\\+", ""):
            report(path, item, "`+` repeats nothing here: it is a plus sign")
    return found


def _spellings(pattern: str) -> list[str]:
    """With and without each character that a `?` makes optional."""
    found = [pattern]
    while len(found) < _MAX_SPELLINGS and (optional := _OPTIONAL.search(found[0])):
        start, end = optional.span()
        found = [
            spelling
            for one in found
            for spelling in (f"{one[:start]}{optional[1]}{one[end:]}", f"{one[:start]}{one[end:]}")
        ]
    return found


def _times(settings: Node) -> list[JsonValue]:
    found: list[JsonValue] = []
    for item in sequence(settings):
        fields = mapping(item)
        time: dict[str, JsonValue] = {"cron": written(fields.get("cron"))}
        if "timezone" in fields:
            time["timezone"] = written(fields["timezone"])
        found.append(time)
    return found


def _inputs(settings: Node, report: ReportNode) -> JsonValue:
    inputs: dict[str, JsonValue] = {
        identifier(name): _input(name, node, report)
        for name, node in mapping(mapping(settings).get("inputs")).items()
    }
    return {"inputs": inputs} if inputs else None


def _input(name: str, node: Node, report: ReportNode) -> JsonValue:
    path = f"on.workflow_dispatch.inputs.{name}"
    if identifier(name) != name:
        report(path, node, f"it is called `{identifier(name)}` here")
    fields = mapping(node)
    kind = written(fields.get("type")) or "string"
    if kind not in _INPUT_TYPES:
        report(path, node, f"the type {kind!r} becomes text")
        kind = "string"
    options: list[JsonValue] = [written(one) for one in sequence(fields.get("options"))]
    if kind == "choice" and not options:
        kind = "string"
    found: dict[str, JsonValue] = {"type": kind}
    if description := written(fields.get("description")):
        found["description"] = description
    if fields.get("required") is not None and fields["required"].value is True:
        found["required"] = True
    default = _default(kind, fields.get("default"), options)
    if default is not None:
        found["default"] = default
    elif "default" in fields and fields["default"].value is not None:
        report(f"{path}.default", fields["default"], f"it is no {kind}")
    return {**found, "options": options} if kind == "choice" else found


def _default(kind: str, node: Node | None, options: list[JsonValue]) -> JsonValue:
    if node is None:
        return None
    value = written(node)
    match kind:
        case "boolean":
            return {"true": True, "false": False}.get(value)
        case "number":
            is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
            return node.value if is_number and isinstance(node.value, int | float) else None
        case "choice":
            return value if value in options else None
        case _:
            return value
