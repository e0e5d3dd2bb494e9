"""Which repositories of a plan are changed together, and after which others. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from gitops_auditor.dependencies.arrangement import CyclicGroup, Link, arrange
from gitops_auditor.dependencies.models import Dependency, Scope
from gitops_auditor.errors import Conflict
from gitops_auditor.orchestrator.fields import CyclePolicy

Pair = tuple[str, str]


class OrderedPhase(NamedTuple):
    """Repositories without runtime needs among one another, but for cycles that `warning` names."""

    repositories: tuple[str, ...]
    warning: str | None


def links_among(repositories: Collection[str], edges: Iterable[Dependency]) -> list[Pair]:
    """Each pair of the repositories, consumer first, of which one needs the other at run time.

    Repositories that are not given are passed through, so that an order over them holds; given ones
    are not: what they need themselves says the rest. Sorted.
    """
    chosen = {*repositories}
    needs: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge.scope is Scope.RUNTIME and edge.target_repo not in (None, edge.source_repo):
            needs[edge.source_repo].add(edge.target_repo or "")
    return sorted((one, other) for one in chosen for other in _reached(one, needs, chosen))


def ordered(
    repositories: Collection[str], links: Sequence[Pair], cycles: CyclePolicy
) -> list[OrderedPhase]:
    """Phases in which providers come before their consumers; each repository is in exactly one.

    Repositories that need one another share a phase, or raise Conflict under the policy `refuse`.
    Does not depend on the order of what is given.
    """
    arrangement = arrange(repositories, (Link(*pair, Scope.RUNTIME) for pair in links))
    if cycles == "refuse" and arrangement.cycles:
        raise _tangled(arrangement.cycles)
    return [
        OrderedPhase(nodes, _warning(nodes, arrangement.cycles)) for nodes in arrangement.phases
    ]


def _reached(start: str, needs: Mapping[str, set[str]], chosen: set[str]) -> set[str]:
    """The chosen ones that are met first on every way from `start`."""
    seen: set[str] = set()
    ahead = [*needs.get(start, ())]
    while ahead:
        node = ahead.pop()
        if node not in seen:
            seen.add(node)
            if node not in chosen:
                ahead.extend(needs.get(node, ()))
    return (seen & chosen) - {start}


def _warning(nodes: Collection[str], cycles: Iterable[CyclicGroup]) -> str | None:
    inside = {*nodes}
    tangled = [group.nodes for group in cycles if inside.issuperset(group.nodes)]
    if not tangled:
        return None
    groups = "; ".join(", ".join(group) for group in tangled)
    return f"These need one another at run time and are changed together: {groups}."


def _tangled(cycles: Sequence[CyclicGroup]) -> Conflict:
    ways = "; ".join(" needs ".join(group.path) for group in cycles)
    return Conflict(
        f"Repositories need one another at run time: {ways}.",
        hint="Break the cycle, or let them be changed together with cycles: together.",
        details={"cycles": [[*group.nodes] for group in cycles]},
    )
