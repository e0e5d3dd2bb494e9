"""One package, the declarations that hold a version of it, and what its provider has. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from gitops_auditor.dependencies.conflict_models import Holder
from gitops_auditor.dependencies.models import Dependency, Reference, Scope
from gitops_auditor.dependencies.packages import STRENGTH
from gitops_auditor.dependencies.versions import (
    Candidates,
    Constraint,
    admits_release,
    is_prerelease,
    major,
    newest,
    order,
    parse,
)

Provided = Mapping[Reference, Mapping[str, Sequence[str]]]
"""The versions of each package in each repository, sorted."""


class HeldPackage:
    """One package with the declarations that hold a version of it, in a fixed order."""

    def __init__(
        self, reference: Reference, declarations: Iterable[Dependency], versions: Provided
    ) -> None:
        self.reference = reference
        self.declarations = sorted(declarations, key=_place)
        providers = Counter(one.target_repo for one in self.declarations if one.target_repo)
        self.provider = min(providers, key=lambda one: (-providers[one], one), default=None)
        self.provided = list(versions.get(reference, {}).get(self.provider or "", ()))

    @cached_property
    def holding(self) -> list[tuple[Dependency, Constraint]]:
        """Declarations whose constraint says something about versions."""
        read = [(one, self._constraint(one)) for one in self.declarations]
        return [(one, constraint) for one, constraint in read if constraint.is_decidable]

    @cached_property
    def newest_provided(self) -> str:
        """The newest version in the provider's tree, "" when it states none."""
        return newest(self.reference.namespace, self.provided)

    @cached_property
    def table(self) -> Candidates:
        """Every distinct constraint against the versions at which verdicts change."""
        distinct = {constraint for _, constraint in self.holding}
        return Candidates.of(sorted(distinct, key=lambda one: (one.text, one.kind)), self.provided)

    @cached_property
    def row(self) -> Mapping[Constraint, int]:
        """The row of each constraint in the table."""
        return {constraint: row for row, constraint in enumerate(self.table.constraints)}

    @cached_property
    def repositories(self) -> Sequence[set[str]]:
        """The repositories behind each row."""
        found: list[set[str]] = [set() for _ in self.table.rows]
        for one, constraint in self.holding:
            found[self.row[constraint]].add(one.source_repo)
        return found

    @cached_property
    def holders(self) -> list[Holder]:
        """The declarations as callers see them."""
        return [self._holder(one, constraint) for one, constraint in self.holding]

    def rows_within(self, scope: Scope) -> list[int]:
        """The rows that declarations of this scope or a stronger one hold."""
        strong = (pair for pair in self.holding if STRENGTH[pair[0].scope] <= STRENGTH[scope])
        return sorted({self.row[constraint] for _, constraint in strong})

    def _constraint(self, one: Dependency) -> Constraint:
        return parse(self.reference.namespace, one.version_constraint, one.constraint_kind)

    def _holder(self, one: Dependency, constraint: Constraint) -> Holder:
        best = self.table.best(self.table.common([self.row[constraint]]))
        admits = _admits_any(constraint, self.provided)
        number = major(best.version) if best else ""
        return Holder(
            repository=one.source_repo,
            package=one.source_package,
            file=one.file,
            line=one.line,
            name=one.name,
            constraint=one.version_constraint,
            constraint_kind=one.constraint_kind,
            scope=one.scope,
            major=number,
            admits_provided=admits,
            is_outdated=admits is False and self._is_behind(constraint, number),
        )

    def _is_behind(self, constraint: Constraint, number: str) -> bool:
        """Whether everything that a constraint admits is older than what is provided."""
        ecosystem, present = self.reference.namespace, self.newest_provided
        if is_prerelease(ecosystem, present) and number == major(present):
            return False
        limit = order(ecosystem, present)
        admitted = self.table.admitted([self.row[constraint]])
        keys = [order(ecosystem, candidate.version) for candidate in admitted]
        return limit is not None and all(key is not None and key < limit for key in keys)


def _place(one: Dependency) -> tuple[str, str, int, int, str]:
    return one.source_repo, one.file, one.line, STRENGTH[one.scope], one.id


def _admits_any(constraint: Constraint, versions: Sequence[str]) -> bool | None:
    verdicts = {admits_release(constraint, version) for version in versions}
    if True in verdicts:
        return True
    return False if verdicts == {False} else None
