"""The score of a commit: from 100 for nothing found down towards 0.

    score = 100 * 2 ** -(penalty / 50), rounded down to a tenth

Each finding adds to the penalty by its severity, and each gate that failed adds once more, which
counts gates that fail without findings (coverage, a missing file):

    critical  50    one of them halves the score
    high      20    one leaves 75.7, two and a half halve
    medium     5    one leaves 93.3, ten halve
    low        1    one leaves 98.6, fifty halve
    failed    25    a required gate: 70.7
    failed    10    an advisory gate: 87.0

Halving has no floor, unlike subtraction: a hundred findings are worse than ninety, and one more
never raises the score. What could not be looked at has no score: None, not 0 and not 100.
"""

from collections.abc import Iterable, Mapping
from math import exp2, floor
from typing import Final, NamedTuple

from gitops_auditor.formats.findings import ScanReport, Severity
from gitops_auditor.quality.evidence import Verdict

HALVING: Final = 50
WEIGHTS: Final[Mapping[Severity, int]] = {"critical": 50, "high": 20, "medium": 5, "low": 1}
FAILED_REQUIRED: Final = 25
FAILED_ADVISORY: Final = 10
_NO_SCORE_LEFT: Final = HALVING * 20
"""A penalty whose score rounds down to 0."""


class Scored(NamedTuple):
    """What a gate's answer gives to a score: `counts` are of all its findings."""

    verdict: Verdict
    counts: Mapping[Severity, int]
    required: bool = True


def gate_score(answer: Scored) -> float | None:
    """The score of one gate, None when it could not look or had nothing to look at."""
    if answer.verdict not in ("passed", "failed"):
        return None
    return _score(_penalty(answer))


def report_score(answers: Iterable[Scored]) -> float | None:
    """The score of all gates together, in whatever order they are.

    None when a required gate could not look, or when none looked. An advisory gate that could not
    look is left out, as it is left out of the verdict; so is one with nothing to look at.
    """
    given = list(answers)
    if any(one.verdict == "error" and one.required for one in given):
        return None
    looked = [one for one in given if one.verdict in ("passed", "failed")]
    return _score(sum(map(_penalty, looked))) if looked else None


def calculate_quality_score(lint_results: ScanReport, format_results: ScanReport) -> float | None:
    """The score of a linter's and a formatter's findings together.

    None when a tool broke or is missing, or when no tool looked at anything.
    """
    tools = [*lint_results.tools, *format_results.tools]
    told = {tool.status for tool in tools}
    if told & {"error", "absent"} or not told & {"passed", "failed"}:
        return None
    return _score(sum(findings_penalty(tool.counts) for tool in tools))


def findings_penalty(counts: Mapping[Severity, int]) -> int:
    """What findings cost."""
    return sum(WEIGHTS[severity] * count for severity, count in counts.items())


def _penalty(answer: Scored) -> int:
    failed = FAILED_REQUIRED if answer.required else FAILED_ADVISORY
    return findings_penalty(answer.counts) + (failed if answer.verdict == "failed" else 0)


def _score(penalty: int) -> float:
    halvings = min(penalty, _NO_SCORE_LEFT) / HALVING
    return floor(1_000 * exp2(-halvings)) / 10
