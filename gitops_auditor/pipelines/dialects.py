"""Brings the spellings that files use into the one that the model knows, keeping positions.

A job is written as a single key with its fields below (`- linting: {mcp: code-linter}`), or as a
list item with a `name`. Triggers are single keys too, or one mapping of them.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final, get_args

from gitops_auditor.formats.nodes import Finding, Node, mapping, sequence
from gitops_auditor.pipelines.models import Job
from gitops_auditor.pipelines.trigger_models import TriggerType

ALIASES: Final = {"level": "severity", "fail_threshold": "severity", "tool": "action"}
"""Other spellings of a job's fields."""

_TRIGGERS: Final[tuple[str, ...]] = get_args(TriggerType)
_SHORTHANDS: Final = {"push": "branches", "pull_request": "types", "schedule": "cron"}


def normalise(root: Node, findings: list[Finding]) -> Node:
    """The same definition in the model's spelling; what has no meaning is added to `findings`."""
    return _Normaliser(findings).definition(root)


class _Normaliser:
    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings

    def definition(self, root: Node) -> Node:
        fields = dict(mapping(root))
        for key in ("rollback", "always"):
            if key in fields:
                fields[key] = self._jobs(fields[key])
        if "stages" in fields:
            stages = fields["stages"]
            fields["stages"] = _items(stages, [self._stage(item) for item in sequence(stages)])
        if "triggers" in fields:
            fields["triggers"] = self._triggers(fields["triggers"])
        return root._replace(value=fields)

    def _stage(self, node: Node) -> Node:
        fields = mapping(node)
        if "jobs" not in fields:
            return node
        return node._replace(value={**fields, "jobs": self._jobs(fields["jobs"])})

    def _jobs(self, node: Node) -> Node:
        return _items(node, [self._job(item) for item in sequence(node)])

    def _job(self, node: Node) -> Node:
        fields = mapping(node)
        if not fields:
            self._report("A job is a mapping, as in `- build: {script: make}`.", node)
            return node
        key, first = next(iter(fields.items()))
        if len(fields) == 1 and isinstance(first.value, dict):
            return self._named_by_key(key, first)
        if "name" not in fields and key not in Job.model_fields and key not in ALIASES:
            self._report(_misplaced(key, first), first)
            return node
        return node._replace(value=self._aliased(fields))

    def _named_by_key(self, key: str, body: Node) -> Node:
        fields = self._aliased(mapping(body))
        if "name" in fields:
            message = f"The job is named twice: `{key}` and `name`; remove one of them."
            self._report(message, fields["name"])
        name = Node(key, body.line, body.column)
        return body._replace(value={**fields, "name": name})

    def _aliased(self, fields: Mapping[str, Node]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, node in fields.items():
            field = ALIASES.get(key, key)
            if field in found:
                self._report(f"`{key}` says the same as another field; keep one of them.", node)
            found[field] = node
        return found

    def _triggers(self, node: Node) -> Node:
        items = sequence(node) if isinstance(node.value, list) else [node]
        return node._replace(value=[one for item in items for one in self._trigger(item)])

    def _trigger(self, node: Node) -> Iterator[Node]:
        if isinstance(node.value, str):
            yield from self._of_type(node.value, node._replace(value=None))
        elif isinstance(node.value, dict):
            for key, settings in node.value.items():
                yield from self._of_type(key, settings)
        else:
            self._report("A trigger is a name such as `push`, or a mapping with one.", node)

    def _of_type(self, key: str, settings: Node) -> Iterator[Node]:
        if key not in _TRIGGERS:
            self._report(_unknown_trigger(key), settings)
            return
        is_several = key == "schedule" and isinstance(settings.value, list)
        for one in sequence(settings) if is_several else [settings]:
            yield self._settings(key, one)

    def _settings(self, key: str, node: Node) -> Node:
        fields = mapping(node)
        if isinstance(node.value, str | list) and key in _SHORTHANDS:
            fields = {_SHORTHANDS[key]: node}
        elif node.value is not None and not isinstance(node.value, dict):
            self._report(f"The settings of `{key}` are a mapping; remove what follows it.", node)
        return node._replace(value={**fields, "type": Node(key, node.line, node.column)})

    def _report(self, message: str, node: Node) -> None:
        self._findings.append(Finding(message, node.line, node.column))


def _items(node: Node, items: list[Node]) -> Node:
    return node._replace(value=items) if isinstance(node.value, list) else node


def _misplaced(key: str, body: Node) -> str:
    if body.value is None or isinstance(body.value, dict):
        return f"The fields of the job `{key}` have to be indented below it."
    return f"Write what the job does below its name, as in `{key}: {{script: ...}}`."


def _unknown_trigger(key: str) -> str:
    near = get_close_matches(key, _TRIGGERS, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(_TRIGGERS)}."
    return f"Unknown trigger `{key}`; {hint}"
