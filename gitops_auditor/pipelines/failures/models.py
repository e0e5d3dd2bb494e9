"""What a log tells of a failure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple

FailureCause = Literal[
    "test",
    "check",
    "crash",
    "command",
    "dependency",
    "repository",
    "container",
    "network",
    "memory",
    "disk",
    "timeout",
    "limit",
    "coverage",
    "outputs",
    "unknown",
]
"""A test that failed, a compiler or linter that objected, a program that crashed, a command that
could not be run, and so on."""


class Location(NamedTuple):
    """A place in a file, named relative to the checkout. Line and column are 1-based, or None."""

    file: str
    line: int | None
    column: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job failed: one sentence, the places, and the lines of the log that say so."""

    cause: str
    kind: FailureCause
    locations: tuple[Location, ...]
    excerpt: str
    suggestion: str


class Weight(IntEnum):
    """How close to the cause a finding is: what follows from another failure weighs least."""

    DECISIVE = 0
    TEST = 1
    CHECK = 2
    CRASH = 3
    COMMAND = 4
    CONSEQUENCE = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one reader found: `first` and `last` are the indexes of the lines that say so."""

    weight: Weight
    kind: FailureCause
    cause: str
    first: int
    last: int
    locations: tuple[Location, ...] = ()
    suggestion: str = ""


Lines = Sequence[str]
Reader = Callable[[Lines], Finding | None]
"""Finds one thing in the lines of a log; None when it is not there."""
MAX_LOCATIONS = 20
