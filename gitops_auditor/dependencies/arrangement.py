"""The order in which repositories can be changed, and what had to be ignored to get one."""

from collections.abc import Iterable
from typing import NamedTuple

from gitops_auditor.dependencies.models import Scope


class Link(NamedTuple):
    """`source` needs `target`, and how strongly."""

    source: str
    target: str
    scope: Scope


class CyclicGroup(NamedTuple):
    """Nodes that all reach one another, sorted by name.

    `path` is one shortest cycle, its first node repeated at the end. `broken` are the links that
    the order contradicts, `remaining` the groups that stay cyclic on runtime links alone.
    """

    nodes: tuple[str, ...]
    path: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]
    remaining: tuple[tuple[str, ...], ...]


class Arrangement(NamedTuple):
    """Phases from what needs nothing to what nobody needs; each node is in exactly one.

    Every link leads from a later phase to an earlier one, except those that a cyclic group lists as
    broken and those inside one of its remaining groups. Does not depend on the order of the input.
    """

    phases: tuple[tuple[str, ...], ...]
    cycles: tuple[CyclicGroup, ...]


def arrange(nodes: Iterable[str], links: Iterable[Link]) -> Arrangement:
    """Order nodes so that a provider comes before its consumers.

    Inside a cycle the weakest scope gives way first; runtime links never do, so a cycle of these
    shares one phase. Links between unknown nodes are ignored, and so are links to oneself.
    """
    # Importing networkx takes longer than starting the rest of the process over stdio.
    from gitops_auditor.dependencies import cycles  # noqa: PLC0415

    return cycles.arrange(nodes, links)
