"""A report before it has a format: sections of figures, charts and tables. Pure.

All text is plain; each format escapes it in its own way.
"""

from dataclasses import dataclass
from typing import Literal

from gitops_auditor.formats.findings import Severity
from gitops_auditor.quality.results import GateStatus

Tone = GateStatus | Severity | Literal["plain", "accent", "soft"]
"""What a colour stands for."""

CellKind = Literal["text", "name", "number", "badge", "spark"]
"""`name` is an identifier or a path, `badge` a word with a colour, `spark` a small line."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `values` are those of a spark, from 0 to 100, None where nothing was measured."""

    text: str
    tone: Tone = "plain"
    values: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds. `share` is how wide it is beside the others; 0 for as wide as needed."""

    title: str
    kind: CellKind = "text"
    share: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers. `empty` is said in place of a table without rows."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""
    type: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Series:
    """One value a day, None where there is none."""

    name: str
    tone: Tone
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over the same days. `bars` are stacked on one another; `line` leaves gaps.

    `ceiling` is the top of the scale, a round number above all values. `summary` says in words
    what the picture shows; `empty` stands in place of a chart without values.
    """

    title: str
    shape: Literal["line", "bars"]
    days: tuple[str, ...]
    series: tuple[Series, ...]
    ceiling: float
    summary: str
    empty: str
    unit: str = ""
    type: Literal["chart"] = "chart"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for one in self.series for value in one.values)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands for itself, with what to compare it with."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers side by side."""

    figures: tuple[Figure, ...]
    type: Literal["figures"] = "figures"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or more; with a badge when it is a verdict."""

    text: str
    badge: str = ""
    tone: Tone = "plain"
    type: Literal["statement"] = "statement"


@dataclass(frozen=True, slots=True)
class Issue:
    """One failure: where, against which rule, what is wrong, and what to do.

    `place` is the file with line and column, or what it is about when that is no file.
    """

    place: str
    rule: str
    message: str
    fix: str
    severity: str
    tone: Tone
    gate: str


@dataclass(frozen=True, slots=True)
class Issues:
    """Failures, worst first. `more` is how many are not shown."""

    issues: tuple[Issue, ...]
    more: int = 0
    type: Literal["issues"] = "issues"


Block = Table | Chart | Figures | Statement | Issues


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `facts` say of which period it is, when it was made and with what."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
