"""The risk of a change as a sum of named factors. Pure.

Every factor can only grow when a further repository is affected, so the score never falls by it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from gitops_auditor.dependencies.impact_models import ChangeType, Effect, Risk, RiskFactor
from gitops_auditor.dependencies.models import DependencyType, ImpactLevel, Scope
from gitops_auditor.dependencies.packages import LEVELS, STRENGTH

BREAKING: Final = frozenset({"major", "breaking", "removal", "api", "config"})
"""Changes that a consumer may have to follow with changes of its own."""

_CHANGE: Final[dict[ChangeType, int]] = {
    "patch": 5, "minor": 8, "config": 15, "security": 15, "api": 25, "major": 25, "breaking": 30,
    "removal": 35,
}  # fmt: skip
_SCOPE: Final = {
    Scope.RUNTIME: 15, Scope.BUILD: 10, Scope.DEV: 4, Scope.CI: 4, Scope.TEST: 2, Scope.EXAMPLE: 1,
}  # fmt: skip
_IMPACT: Final[dict[ImpactLevel, int]] = {"critical": 10, "high": 7, "medium": 4, "low": 1}
_SHARED_STATE: Final = frozenset({DependencyType.API, DependencyType.DATA})
_LEVELS: Final[tuple[tuple[int, ImpactLevel], ...]] = (
    (75, "critical"), (50, "high"), (25, "medium"), (0, "low"),
)  # fmt: skip


def assess(change_type: ChangeType, effects: Sequence[Effect], *, comes_back: bool) -> Risk:
    """Add up the factors of a change; `comes_back` says that the changed repository itself needs
    something that it affects. Nothing affected is no risk to others: 0.
    """
    factors = list(_factors(change_type, effects, comes_back=comes_back)) if effects else []
    score = min(100, sum(factor.points for factor in factors))
    level = next(level for least, level in _LEVELS if score >= least)
    return Risk(score=score, level=level, factors=factors)


def _factors(
    change_type: ChangeType, effects: Sequence[Effect], *, comes_back: bool
) -> Iterator[RiskFactor]:
    direct = [effect for effect in effects if effect.distance == 1]
    yield _factor("change", _CHANGE[change_type], f"A change of type {change_type}.")
    reason = f"Repositories that use it themselves: {len(direct)}."
    yield _factor("direct_consumers", min(18, 4 * len(direct)), reason)
    reason = f"Repositories that it reaches in all: {len(effects)}."
    yield _factor("affected_repositories", min(12, 2 * len(effects)), reason)
    scope = min((effect.scope for effect in effects), key=STRENGTH.__getitem__)
    yield _factor("scope", _SCOPE[scope], f"The strongest effect arrives at {scope} scope.")
    impact = max((effect.impact for effect in effects), key=LEVELS.index)
    yield _factor("impact", _IMPACT[impact], f"The highest impact of an affected use is {impact}.")
    yield from _unguarded(change_type, direct)
    if any(_SHARED_STATE.intersection(effect.types) for effect in effects):
        yield _factor("shared_state", 5, "An API or shared data is felt as soon as it changes.")
    if comes_back:
        yield _factor("cycle", 5, "The changed repository itself needs something it affects.")


def _unguarded(change_type: ChangeType, direct: Sequence[Effect]) -> Iterator[RiskFactor]:
    exposed = [effect for effect in direct if effect.admits is not False]
    if change_type in BREAKING and exposed:
        reason = f"No constraint is known to hold it back from {len(exposed)} direct consumers."
        yield _factor("unguarded", min(15, 5 * len(exposed)), reason)


def _factor(name: str, points: int, reason: str) -> RiskFactor:
    return RiskFactor(name=name, points=points, reason=reason)
