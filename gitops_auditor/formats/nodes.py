"""The tree that every format is read into: values that know where they stand in the file."""

from typing import NamedTuple

Scalar = str | int | float | bool | None

MAX_CHARACTERS = 5_000_000
MAX_NODES = 200_000
"""Counted after aliases are expanded, so that a walk over the tree is bounded too."""
MAX_DEPTH = 200
MAX_FINDINGS = 100


class Node(NamedTuple):
    """A value and its 1-based position: of the key for a mapping's entry, else of the value itself.

    Nodes may be shared (YAML aliases), so a tree is to be read, not changed.
    """

    value: "Scalar | dict[str, Node] | list[Node]"
    line: int
    column: int


class Finding(NamedTuple):
    """Something doubtful in a document that is usable all the same, such as a duplicate key."""

    message: str
    line: int
    column: int


class Document(NamedTuple):
    """One document and what was odd about it."""

    root: Node
    findings: tuple[Finding, ...] = ()


class MalformedDocument(ValueError):  # named for the state, like the error family
    """The text is not a document of the format, or exceeds a limit.

    Positions are 1-based, 0 when unknown.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def require_size(text: str, limit: int = MAX_CHARACTERS) -> None:
    """Raise `MalformedDocument` when the text has more than `limit` characters."""
    if len(text) > limit:
        raise MalformedDocument(f"The file has {len(text)} characters; the limit is {limit}.")


def mapping(node: Node | None) -> dict[str, Node]:
    """The entries of a mapping, empty when the node is anything else."""
    return node.value if node is not None and isinstance(node.value, dict) else {}


def sequence(node: Node | None) -> list[Node]:
    """The items of a sequence, empty when the node is anything else."""
    return node.value if node is not None and isinstance(node.value, list) else []


def text(node: Node | None) -> str:
    """The string, empty when the node is anything else."""
    return node.value if node is not None and isinstance(node.value, str) else ""


def written(node: Node | None) -> str:
    """A scalar as text, for versions such as `7` or `1.5` that a format reads as numbers."""
    value = None if node is None else node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def child(node: Node | None, *path: str | int) -> Node | None:
    """The node below `node` by keys and indexes, None when a step of the path is missing."""
    for step in path:
        if isinstance(step, str):
            node = mapping(node).get(step)
        else:
            items = sequence(node)
            node = items[step] if -len(items) <= step < len(items) else None
    return node
