"""How risky a phase is, with the reasons. Pure: equal facts give equal scores."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import ImpactLevel
from gitops_auditor.orchestrator.records import PhaseRisk, RiskFactor

MOST_NAMED: Final = 3
MOST_POINTS: Final = 100
_LEVELS: Final[tuple[tuple[int, ImpactLevel], ...]] = (
    (75, "critical"),
    (50, "high"),
    (25, "medium"),
)


class PhaseFacts(NamedTuple):
    """What is known of a phase. Names are of repositories, but for `critical` (consumer, provider),
    `flaky` (gates) and `major` (a sentence part such as `libcore from 1 to 2`).
    """

    dependents: Sequence[str] = ()
    critical: Sequence[tuple[str, str]] = ()
    without_gates: Sequence[str] = ()
    unasked: Sequence[str] = ()
    red: Sequence[str] = ()
    flaky: Sequence[str] = ()
    lines: int = 0
    major: Sequence[str] = ()
    unverified: Sequence[str] = ()
    irreversible: Sequence[str] = ()
    is_point_of_no_return: bool = False


class _Rule(NamedTuple):
    """`first` points for one, `more` for each further one, `most` in all."""

    name: str
    first: int
    more: int
    most: int
    reason: str


_RULES: Final = (
    _Rule("fan_out", 4, 2, 20, "repositories need these: {names}"),
    _Rule("critical_edges", 10, 5, 25, "critical dependencies on these: {names}"),
    _Rule("no_gates", 8, 4, 20, "no quality gate is asked of {names}"),
    _Rule("gates_not_asked", 5, 1, 10, "planning asked no quality gates of {names}"),
    _Rule("red_gates", 30, 10, 50, "quality gates are red for {names}"),
    _Rule("flaky_gates", 5, 3, 15, "gates changed their minds about equal trees: {names}"),
    _Rule("major_version", 12, 3, 20, "another major version: {names}"),
    _Rule("unverified", 8, 4, 20, "rendered without what earlier phases make: {names}"),
    _Rule("irreversible", 12, 4, 25, "not everything can be undone in {names}"),
)


def risk_of(facts: PhaseFacts) -> PhaseRisk:
    """The sum of all factors, at most 100. One more reason never lowers it."""
    critical = [f"{consumer} on {provider}" for consumer, provider in facts.critical]
    named = (
        facts.dependents,
        critical,
        facts.without_gates,
        facts.unasked,
        facts.red,
        facts.flaky,
        facts.major,
        facts.unverified,
        facts.irreversible,
    )
    found = [_factor(rule, names) for rule, names in zip(_RULES, named, strict=True)]
    found += [_size(facts.lines), _no_return(facts)]
    factors = [factor for factor in found if factor is not None]
    score = min(MOST_POINTS, sum(factor.points for factor in factors))
    return PhaseRisk(score=score, level=_level(score), factors=factors)


def _factor(rule: _Rule, names: Sequence[str]) -> RiskFactor | None:
    known = sorted({*names})
    if not known:
        return None
    points = min(rule.most, rule.first + rule.more * (len(known) - 1))
    shown = ", ".join(known[:MOST_NAMED])
    if len(known) > MOST_NAMED:
        shown += f" and {len(known) - MOST_NAMED} more"
    count = f"{len(known)} " if rule.reason.startswith(("repositories", "critical")) else ""
    return RiskFactor(name=rule.name, points=points, reason=count + rule.reason.format(names=shown))


def _size(lines: int) -> RiskFactor | None:
    if not lines:
        return None
    # One point for each doubling: ten lines are as far from one as a thousand from a hundred.
    points = min(15, lines.bit_length())
    return RiskFactor(name="size", points=points, reason=f"{lines} lines are changed")


def _no_return(facts: PhaseFacts) -> RiskFactor | None:
    if not facts.is_point_of_no_return:
        return None
    reason = "from here on not everything can be undone"
    return RiskFactor(name="point_of_no_return", points=10, reason=reason)


def _level(score: int) -> ImpactLevel:
    return next((level for least, level in _LEVELS if score >= least), "low")
