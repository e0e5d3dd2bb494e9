"""The matrix of a job. Combinations for another system than that of the machine are left out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, written
from gitops_auditor.pipelines.github_actions.condition_import import identifier
from gitops_auditor.pipelines.github_actions.trigger_import import ReportNode

_FOREIGN: Final = re.compile(r"windows|macos", re.IGNORECASE)
_AXIS = re.compile(r"matrix\.([A-Za-z_][\w-]*)", re.ASCII)
_RULES: Final = ("include", "exclude")


@dataclass(frozen=True, slots=True)
class Imported:
    """The matrix in the spelling of a definition, and the names of its values."""

    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def matrix_of(job: Mapping[str, Node], path: str, report: ReportNode) -> Imported:
    """The matrix of a job; without fields when it has none, or one that is computed."""
    strategy = job.get("strategy")
    limit = child(strategy, "max-parallel")
    if limit is not None:
        report(f"{path}.strategy.max-parallel", limit, "combinations run as slots are free")
    node = child(strategy, "matrix")
    if node is None:
        return Imported()
    if not mapping(node) or "${{" in _all_text(node):
        report(f"{path}.strategy.matrix", node, "it is computed, so the job runs once")
        return Imported()
    systems = set(_AXIS.findall(written(job.get("runs-on"))))
    found = _Matrix(node, f"{path}.strategy.matrix", systems, report).imported()
    if not found.fields or _goes_on(child(strategy, "fail-fast")):
        return found
    return Imported({**found.fields, "fail_fast": True}, found.names)


def _goes_on(fail_fast: Node | None) -> bool:
    """Whether combinations run whatever becomes of the others: not unless a workflow says so."""
    return fail_fast is not None and written(fail_fast) == "false"


class _Matrix:
    def __init__(self, node: Node, path: str, systems: set[str], report: ReportNode) -> None:
        self._node = node
        self._path = path
        self._systems = systems
        self._report = report

    def imported(self) -> Imported:
        fields: dict[str, JsonValue] = {}
        names: set[str] = set()
        for name, node in mapping(self._node).items():
            if name in _RULES:
                continue
            values = [one for one in self._values(name, node) if self._is_here(name, one, node)]
            if values:
                fields[identifier(name)] = [*values]
                names.add(identifier(name))
        for kind in _RULES:
            rules = self._rules(kind)
            if rules:
                fields[kind] = [dict(one) for one in rules]
                names.update(*rules)
        has_values = bool(fields.keys() - {"exclude"})
        return Imported(fields, frozenset(names)) if has_values else Imported()

    def _values(self, name: str, node: Node) -> list[str]:
        found = [written(one) for one in sequence(node)]
        if len(set(found)) < len(found) or "" in found:
            reason = "values that are no text or number are left out"
            self._report(f"{self._path}.{name}", node, reason)
        return [one for one in dict.fromkeys(found) if one]

    def _rules(self, kind: str) -> list[dict[str, JsonValue]]:
        found: list[dict[str, JsonValue]] = []
        for node in sequence(mapping(self._node).get(kind)):
            rule = {name: written(one) for name, one in mapping(node).items()}
            if all(self._is_here(name, one, node, is_rule=True) for name, one in rule.items()):
                found.append({identifier(name): value for name, value in rule.items()})
        return found

    def _is_here(self, name: str, value: str, node: Node, *, is_rule: bool = False) -> bool:
        if name not in self._systems or not _FOREIGN.search(value):
            return True
        what = "the combination" if is_rule else "the value"
        reason = f"{what} for {value} is left out: jobs run on the platform's machine"
        self._report(f"{self._path}.{name}", node, reason)
        return False


def _all_text(node: Node) -> str:
    if isinstance(node.value, dict):
        return " ".join(_all_text(one) for one in node.value.values())
    if isinstance(node.value, list):
        return " ".join(_all_text(one) for one in node.value)
    return written(node)
