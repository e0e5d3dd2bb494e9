"""What is wrong with a file that somebody wrote, mistake by mistake."""

from typing import ClassVar, NamedTuple

from gitops_auditor.errors import InvalidRequest, JsonValue


class Problem(NamedTuple):
    """One mistake and what to do about it. Line and column are 1-based, 0 when unknown."""

    message: str
    line: int
    column: int
    path: str


class InvalidFile(InvalidRequest):
    """A file with mistakes; `problems` has them all, in the order of the file."""

    remedy: ClassVar = "Correct the file"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        place = ":".join(str(one) for one in (first.path, first.line, first.column) if one)
        rest = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
        found: list[JsonValue] = [dict(one._asdict()) for one in problems]
        super().__init__(
            f"{place}: {first.message}{rest}" if place else f"{first.message}{rest}",
            hint=f"{self.remedy}; details.problems lists every mistake with its place.",
            details={"problems": found},
        )
        self.problems = problems
