"""Reads a condition by precedence climbing; from weak to strong: `||`, `&&`, comparisons, `!`."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Final, cast

from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import Pattern
from gitops_auditor.formats.patterns import expression as compile_pattern
from gitops_auditor.pipelines.conditions.syntax import (
    MAPPINGS,
    NAMES,
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
    StatusFunction,
    Value,
)
from gitops_auditor.pipelines.conditions.tokens import ConditionError, Token, tokenize

_MAX_DEPTH: Final = 50
_POWER: Final = {"||": 1, "&&": 2, "==": 3, "!=": 3, "=~": 3}
_CONSTANTS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}
_FUNCTIONS: Final = ("exists", "success", "failure", "always")


@lru_cache(maxsize=1024)
def parse_condition(text: str) -> Condition:
    """Read a condition. Raises ConditionError, which knows the column."""
    return Condition(text, _Parser(text).parse())


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def parse(self) -> Expression:
        if self._peek().kind == "end":
            raise ConditionError("The condition is empty; leave it out or write `true`.", 1)
        expression = self._expression(0)
        rest = self._peek()
        if rest.kind != "end":
            message = f"`{rest.text}` is left over; join conditions with `&&` or `||`."
            raise ConditionError(message, rest.column)
        return expression

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _expression(self, power: int) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ConditionError(f"Nested more than {_MAX_DEPTH} deep.", self._peek().column)
        left = self._operand()
        while (binding := self._binding()) > power:
            left = self._joined(left, self._next(), binding)
        self._depth -= 1
        return left

    def _binding(self) -> int:
        token = self._peek()
        return _POWER.get(token.text, 0) if token.kind == "operator" else 0

    def _joined(self, left: Expression, operator: Token, binding: int) -> Expression:
        if operator.text == "=~":
            return Match(left, self._pattern())
        right = self._expression(binding)
        if operator.text in ("&&", "||"):
            return Logical("&&" if operator.text == "&&" else "||", left, right)
        return Comparison("==" if operator.text == "==" else "!=", left, right)

    def _pattern(self) -> Pattern:
        token = self._next()
        if token.kind != "pattern":
            raise ConditionError("A pattern such as `/^v/` has to follow `=~`.", token.column)
        try:
            return compile_pattern(token.text, ignore_case=token.flags == "i")
        except PatternError as error:
            raise ConditionError(error.message, token.column + 1 + error.at) from error

    def _operand(self) -> Expression:
        token = self._next()
        if token.kind == "string":
            return Literally(token.text)
        if token.kind == "number":
            return Literally(float(token.text) if "." in token.text else int(token.text))
        if token.kind == "name":
            return self._named(token)
        if token.text == "!":
            return Not(self._expression(max(_POWER.values())))
        if token.text == "(":
            return self._inside(token)
        what = f"not `{token.text}`" if token.text else "but the condition ends"
        raise ConditionError(f"A name, a text or `(` is expected, {what}.", token.column)

    def _inside(self, opening: Token) -> Expression:
        expression = self._expression(0)
        if self._next().text != ")":
            raise ConditionError("This `(` is not closed.", opening.column)
        return expression

    def _named(self, token: Token) -> Expression:
        if self._peek().text == "(" and self._peek().kind == "operator":
            return self._call(token)
        if token.text in _CONSTANTS:
            return Literally(_CONSTANTS[token.text])
        name, _, member = token.text.partition(".")
        if name not in NAMES:
            raise ConditionError(_unknown("name", name, NAMES), token.column)
        if (name in MAPPINGS) != bool(member):
            message = (
                f"`{name}` has no parts; write `{name}` alone."
                if member
                else f"Say which one, as in `{name}.NAME`."
            )
            raise ConditionError(message, token.column)
        if name == "outputs" and member.count(".") != 1:
            message = "Say which output of which job, as in `outputs.JOB.NAME`."
            raise ConditionError(message, token.column)
        return Named(name, member)

    def _call(self, token: Token) -> Expression:
        if token.text not in _FUNCTIONS:
            raise ConditionError(_unknown("function", token.text, _FUNCTIONS), token.column)
        opening = self._next()
        path = self._next() if token.text == "exists" else None
        if path is not None and (path.kind != "string" or not path.text):
            message = "`exists` takes one path in quotes, as in `exists('package.json')`."
            raise ConditionError(message, path.column)
        if self._peek().text != ")":
            raise ConditionError(f"`{token.text}(` is not closed.", opening.column)
        self._next()
        return Exists(path.text) if path else Outcome(cast("StatusFunction", token.text))


def _unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, 1, cutoff=0.7)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}."
    quoting = " Texts stand in quotes." if what == "name" else ""
    return f"Unknown {what} `{name}`; {hint}{quoting}"
