"""YAML 1.1 and 1.2 with the position of every key, built from libyaml's events.

Events and not nodes, because the parser behind them is iterative: the composer on top of it
recurses in C and takes the process down on deep nesting. Tags are ignored, so that CloudFormation,
Ansible and GitLab files are read like any other. Plain scalars follow the core schema of YAML 1.2
(`on` and `yes` are text), and a number is only converted when it prints back as it was written:
`1.10` stays text.
"""

import re
from collections.abc import Iterator

import yaml

from gitops_auditor.formats.nodes import (
    MAX_DEPTH,
    MAX_FINDINGS,
    MAX_NODES,
    Document,
    Finding,
    MalformedDocument,
    Node,
    Scalar,
    require_size,
)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LITERALS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_Position = tuple[int, int]

_NUMBER_STARTS = frozenset("-0123456789")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")


def parse_yaml(text: str) -> list[Document]:
    """Read every document of a stream.

    Aliases and merge keys are resolved; a duplicate key is a finding and its last value wins.
    Raises `MalformedDocument` for what is not YAML, which includes most templates of YAML.
    """
    require_size(text)
    try:
        return list(_Builder().documents(_events(text)))
    except yaml.MarkedYAMLError as error:
        raise _malformed(error) from error
    except yaml.YAMLError as error:
        raise MalformedDocument(f"Not YAML: {_first_line(error)}") from error
    except UnicodeError as error:
        raise MalformedDocument("The text has characters that Unicode does not allow.") from error


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


def _malformed(error: yaml.MarkedYAMLError) -> MalformedDocument:
    mark = error.problem_mark or error.context_mark
    message = f"Not YAML: {error.problem or error.context or 'syntax error'}."
    return (
        MalformedDocument(message, mark.line + 1, mark.column + 1)
        if mark
        else (MalformedDocument(message))
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["syntax error"])[0]


class _Anchored:
    """What an alias may stand for: the node, and what repeating it costs."""

    __slots__ = ("height", "node", "weight")

    def __init__(self, node: Node, weight: int, height: int) -> None:
        self.node = node
        self.weight = weight
        self.height = height


class _Frame:
    """A collection that is still open."""

    __slots__ = (
        "anchor",
        "container",
        "height",
        "key",
        "merges",
        "merging",
        "node",
        "nodes_before",
    )

    def __init__(self, node: Node, anchor: str | None, nodes_before: int) -> None:
        self.node = node
        self.container: dict[str, Node] | None = (
            node.value if isinstance(node.value, dict) else None
        )
        self.anchor = anchor
        self.nodes_before = nodes_before
        self.height = 1
        self.key: tuple[str, int, int] | None = None
        self.merging = False
        self.merges: list[Node] = []


class _Builder:
    """Turns the events of a stream into documents, counting what every alias repeats."""

    def __init__(self) -> None:
        self._nodes = 0
        self._restart()

    def _restart(self) -> None:
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._findings: list[Finding] = []
        self._root: Node | None = None

    def documents(self, events: Iterator[yaml.Event]) -> Iterator[Document]:
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentEndEvent) and self._root is not None:
                yield Document(self._root, tuple(self._findings))
                self._restart()

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        # Most of a file is plain scalars: what they need is done here, without further calls.
        line, column = position = _position(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._count(0, position)
        frame = self._stack[-1] if self._stack else None
        text: str = event.value
        if frame is not None and frame.container is not None:
            if frame.key is None:
                self._key(frame, event, (text, line, column))
                return
            _, line, column = frame.key
        resolved = event.implicit[0] and (text in _LITERALS or text[0] in _NUMBER_STARTS)
        node = Node(_resolve(text) if resolved else text, line, column)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, 0)
        self._add(node)

    def _key(self, frame: _Frame, event: yaml.ScalarEvent, key: tuple[str, int, int]) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(Node(*key), 1, 0)
        frame.key = key
        frame.merging = key[0] == "<<" and event.implicit[0]

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        position = _position(event)
        if self._awaiting_key() is not None:
            message = "A mapping key must be a scalar; is the file a template?"
            raise MalformedDocument(message, *position)
        if len(self._stack) >= MAX_DEPTH:
            raise MalformedDocument(f"The nesting is deeper than {MAX_DEPTH}.", *position)
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)
        nodes_before = self._nodes
        self._count(1, position)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node({} if is_mapping else [], *self._key_position(position))
        self._stack.append(_Frame(node, event.anchor, nodes_before))

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.container is not None and frame.merges:
            _merge(frame.container, frame.merges)
        if frame.anchor is not None:
            weight = self._nodes - frame.nodes_before
            self._anchors[frame.anchor] = _Anchored(frame.node, weight, frame.height)
        self._add(frame.node, frame.height)

    def _alias(self, event: yaml.AliasEvent) -> None:
        position = _position(event)
        target = self._anchors.get(event.anchor or "")
        if target is None:
            message = f"The alias {event.anchor!r} has no finished anchor before it."
            raise MalformedDocument(message, *position)
        if len(self._stack) + target.height > MAX_DEPTH:
            message = f"The nesting is deeper than {MAX_DEPTH} with aliases resolved."
            raise MalformedDocument(message, *position)
        self._count(target.weight, position)
        frame = self._awaiting_key()
        if frame is None:
            self._add(Node(target.node.value, *self._key_position(position)), target.height)
        elif isinstance(target.node.value, str):
            frame.key = (target.node.value, *position)
            frame.merging = False
        else:
            raise MalformedDocument("A mapping key must be a scalar.", *position)

    def _awaiting_key(self) -> _Frame | None:
        """The innermost collection, when it is a mapping whose next node is a key."""
        frame = self._stack[-1] if self._stack else None
        return frame if frame and frame.container is not None and frame.key is None else None

    def _key_position(self, position: _Position) -> _Position:
        """The position of the key that waits for this value, or of the value itself."""
        key = self._stack[-1].key if self._stack else None
        return position if key is None else (key[1], key[2])

    def _count(self, nodes: int, position: _Position) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"The file has more than {MAX_NODES} values with aliases resolved."
            raise MalformedDocument(message, *position)

    def _add(self, node: Node, height: int = 0) -> None:
        """Hand a finished node to the collection around it, or make it the document's root."""
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if height >= frame.height:
            frame.height = height + 1
        if isinstance(frame.node.value, list):
            frame.node.value.append(node)
        elif frame.container is not None and frame.key is not None:
            self._enter(frame, frame.container, frame.key[0], node)

    def _enter(self, frame: _Frame, container: dict[str, Node], key: str, node: Node) -> None:
        frame.key = None
        if frame.merging:
            frame.merges.extend(node.value if isinstance(node.value, list) else [node])
            return
        if key in container and len(self._findings) < MAX_FINDINGS:
            message = f"The key {key!r} occurs twice; the last one is used."
            self._findings.append(Finding(message, node.line, node.column))
        container[key] = node


def _position(event: yaml.Event) -> _Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _merge(container: dict[str, Node], sources: list[Node]) -> None:
    """Add what the mapping lacks; an earlier source wins over a later one."""
    for source in sources:
        if isinstance(source.value, dict):
            for key, node in source.value.items():
                container.setdefault(key, node)


def _resolve(text: str) -> Scalar:
    if text in _LITERALS:
        return _LITERALS[text]
    if text[0] in _NUMBER_STARTS:
        if _INTEGER.fullmatch(text) and text != "-0":
            return int(text)
        if _FLOAT.fullmatch(text) and repr(float(text)) == text:
            return float(text)
    return text
