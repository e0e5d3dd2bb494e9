"""Completion of values that a client is typing, for URIs and for the arguments of prompts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from gitops_auditor.pages import LARGEST_PAGE

MOST_VALUES = 100
"""The protocol's limit on one answer."""

MOST_PAGES = 10
"""Pages of a list that are looked through for one completion."""

Read: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[BaseModel]]
"""Calls a read operation by name."""


@dataclass(frozen=True)
class Completions:
    """The best values, and how many there are in all."""

    values: tuple[str, ...]
    total: int


@dataclass(frozen=True)
class Source:
    """A list operation whose items' `attribute` are the values."""

    operation: str
    attribute: str


SOURCES: Mapping[str, Source] = {
    "repositories": Source("list_repositories", "id"),
    "pipelines": Source("list_pipelines", "id"),
}


async def complete(source: str, typed: str, read: Read) -> Completions:
    """Values of the source that contain what was typed; those that begin with it come first."""
    found = SOURCES[source]
    wanted = typed.casefold()
    values = [value for value in await _values(found, read) if wanted in value.casefold()]
    ranked = sorted(values, key=lambda value: (not _starts(value, wanted), value))
    return Completions(tuple(ranked[:MOST_VALUES]), len(ranked))


def _starts(value: str, wanted: str) -> bool:
    whole = value.casefold()
    return whole.startswith(wanted) or whole.rpartition("/")[2].startswith(wanted)


async def _values(source: Source, read: Read) -> Sequence[str]:
    values: list[str] = []
    cursor = None
    for _ in range(MOST_PAGES):
        page = await read(source.operation, {"limit": LARGEST_PAGE, "cursor": cursor})
        listed = page.model_dump(mode="json")
        values.extend(str(item[source.attribute]) for item in listed["items"])
        cursor = listed["next_cursor"]
        if cursor is None:
            break
    return values
