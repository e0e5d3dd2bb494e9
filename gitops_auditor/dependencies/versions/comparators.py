"""Chart and Terraform constraints: comparators joined by commas."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Final

from gitops_auditor.dependencies.versions.scheme import Reading, Scheme
from gitops_auditor.dependencies.versions.semantic import (
    Comparator,
    Partial,
    SemanticVersion,
    bounds,
    caret,
    equal,
    order,
    parse_partial,
    parse_version,
    probes,
    release,
    tilde,
)

Group = tuple[Comparator, ...]
_CLAUSE: Final = re.compile(r"(=|!=|>=|=>|<=|=<|>|<|\^|~>|~)?\s*([^\s,=!<>^~|]+)")
_HYPHEN: Final = re.compile(r"(\S+)\s+-\s+(\S+)")
_MOST_GROUPS: Final = 64


def read_helm(text: str) -> Reading | None:
    """A chart constraint as Helm's own library reads it (Masterminds semver 3): space or comma
    joins, `||` gives alternatives, and a pre-release counts where its group names one.
    """
    groups: list[Group] = []
    for alternative in text.split("||"):
        spelled = _HYPHEN.sub(r">=\1 <=\2", alternative)
        found = _groups(spelled, _helm_clause)
        if found is None:
            return None
        groups.extend(found)
    return _reading(groups, _admits_where_named)


def read_terraform(text: str) -> Reading | None:
    """A Terraform constraint: every comparator must hold, `~>` lets only the last number given
    grow, and a pre-release is chosen only by an exact constraint.
    """
    groups = _groups(text, _terraform_clause)
    return None if groups is None else _reading(groups, _admits_exact)


HELM: Final = Scheme("helm", read_helm, order, release)
TERRAFORM: Final = Scheme("terraform", read_terraform, order, release)


def _groups(
    text: str, clause: Callable[[str, Partial], Sequence[Group] | None]
) -> list[Group] | None:
    """The alternatives of clauses that must all hold, multiplied out."""
    found: list[Group] = [()]
    rest = text.strip().strip(",").strip()
    while rest:
        match = _CLAUSE.match(rest)
        partial = parse_partial(match[2]) if match else None
        if match is None or partial is None:
            return None
        options = clause(match[1] or "", partial)
        if options is None or len(found) * len(options) > _MOST_GROUPS:
            return None
        found = [left + right for left, right in product(found, options)]
        rest = rest[match.end() :].lstrip().removeprefix(",").lstrip()
    return found


def _helm_clause(operator: str, partial: Partial) -> Sequence[Group] | None:
    match operator:
        case "" | "=":
            return [equal(partial)]
        case "^":
            return [caret(partial)]
        case "~" | "~>":
            return [tilde(partial)]
        case "!=":
            return _outside(equal(partial))
        case _:
            return [_bounded(operator, partial)]


def _terraform_clause(operator: str, partial: Partial) -> Sequence[Group] | None:
    version = partial.floor()
    match operator:
        case "" | "=":
            return [(Comparator("=", version),)]
        case "!=":
            return [(Comparator("!=", version),)]
        case "~>" if partial.numbers:
            upper = partial.ceiling(max(len(partial.numbers) - 1, 1))
            return [(Comparator(">=", version), Comparator("<", upper))]
        case ">" | ">=" | "<" | "<=":
            return [(Comparator(operator, version),)]
        case _:
            return None


def _outside(inside: Group) -> Sequence[Group]:
    if len(inside) == 1:
        return [(Comparator("!=", inside[0].version),)]
    if not inside:
        return [(Comparator("<", SemanticVersion(0, 0, 0, "0")),)]
    return [(Comparator("<", inside[0].version),), (Comparator(">=", inside[1].version),)]


def _bounded(operator: str, partial: Partial) -> Group:
    """`>1.2` begins after every 1.2.x, and `<=1.2` ends after them."""
    whole = len(partial.numbers) == 3
    if operator in {">", "<=", "=<"} and partial.numbers and not whole:
        upper = partial.ceiling(len(partial.numbers))
        return (Comparator(">=" if operator == ">" else "<", upper),)
    match operator:
        case ">":
            return (Comparator(">", partial.floor()),)
        case "<":
            return (Comparator("<", partial.floor()),)
        case "<=" | "=<":
            return (Comparator("<=", partial.floor()),)
        case _:
            return (Comparator(">=", partial.floor()),)


def _reading(groups: Sequence[Group], admits: Callable[[Group, SemanticVersion], bool]) -> Reading:
    def allows(text: str) -> bool | None:
        version = parse_version(text)
        return None if version is None else any(_holds(group, version) for group in groups)

    def _holds(group: Group, version: SemanticVersion) -> bool:
        if version.prerelease and not admits(group, version):
            return False
        return all(bound.holds(version) for bound in group)

    return Reading(allows, bounds(groups), probes(_versions(groups)))


def _versions(groups: Iterable[Group]) -> list[SemanticVersion]:
    return [bound.version for group in groups for bound in group]


def _admits_where_named(group: Group, version: SemanticVersion) -> bool:
    return bool(version.prerelease) and any(bound.version.prerelease for bound in group)


def _admits_exact(group: Group, version: SemanticVersion) -> bool:
    return any(bound.operator == "=" and bound.holds(version) for bound in group)
