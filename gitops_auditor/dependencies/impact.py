"""What a change in one repository does to the others. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from gitops_auditor.dependencies.arrangement import Link, arrange
from gitops_auditor.dependencies.graph import cycle_warning
from gitops_auditor.dependencies.graph_models import Phase
from gitops_auditor.dependencies.impact_models import (
    ChangeRequest,
    Effect,
    Hop,
    ImpactReport,
    Use,
)
from gitops_auditor.dependencies.impact_reach import Reached, Uses, reach
from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.dependencies.packages import (
    LEVELS,
    ProvidedPackage,
    evidence_order,
    reference_of,
)
from gitops_auditor.dependencies.recommendations import recommend
from gitops_auditor.dependencies.risk import assess
from gitops_auditor.dependencies.versions import allows, parse
from gitops_auditor.errors import NotFound

DEFAULT_DEPTH: Final = 3


def analyze_impact(
    dependencies: Iterable[Dependency],
    repositories: Collection[str],
    change: ChangeRequest,
    depth: int = DEFAULT_DEPTH,
    provided: Iterable[ProvidedPackage] = (),
) -> ImpactReport:
    """The repositories that a change affects within `depth` steps, and what to do about it.

    Looks at the graph only: no clock, no chance. Raises NotFound when the changed repository is not
    among `repositories`, or its package is neither `provided` by it nor used by anyone.
    """
    known = set(repositories)
    inside = [one for one in dependencies if one.source_repo in known and one.target_repo in known]
    _check(change, known, inside, provided)
    reached = reach(Uses(inside), change.repository, change.package)
    comes_back = any(
        one.source_repo == change.repository and one.target_repo in reached for one in inside
    )
    near = {name: how for name, how in reached.items() if how.distance <= depth}
    declared = _direct_uses(inside, change)
    effects = sorted(
        (_effect(name, how, declared.get(name, ()), change) for name, how in near.items()),
        key=lambda effect: (effect.distance, effect.repository),
    )
    order = _update_order(inside, {change.repository, *near})
    beyond = len(reached) - len(near)
    return ImpactReport(
        change=change,
        depth=depth,
        direct=[effect for effect in effects if effect.distance == 1],
        transitive=[effect for effect in effects if effect.distance > 1],
        affected_repositories=sorted(near),
        risk=assess(change.change_type, effects, comes_back=comes_back),
        recommendations=_recommendations(
            change, declared, effects, order, len(reached) - len(near)
        ),
        update_order=order,
        truncated=beyond > 0,
        beyond_depth=beyond,
    )


def _check(
    change: ChangeRequest,
    repositories: Collection[str],
    dependencies: Iterable[Dependency],
    provided: Iterable[ProvidedPackage],
) -> None:
    if change.repository not in repositories:
        raise NotFound(
            f"There is no repository {change.repository!r} in the workspace.",
            hint="List the repositories to see their ids, or scan the workspace first.",
        )
    if change.package is None:
        return
    packages = {one.reference.name for one in provided if one.repository == change.repository}
    for one in dependencies:
        if one.target_repo == change.repository:
            packages |= {one.target_package, one.name}
    if change.package not in packages:
        raise NotFound(
            f"Repository {change.repository!r} has no package {change.package!r}.",
            hint=f"It is one of: {', '.join(sorted(packages - {''})) or 'none'}.",
        )


DirectUses = Mapping[str, Sequence[Dependency]]


def _direct_uses(dependencies: Iterable[Dependency], change: ChangeRequest) -> DirectUses:
    """The declarations of each consumer that name what changes, the strongest first."""
    found: dict[str, list[Dependency]] = defaultdict(list)
    for use in sorted(dependencies, key=evidence_order):
        wanted = change.package is None or change.package in {use.target_package, use.name}
        is_consumer = use.target_repo == change.repository != use.source_repo
        if is_consumer and (wanted or use.target_package == ""):
            found[use.source_repo].append(use)
    return found


def _effect(
    repository: str, how: Reached, declared: Sequence[Dependency], change: ChangeRequest
) -> Effect:
    uses = [_use(one, change.version) for one in declared]
    verdicts = {use.admits for use in uses}
    felt = declared or how.path
    levels = [LEVELS.index(one.impact_level) for one in felt]
    return Effect(
        repository=repository,
        distance=how.distance,
        scope=how.scope,
        impact=LEVELS[max(levels) if declared else min(levels)],
        types=sorted({one.dependency_type for one in declared or how.path[:1]}),
        admits=verdicts.pop() if len(verdicts) == 1 else None,
        uses=uses,
        path=[_hop(one) for one in how.path],
    )


def _use(one: Dependency, version: str | None) -> Use:
    constraint = parse(reference_of(one).namespace, one.version_constraint, one.constraint_kind)
    return Use(
        file=one.file,
        line=one.line,
        name=one.name,
        constraint=one.version_constraint,
        constraint_kind=one.constraint_kind,
        type=one.dependency_type,
        scope=one.scope,
        admits=None if version is None else allows(constraint, version),
    )


def _hop(one: Dependency) -> Hop:
    return Hop(
        consumer=one.source_repo,
        provider=one.target_repo or "",
        file=one.file,
        line=one.line,
        name=one.name,
        constraint=one.version_constraint,
        scope=one.scope,
    )


def _update_order(dependencies: Iterable[Dependency], among: Collection[str]) -> list[Phase]:
    links = (
        Link(one.source_repo, one.target_repo, one.scope)
        for one in dependencies
        if one.target_repo is not None
    )
    arrangement = arrange(among, links)
    return [
        Phase(number=number, nodes=list(nodes), warning=cycle_warning(nodes, arrangement.cycles))
        for number, nodes in enumerate(arrangement.phases, start=1)
    ]


def _recommendations(
    change: ChangeRequest,
    declared: DirectUses,
    effects: Sequence[Effect],
    order: Sequence[Phase],
    beyond: int,
) -> list[str]:
    placed = [
        (effect.repository, use, reference_of(one))
        for effect in effects
        for use, one in zip(effect.uses, declared.get(effect.repository, ()), strict=True)
    ]
    found = recommend(change, placed, effects, order)
    if beyond:
        found.append(f"Analyse again with a greater depth: {beyond} more are affected beyond it.")
    return found
