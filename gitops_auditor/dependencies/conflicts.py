"""Finds packages on whose version repositories do not agree, and the smallest remedy. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final, Literal

from gitops_auditor.dependencies.conflict_models import (
    Conflict,
    ConflictKind,
    ConflictQuery,
    ConflictReport,
    Edit,
    Holder,
    Resolution,
)
from gitops_auditor.dependencies.conflict_package import HeldPackage, Provided
from gitops_auditor.dependencies.conflict_resolution import Choice, fewest_changes
from gitops_auditor.dependencies.models import Dependency, ImpactLevel, Reference, Scope
from gitops_auditor.dependencies.names import canonical
from gitops_auditor.dependencies.packages import (
    LEVELS,
    SCOPES,
    STRENGTH,
    ProvidedPackage,
    reference_of,
)
from gitops_auditor.dependencies.versions import (
    Candidate,
    is_prerelease,
    is_set,
    major,
    rewrite,
)

_KINDS: Final[tuple[ConflictKind, ...]] = ("unsatisfiable", "incompatible", "outdated")
_WEIGHT_OF_SCOPE: Final = {Scope.RUNTIME: 2, Scope.BUILD: 1}
_ORIGINS: Final[tuple[Literal["provided", "declared", "derived"], ...]] = (
    "provided",
    "declared",
    "derived",
)


def find_conflicts(
    dependencies: Iterable[Dependency],
    provided: Iterable[ProvidedPackage] = (),
    query: ConflictQuery | None = None,
) -> ConflictReport:
    """Every conflict of a workspace that `query` asks for.

    Tags, commits, workspace and catalog references, paths and variables hold no version and never
    disagree with anything. What a repository requires of itself is its own affair and left out.
    """
    query = query or ConflictQuery()
    versions = _provided(provided)
    packages: dict[Reference, list[Dependency]] = defaultdict(list)
    for dependency in dependencies:
        if _is_wanted(dependency, query):
            packages[reference_of(dependency)].append(dependency)
    found = [
        conflict
        for reference, declarations in packages.items()
        for conflict in _judge(HeldPackage(reference, declarations, versions), query)
    ]
    found.sort(key=lambda one: (-LEVELS.index(one.severity), _KINDS.index(one.kind), one.id))
    return ConflictReport(
        conflicts=found,
        packages=len(packages),
        by_severity={
            level: sum(one.severity == level for one in found) for level in reversed(LEVELS)
        },
        by_kind={kind: sum(one.kind == kind for one in found) for kind in _KINDS},
    )


def _judge(package: HeldPackage, query: ConflictQuery) -> Iterator[Conflict]:
    """The conflict of a package, when there is one."""
    if not package.holding or not package.table.candidates:
        return
    if query.repository and not any(query.repository in some for some in package.repositories):
        return
    blocking = _disagreement(package)
    if blocking:
        kind: ConflictKind = "unsatisfiable" if len(blocking) == 1 else "incompatible"
        yield _conflict(package, kind, blocking, query)
    elif any(holder.is_outdated for holder in package.holders):
        yield _conflict(package, "outdated", (), query)


def _disagreement(package: HeldPackage) -> tuple[int, ...]:
    """Rows that no version satisfies together, held by more than one repository unless one row
    alone is impossible; () when repositories agree.
    """
    table, rows = package.table, range(len(package.table.rows))
    if table.common(rows):
        return ()
    for row in rows:
        if not table.common([row]):
            return (row,)
    for one, other in combinations(rows, 2):
        if not table.common([one, other]) and _spans(package, (one, other)):
            return one, other
    blocking = table.blocking(rows)
    return blocking if _spans(package, blocking) else ()


def _spans(package: HeldPackage, rows: Iterable[int]) -> bool:
    return len(set().union(*(package.repositories[row] for row in rows))) > 1


def _conflict(
    package: HeldPackage, kind: ConflictKind, blocking: tuple[int, ...], query: ConflictQuery
) -> Conflict:
    holders = package.holders
    majors: dict[str, set[str]] = defaultdict(set)
    for holder in holders:
        majors[holder.major].add(holder.repository)
    resolution, unresolvable = _resolve(package, kind, query)
    return Conflict(
        id=f"{package.reference.namespace}:{package.reference.name}",
        kind=kind,
        severity=_severity(package, kind),
        ecosystem=package.reference.namespace,
        name=package.reference.name,
        provider=package.provider,
        provided_versions=package.provided,
        repositories=sorted({holder.repository for holder in holders}),
        holders=holders,
        majors={number: sorted(majors[number]) for number in sorted(majors)},
        blocking=_of_rows(package, blocking),
        resolution=resolution,
        unresolvable=unresolvable,
    )


def _severity(package: HeldPackage, kind: ConflictKind) -> ImpactLevel:
    """The strongest scope at which the disagreement exists counts. It weighs more when a repository
    of the workspace provides the package, less when no major version is crossed, and less when
    consumers are merely behind.
    """
    if kind == "outdated":
        concerned = [one for one in package.holders if one.is_outdated]
        strongest = min((one.scope for one in concerned), key=STRENGTH.__getitem__)
        majors = {major(package.newest_provided), *(one.major for one in concerned)}
        step = -1
    else:
        disagreeing = (one for one in SCOPES if not package.table.common(package.rows_within(one)))
        strongest = next(disagreeing, SCOPES[-1])
        majors = {one.major for one in package.holders}
        step = 1 if package.provider is not None else 0
    crossing = 0 if len(majors) > 1 or kind == "unsatisfiable" else -1
    weight = _WEIGHT_OF_SCOPE.get(strongest, 0) + step + crossing
    return LEVELS[max(0, min(weight, len(LEVELS) - 1))]


def _resolve(
    package: HeldPackage, kind: ConflictKind, query: ConflictQuery
) -> tuple[Resolution | None, str | None]:
    untouchable = set(query.fixed_repositories)
    fixed = [row for row, some in enumerate(package.repositories) if some & untouchable]
    if kind == "outdated":
        choice = _towards_provided(package, fixed)
    else:
        counts = Counter(package.row[constraint] for _, constraint in package.holding)
        weights = [counts[row] for row in range(len(package.table.rows))]
        choice = fewest_changes(package.table, weights, fixed)
    if choice is None:
        return None, _why_not(package, fixed)
    return _resolution(package, choice), None


def _towards_provided(package: HeldPackage, fixed: Sequence[int]) -> Choice | None:
    """What must change so that everyone admits what the provider has."""
    behind = [
        package.row[constraint]
        for holder, (_, constraint) in zip(package.holders, package.holding, strict=True)
        if holder.is_outdated
    ]
    if not set(behind).isdisjoint(fixed):
        return None
    version = package.newest_provided
    target = Candidate(version, 0, is_prerelease(package.reference.namespace, version))
    return Choice(target, tuple(sorted(set(behind))))


def _resolution(package: HeldPackage, choice: Choice) -> Resolution:
    changed, version = set(choice.changed), choice.candidate.version
    edits = [
        Edit(
            repository=one.source_repo,
            file=one.file,
            line=one.line,
            name=one.name,
            constraint=one.version_constraint,
            proposed=rewrite(constraint, version),
        )
        for one, constraint in package.holding
        if package.row[constraint] in changed
    ]
    return Resolution(
        version=version,
        origin=_ORIGINS[choice.candidate.origin],
        edits=edits,
        kept=len(package.holding) - len(edits),
    )


def _why_not(package: HeldPackage, fixed: Sequence[int]) -> str:
    """The proof in words: what may not change and cannot be satisfied together."""
    blocking = package.table.blocking(fixed)
    held = [
        f"{holder.repository} ({holder.constraint} at {holder.file}:{holder.line})"
        for holder in _of_rows(package, blocking or fixed)
    ]
    if blocking:
        together = " and ".join(held)
        return f"No version satisfies {together}, and none of these may be changed."
    provided = ", ".join(package.provided)
    return f"{', '.join(held)} may not be changed and excludes the provided version {provided}."


def _of_rows(package: HeldPackage, rows: Sequence[int]) -> list[Holder]:
    """The holders behind rows."""
    wanted = set(rows)
    return [
        holder
        for holder, (_, constraint) in zip(package.holders, package.holding, strict=True)
        if package.row[constraint] in wanted
    ]


def _provided(provided: Iterable[ProvidedPackage]) -> Provided:
    found: dict[Reference, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in provided:
        reference = canonical(one.reference)
        if is_set(reference.namespace, one.version):
            found[reference][one.repository].add(one.version)
    return {
        reference: {repository: sorted(versions) for repository, versions in owners.items()}
        for reference, owners in found.items()
    }


def _is_wanted(one: Dependency, query: ConflictQuery) -> bool:
    return (
        one.source_repo != one.target_repo
        and one.confidence >= query.min_confidence
        and (query.include_external or one.target_repo is not None)
        and (not query.types or one.dependency_type in query.types)
        and (not query.scopes or one.scope in query.scopes)
    )
