"""What a model says is wrong with a tree of nodes, as findings with their place in the file."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.nodes import Finding, Node

Location = tuple[str | int, ...]
Aliases = Mapping[str, str]
"""Other spellings of fields, with the field."""

_TAG: Final = "type"
_LACKING: Final = {"missing": "missing; add it", "too_short": "empty; add at least one"}
_PLAIN: Final = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
}


def plain(node: Node) -> JsonValue:
    """The tree without positions."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def node_at(root: Node, location: Location, aliases: Aliases) -> tuple[str, Node]:
    """The node that a place in the model leads to, and its key, or the nearest one around it."""
    return _way(root, location, aliases)[-1]


def model_findings(
    error: ValidationError,
    root: Node,
    model: type[BaseModel],
    aliases: Aliases,
    known: Collection[Finding],
) -> Iterator[Finding]:
    """One finding for each value that is wrong, at its place, or at that of what lacks it.

    What is inside of a value that a finding of `known` is about is left out. An error of a custom
    type names the field that it is about as `field` in its context.
    """
    reported = {(one.line, one.column) for one in known}
    seen: set[tuple[str, int, int]] = set()
    for details in error.errors(include_url=False):
        way = _way(root, _location(details), aliases)
        name, node = way[-1]
        if details["type"] == "too_short" and node.value:
            continue  # its items are wrong, and reported themselves
        subject = str(details["loc"][-1]) if details["type"] == "missing" else name
        key = (subject, node.line, node.column)
        if key not in seen and not reported & {(one.line, one.column) for _, one in way[1:]}:
            yield Finding(_message(details, subject, model, aliases), node.line, node.column)
        seen.add(key)


def _location(details: ErrorDetails) -> Location:
    context: Mapping[str, object] = details.get("ctx", {})
    field = context.get("field")
    return details["loc"] if field is None else (*details["loc"], str(field))


def _way(root: Node, location: Location, aliases: Aliases) -> list[tuple[str, Node]]:
    """The nodes on the way to a place with their keys; items of lists have that of their list.

    Steps that only the model has are passed over.
    """
    way = [("", root)]
    for step in location:
        name, node = way[-1]
        value = node.value
        if isinstance(value, dict) and isinstance(step, str):
            written = next((key for key in value if aliases.get(key, key) == step), None)
            if step in value or written is not None:
                key = step if step in value else str(written)
                way.append((key, value[key]))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            way.append((name, value[step]))
    return way


def _message(details: ErrorDetails, name: str, model: type[BaseModel], aliases: Aliases) -> str:
    kind = details["type"]
    context: Mapping[str, object] = details.get("ctx", {})
    if kind in _LACKING:
        return f"`{name}` is {_LACKING[kind]}."
    if kind == "extra_forbidden":
        return _unknown(str(details["loc"][-1]), details["loc"], model, aliases)
    if kind == "value_error" or "field" in context:
        return str(context.get("error", details["msg"]))
    if kind == "literal_error":
        return _no_choice(name, str(context["expected"]), details["input"])
    given = shown(details["input"])
    if kind in _PLAIN:
        return f"`{name}` has to be {_PLAIN[kind]}, not {given}."
    return f"`{name}` cannot be {given}: {details['msg'].lower()}."


def _no_choice(name: str, expected: str, given: object) -> str:
    near = get_close_matches(str(given), re.findall(r"'([^']+)'", expected), 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"`{name}` has to be {expected}, not {shown(given)}{hint}"


def _unknown(name: str, location: Location, model: type[BaseModel], aliases: Aliases) -> str:
    known = list(field_names(model, location[:-1]))
    names = [*known, *(alias for alias, field in aliases.items() if field in known)]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}."
    return f"Unknown field `{name}`; {hint}"


def shown(value: object) -> str:
    """A value as a file writes it, shortened."""
    if isinstance(value, dict | list | tuple):
        return "a list" if isinstance(value, list | tuple) else "a mapping"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:80]}..."


def field_names(root: type[BaseModel], location: Location) -> list[str]:
    """The fields that the model knows at a place that pydantic reports.

    Of a union whose members have a `type` the place names the member; its `type` is not among the
    fields then. Other steps that only pydantic has are passed over.
    """
    models, tagged = {root}, set[type[BaseModel]]()
    for step in location:
        tagged = {one for one in models if _is_tagged(one, step)}
        below = {found for one in models for found in _below(one, step)}
        models = tagged or below or models
    names = (name for one in models for name in one.model_fields)
    return [name for name in dict.fromkeys(names) if not (tagged and name == _TAG)]


def _is_tagged(model: type[BaseModel], step: str | int) -> bool:
    field = model.model_fields.get(_TAG)
    return field is not None and step == field.default


def _below(model: type[BaseModel], step: str | int) -> Iterator[type[BaseModel]]:
    if isinstance(step, str) and step in model.model_fields:
        yield from _models_in(model.model_fields[step].annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
