"""Evaluates a condition in three values, because some facts are known only while a run goes on.

Comparisons are made as text: `true` for a boolean, empty for what is missing. What is empty, false
or zero counts as false.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from gitops_auditor.formats.patterns import MAX_TEXT
from gitops_auditor.pipelines.conditions.syntax import (
    Comparison,
    Condition,
    Exists,
    Expression,
    Literally,
    Logical,
    Match,
    Named,
    Not,
    Outcome,
    Value,
)


class Unknown(Enum):
    """The third value."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
Truth = bool | Unknown
StatusSoFar = Literal["success", "failed"]
_MAX_SHOWN: Final = 80


def _nothing_known(_path: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Scope:
    """The facts that a condition is evaluated with.

    A name that is missing from `names` is not known yet; a member that is missing from a known
    mapping is empty. `status` is None, and `exists` answers None, for what is not known.
    """

    names: Mapping[str, Value | Mapping[str, Value]] = field(default_factory=dict)
    status: StatusSoFar | None = None
    exists: Callable[[str], bool | None] = _nothing_known


def evaluate(condition: Condition, scope: Scope) -> Truth:
    """Whether the condition holds, or UNKNOWN when that depends on something not known."""
    return _truth(_value(condition.root, scope))


def facts_used(condition: Condition, scope: Scope) -> tuple[str, ...]:
    """The facts that decided, as short sentences; the values of `env` are not shown."""
    return tuple(_described(condition, scope))


def _described(condition: Condition, scope: Scope) -> Iterator[str]:
    for named in condition.names:
        value = _value(named, scope)
        if named.name == "env" or value is UNKNOWN:
            continue
        yield f"{named.text} is {_shown(value)}" if _text(value) else f"there is no {named.text}"
    for path in sorted(condition.paths):
        found = scope.exists(path)
        if found is not None:
            yield f"{path} exists" if found else f"{path} does not exist"


def _shown(value: Value) -> str:
    text = _text(value)
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


def _value(expression: Expression, scope: Scope) -> Value | Unknown:
    match expression:
        case Literally(value):
            return value
        case Named():
            return _named(expression, scope)
        case Exists(path):
            found = scope.exists(path)
            return UNKNOWN if found is None else found
        case Outcome(function):
            return _outcome(function, scope.status)
        case _:
            return _combined(expression, scope)


def _combined(expression: Not | Logical | Comparison | Match, scope: Scope) -> Truth:
    match expression:
        case Not(operand):
            truth = _truth(_value(operand, scope))
            return UNKNOWN if isinstance(truth, Unknown) else not truth
        case Logical():
            return _logical(expression, scope)
        case Comparison():
            return _compared(expression, scope)
        case Match():
            return _matched(expression, scope)


def _named(named: Named, scope: Scope) -> Value | Unknown:
    if named.name == "status":
        return UNKNOWN if scope.status is None else scope.status
    if named.name not in scope.names:
        return UNKNOWN
    value = scope.names[named.name]
    return value.get(named.member, "") if isinstance(value, Mapping) else value


def _outcome(function: str, status: StatusSoFar | None) -> Truth:
    if function == "always":
        return True
    if status is None:
        return UNKNOWN
    return (status == "success") == (function == "success")


def _logical(expression: Logical, scope: Scope) -> Truth:
    """Kleene: one side can decide although the other is not known."""
    decisive = expression.operator == "||"
    left = _truth(_value(expression.left, scope))
    if left is decisive:
        return decisive
    right = _truth(_value(expression.right, scope))
    if right is decisive:
        return decisive
    return UNKNOWN if UNKNOWN in (left, right) else not decisive


def _compared(expression: Comparison, scope: Scope) -> Truth:
    left, right = _value(expression.left, scope), _value(expression.right, scope)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    return (_text(left) == _text(right)) == (expression.operator == "==")


def _matched(expression: Match, scope: Scope) -> Truth:
    left = _value(expression.left, scope)
    if isinstance(left, Unknown):
        return UNKNOWN
    text = _text(left)
    return UNKNOWN if len(text) > MAX_TEXT else expression.pattern.search(text)


def _truth(value: Value | Unknown) -> Truth:
    return value if isinstance(value, Unknown) else bool(value) and value != "false"


def _text(value: Value | Unknown) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, Unknown) else str(value)
