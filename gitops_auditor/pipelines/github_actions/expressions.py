"""Our conditions in GitHub's expressions.

GitHub compares texts without regard to case, and knows no regular expressions: of patterns only
those are said that are plain texts at a known place.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gitops_auditor.pipelines.conditions import Condition
from gitops_auditor.pipelines.conditions.syntax import (
    Comparison,
    Exists,
    Expression,
    Literally,
    Logical,
    Match,
    Named,
    Not,
    Outcome,
    Value,
    parts_of,
)
from gitops_auditor.pipelines.conditions.tokens import Token, tokenize
from gitops_auditor.pipelines.github_actions.names import quoted
from gitops_auditor.pipelines.trigger_models import Input

BRANCH: Final = (
    "(github.event_name == 'pull_request'"
    " && (github.event.pull_request.head.repo.full_name != github.repository"
    " && github.event.pull_request.head.label || github.head_ref)"
    " || github.ref_type == 'branch' && github.ref_name || '')"
)
"""The branch as our conditions know it: `owner:branch` when it comes from a fork."""
TAG: Final = "(github.ref_type == 'tag' && github.ref_name || '')"
EVENT: Final = (
    "(github.event_name == 'workflow_dispatch' && 'manual'"
    " || github.event_name == 'repository_dispatch' && 'webhook' || github.event_name)"
)
STATUS: Final = "(failure() && 'failed' || 'success')"
_EVENTS: Final = {"manual": "workflow_dispatch", "webhook": "repository_dispatch"}
_NAMES: Final = {
    "branch": BRANCH,
    "tag": TAG,
    "event": EVENT,
    "status": STATUS,
    "base_branch": "github.base_ref",
}
_OUTCOMES: Final = {"always": "true", "success": "!failure()", "failure": "failure()"}
_PLAIN_PATTERN = re.compile(r"(\^?)((?:[\w /:@,=-]|\\[./+*?$^()|\[\]{}\\-])*)(\$?)", re.ASCII)
_GLOB = re.compile(r"[*?\[\]!\\\n]")


class CannotSay(ValueError):
    """GitHub's expressions have no word for something in the condition."""


class Facts(NamedTuple):
    """What is known of names when the workflow is written."""

    env: Mapping[str, str]
    inputs: Mapping[str, Input]


def is_of_steps(condition: Condition) -> bool:
    """Whether GitHub can decide it only within the job: it asks for files or for the matrix."""
    return bool(condition.paths) or any(one.name == "matrix" for one in condition.names)


def compares_texts(condition: Condition) -> bool:
    """Whether letters' case could make a difference."""
    return any(isinstance(one, Comparison | Match) for one in parts_of(condition.root))


def said(condition: Condition, facts: Facts) -> str:
    """The condition as an expression. Raises CannotSay with the reason."""
    return _Translation(condition, facts).truth(condition.root)


class _Translation:
    def __init__(self, condition: Condition, facts: Facts) -> None:
        tokens = tokenize(condition.text)
        self._patterns: Iterator[Token] = iter([one for one in tokens if one.kind == "pattern"])
        self._facts = facts

    def truth(self, expression: Expression) -> str:
        """An expression that is true exactly when ours is."""
        match expression:
            case Not(operand):
                return f"!({self.truth(operand)})"
            case Logical(operator, left, right):
                return f"({self.truth(left)} {operator} {self.truth(right)})"
            case Comparison():
                return self._compared(expression)
            case Match():
                return self._matched(expression)
            case _:
                return self._fact(expression)

    def _fact(self, fact: Literally | Named | Exists | Outcome) -> str:
        match fact:
            case Literally(value):
                return "true" if value and value != "false" else "false"
            case Named():
                return self._named_truth(fact)
            case Exists(path):
                return _exists(path)
            case Outcome(function):
                return _OUTCOMES[function]

    def _named_truth(self, named: Named) -> str:
        text = self._text(named)
        zero = f" && {text} != '0'" if self._is_number(named) else ""
        return f"({text} != '' && {text} != 'false'{zero})"

    def _is_number(self, named: Named) -> bool:
        declared = self._facts.inputs.get(named.member) if named.name == "inputs" else None
        return declared is not None and declared.type == "number"

    def _compared(self, comparison: Comparison) -> str:
        left, right = comparison.left, comparison.right
        if isinstance(left, Named) and left.name == "event" and isinstance(right, Literally):
            word = _EVENTS.get(_text(right.value), _text(right.value))
            return f"github.event_name {comparison.operator} {quoted(word)}"
        return f"{self._text(left)} {comparison.operator} {self._text(right)}"

    def _text(self, expression: Expression) -> str:
        match expression:
            case Literally(value):
                return quoted(_text(value))
            case Named():
                return self._named(expression)
            case _:
                return f"({self.truth(expression)} && 'true' || 'false')"

    def _named(self, named: Named) -> str:
        if named.name == "env":
            return quoted(self._facts.env.get(named.member, ""))
        if named.name == "matrix":
            return f"format('{{0}}', matrix.{named.member})"
        if named.name == "inputs":
            return self._input(named.member)
        if named.name == "outputs":
            raise CannotSay(f"a workflow shows no outputs by the name `{named.member}`")
        return _NAMES[named.name]

    def _input(self, name: str) -> str:
        """A start without inputs has the defaults, which GitHub leaves empty."""
        declared = self._facts.inputs.get(name)
        if declared is None:
            return "''"
        given = f"format('{{0}}', inputs.{name})"
        default = declared.options[0] if declared.options else {"boolean": "false", "number": "0"}
        fallback = default if isinstance(default, str) else default.get(declared.type, "")
        value = fallback if declared.default is None else _text(declared.default)
        if not value:
            return given
        return f"(github.event_name != 'workflow_dispatch' && {quoted(value)} || {given})"

    def _matched(self, match: Match) -> str:
        text = self._text(match.left)
        pattern = next(self._patterns).text
        plain = _PLAIN_PATTERN.fullmatch(pattern)
        if plain is None:
            raise CannotSay(f"GitHub has no regular expressions, so `/{pattern}/` is not said")
        word = quoted(re.sub(r"\\(.)", r"\1", plain[2]))
        if plain[1] and plain[3]:
            return f"{text} == {word}"
        function = "startsWith" if plain[1] else "endsWith" if plain[3] else "contains"
        return f"{function}({text}, {word})"


def _exists(path: str) -> str:
    if _GLOB.search(path):
        raise CannotSay(f"GitHub reads {path!r} as a pattern")
    name = path.removeprefix("./").rstrip("/")
    return f"(hashFiles({quoted(name)}) != '' || hashFiles({quoted(f'{name}/**')}) != '')"


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
