"""Dependencies with defaults: a test names only what matters to it."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Dependency,
    DependencyType,
    ImpactLevel,
    Scope,
)

SEEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def dependency(
    source: str,
    target: str | None,
    *,
    name: str | None = None,
    constraint: str = "",
    kind: ConstraintKind | None = None,
    type_: DependencyType = DependencyType.NPM,
    scope: Scope = Scope.RUNTIME,
    impact: ImpactLevel = "medium",
    confidence: float = 1.0,
    file: str = "package.json",
    line: int = 1,
    source_package: str = "",
    target_package: str = "",
) -> Dependency:
    """A dependency; without a name it asks for a package called as its target."""
    name = name if name is not None else target or "external"
    implied = ConstraintKind.RANGE if constraint else ConstraintKind.NONE
    return Dependency(
        id=f"{source}>{target}:{name}:{constraint}:{scope}:{source_package}:{file}:{line}",
        source_repo=source,
        target_repo=target,
        dependency_type=type_,
        name=name,
        version_constraint=constraint,
        constraint_kind=kind or implied,
        scope=scope,
        impact_level=impact,
        confidence=confidence,
        file=file,
        line=line,
        source_package=source_package,
        target_package=target_package,
        discovered_at=SEEN,
        last_validated=SEEN,
    )


REPOSITORIES = tuple("abcdefgh")


def graphs(most: int = 24) -> st.SearchStrategy[list[Dependency]]:
    """Dependencies among eight repositories, in all scopes, cycles included."""
    ends = st.sampled_from(REPOSITORIES)
    one = st.builds(
        lambda source, target, scope, line: dependency(source, target, scope=scope, line=line),
        ends,
        ends,
        st.sampled_from(Scope),
        st.integers(1, 3),
    )
    return st.lists(one, max_size=most, unique_by=lambda found: found.id)
