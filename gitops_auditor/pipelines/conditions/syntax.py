"""What a condition consists of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from gitops_auditor.formats.patterns import Pattern

Value = str | int | float | bool | None

NAMES: Final = (
    "branch", "tag", "event", "status", "base_branch", "env", "inputs", "matrix", "outputs",
)  # fmt: skip
"""What a condition can ask for; the last are mappings: `env.NAME`, `outputs.JOB.NAME`."""
MAPPINGS: Final = ("env", "inputs", "matrix", "outputs")
StatusFunction = Literal["success", "failure", "always"]


@dataclass(frozen=True, slots=True)
class Literally:
    """A value that is written down."""

    value: Value


@dataclass(frozen=True, slots=True)
class Named:
    """A name such as `branch`, or a member of a mapping such as `env.CI`."""

    name: str
    member: str = ""

    @property
    def text(self) -> str:
        """As it was written."""
        return f"{self.name}.{self.member}" if self.member else self.name


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether a file or folder is in the checkout."""

    path: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """`success()`, `failure()` or `always()`."""

    function: StatusFunction


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Logical:
    """Both, or at least one."""

    operator: Literal["&&", "||"]
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Equal as text, or not."""

    operator: Literal["==", "!="]
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a pattern occurs in a text."""

    left: "Expression"
    pattern: Pattern


Expression = Literally | Named | Exists | Outcome | Not | Logical | Comparison | Match


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was written, and its tree."""

    text: str
    root: Expression

    @property
    def asks_status(self) -> bool:
        """Whether it looks at what ran before, which replaces the implicit `success()`."""
        return any(
            isinstance(one, Outcome) or (isinstance(one, Named) and one.name == "status")
            for one in parts_of(self.root)
        )

    @property
    def paths(self) -> frozenset[str]:
        """Every path that it asks for with `exists`."""
        return frozenset(one.path for one in parts_of(self.root) if isinstance(one, Exists))

    @property
    def names(self) -> tuple[Named, ...]:
        """Every name in it, in order, once."""
        found = [one for one in parts_of(self.root) if isinstance(one, Named)]
        return tuple(dict.fromkeys(found))


def parts_of(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it, from left to right."""
    yield expression
    if isinstance(expression, Not):
        yield from parts_of(expression.operand)
    if isinstance(expression, Logical | Comparison | Match):
        yield from parts_of(expression.left)
    if isinstance(expression, Logical | Comparison):
        yield from parts_of(expression.right)
