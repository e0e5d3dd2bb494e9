"""Constraints of comparators: npm, PyPI, Cargo, Terraform and charts. Pure.

Each comparator is rewritten where it stands, so that spaces, order and operators stay.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import ConstraintKind
from gitops_auditor.dependencies.versions import allows, parse
from gitops_auditor.orchestrator.rendering.bump.wanted import Wanted

_CLAUSE: Final = re.compile(
    r"(?:(?P<operator>[<>=!~^]+)(?P<space>\s*))?(?P<v>[vV]?)"
    r"(?P<numbers>\d+(?:\.\d+)*)(?P<open>(?:\.[xX*])*)(?P<rest>(?:[-+.]?[A-Za-z]|-\d)[\w.+-]*|)"
)
_HYPHEN: Final = re.compile(r"\s+-\s+$")
_ALTERNATIVE: Final = re.compile(r"\s*\|\|?\s*")
_UPPER: Final = frozenset({"<", "<=", "=<"})
_CARET: Final = frozenset({"^", "~"})
_PARTIAL_IS_OPEN: Final = frozenset({"npm", "chart", "api", "data", "repository"})


class Clause(NamedTuple):
    """One comparator and where it stands. `numbers` are without those left open."""

    start: int
    number_start: int
    end: int
    operator: str
    space: str
    v: str
    numbers: tuple[str, ...]
    open: str
    rest: str

    @property
    def version(self) -> str:
        """The version that it names."""
        return ".".join(self.numbers) + self.rest

    @property
    def is_upper(self) -> bool:
        """Whether it only says what is too new."""
        return self.operator in _UPPER

    @property
    def is_floor(self) -> bool:
        """Whether it says what is too old."""
        return not self.is_upper and self.operator != "!="


def last_alternative(text: str) -> str:
    """Behind the last `||`: the newest versions that a constraint admits."""
    return _ALTERNATIVE.split(text)[-1]


def clauses(text: str) -> tuple[Clause, ...]:
    """The comparators of one alternative; the right end of `1.2 - 2.3` is `<=`."""
    return tuple(_clauses(text))


def _clauses(text: str) -> Iterator[Clause]:
    for found in _CLAUSE.finditer(text):
        operator = found["operator"] or ""
        if not operator and _HYPHEN.search(text[: found.start()]):
            operator = "<="
        yield Clause(
            found.start(),
            found.start("numbers"),
            found.end(),
            operator,
            found["space"] or "",
            found["v"],
            tuple(found["numbers"].split(".")),
            found["open"],
            found["rest"],
        )


def rewritten(ecosystem: str, text: str, wanted: Wanted) -> str:
    """One alternative with each comparator moved to the version that is wanted."""
    result, position = "", 0
    for clause in clauses(text):
        result += text[position : clause.start] + _moved(ecosystem, text, clause, wanted)
        position = clause.end
    return result + text[position:]


def _moved(ecosystem: str, text: str, clause: Clause, wanted: Wanted) -> str:
    written = text[clause.start : clause.end]
    if clause.operator == "!=":
        return written
    if not clause.is_upper:
        operator = ">=" if clause.operator == ">" else clause.operator
        return f"{operator}{clause.space}{clause.v}{_floor(ecosystem, clause, wanted)}"
    bound = f"{clause.operator}{clause.version}"
    if allows(parse(ecosystem, bound, ConstraintKind.RANGE), wanted.bare) is not False:
        return written
    shown = text[clause.start : clause.number_start]
    if clause.operator == "<":
        return f"{shown}{wanted.next(clause.numbers)}{clause.rest}"
    return f"{shown}{_ending(ecosystem, clause, wanted)}"


def _ending(ecosystem: str, clause: Clause, wanted: Wanted) -> str:
    """The end of a range that includes it; `<=1.2` holds all of 1.2 where versions may be open."""
    places = len(clause.numbers)
    if clause.open or (ecosystem in _PARTIAL_IS_OPEN and places < 3):
        return f"{wanted.cut(places)}{clause.open}"
    return wanted.floor(places)


def _floor(ecosystem: str, clause: Clause, wanted: Wanted) -> str:
    places = len(clause.numbers)
    if clause.open or _places_matter(ecosystem, clause):
        return f"{wanted.cut(places)}{clause.open}"
    if clause.operator in _CARET or (ecosystem == "crate" and not clause.operator):
        return wanted.short(places)
    return wanted.floor(places)


def _places_matter(ecosystem: str, clause: Clause) -> bool:
    """Whether another number of places is another range, whatever the numbers are."""
    places = len(clause.numbers)
    if clause.operator in {"~=", "~>"}:
        return True
    if clause.operator == "~":
        return places < 2
    is_plain = clause.operator in {"", "=", "v"}
    return is_plain and ecosystem in _PARTIAL_IS_OPEN and places < 3
