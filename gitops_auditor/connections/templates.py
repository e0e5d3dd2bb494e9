"""Arguments with placeholders such as `{{ workspace }}`, filled in for each call."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from gitops_auditor.errors import JsonValue

PLACEHOLDERS: Final = (
    "workspace",
    "files",
    "config",
    "severity",
    "linter",
    "repository",
    "commit",
    "branch",
    "tag",
)
"""What an action's arguments may ask for."""

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def placeholder_problem(arguments: JsonValue) -> str | None:
    """A sentence on the first placeholder that is not known, None when all are."""
    for name in _asked(arguments):
        if name not in PLACEHOLDERS:
            near = get_close_matches(name, PLACEHOLDERS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(PLACEHOLDERS)}."
            return f"Unknown placeholder `{name}`; {hint}"
    return None


def asks_for(arguments: JsonValue, name: str) -> bool:
    """Whether the placeholder occurs in the arguments."""
    return name in _asked(arguments)


def _asked(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, list):
        for item in value:
            yield from _asked(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _asked(item)


def fill(
    arguments: Mapping[str, JsonValue], values: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """The arguments with their placeholders replaced.

    A text that is one placeholder becomes its value, whatever the type; within other text a value
    is written out. An argument that is one placeholder without a value is left out.
    """
    filled = {name: _filled(argument, values) for name, argument in arguments.items()}
    return {
        name: value
        for name, value in filled.items()
        if value is not None or arguments[name] is None
    }


def _filled(value: JsonValue, values: Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole:
        return values.get(whole[1])
    return _PLACEHOLDER.sub(lambda found: _written(values.get(found[1])), value)


def _written(value: JsonValue) -> str:
    if isinstance(value, list):
        return " ".join(map(_written, value))
    return "" if value is None else str(value)
