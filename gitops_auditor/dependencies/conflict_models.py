"""Version conflicts as callers receive them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.dependencies.models import ConstraintKind, DependencyType, ImpactLevel, Scope

ConflictKind = Literal["unsatisfiable", "incompatible", "outdated"]
"""`unsatisfiable`: one declaration admits no version at all. `incompatible`: repositories require
versions that exclude one another. `outdated`: they agree, but some only admit versions older than
the one that the providing repository has in its tree."""


class ConflictQuery(BaseModel, defer_build=True):
    """Which conflicts to look for, and what may be changed to resolve them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str | None = Field(
        default=None, description="Only conflicts in which this repository holds a version."
    )
    types: tuple[DependencyType, ...] = Field(
        default=(), description="Only dependencies of these types; all when empty."
    )
    scopes: tuple[Scope, ...] = Field(
        default=(), description="Only dependencies of these scopes; all when empty."
    )
    min_confidence: float = Field(
        default=0.0, ge=0, le=1, description="Only dependencies at least this certain."
    )
    include_external: bool = Field(
        default=True, description="Also look at what no repository of the workspace provides."
    )
    fixed_repositories: tuple[str, ...] = Field(
        default=(), description="Repositories whose declarations a resolution may not change."
    )


class Holder(BaseModel, defer_build=True):
    """One declaration that holds a version.

    `major` groups holders by the version they would get. `admits_provided` says whether the version
    in the providing repository's tree satisfies it, null when there is none or it cannot be said.
    `is_outdated` says that it admits only older ones; while the tree holds a pre-release, only ones
    of another major version.
    """

    model_config = ConfigDict(frozen=True)

    repository: str
    package: str
    file: str
    line: int
    name: str
    constraint: str
    constraint_kind: ConstraintKind
    scope: Scope
    major: str
    admits_provided: bool | None
    is_outdated: bool


class Edit(BaseModel, defer_build=True):
    """One declaration to change, and what to write there."""

    repository: str
    file: str
    line: int
    name: str
    constraint: str
    proposed: str


class Resolution(BaseModel, defer_build=True):
    """The fewest declarations to change so that `version` satisfies every holder.

    `kept` counts the declarations that admit it as they are. A version of `origin` "provided" is in
    the provider's tree, one that is "declared" is named by a constraint, and one that is "derived"
    lies beside these: look whether it was published.
    """

    version: str
    origin: Literal["provided", "declared", "derived"]
    edits: list[Edit]
    kept: int


class Conflict(BaseModel, defer_build=True):
    """One package on whose version repositories do not agree.

    `blocking` is the proof: holders that no version satisfies together, none of which can be left
    out. It is empty for `outdated`. Without a `resolution`, `unresolvable` says why there is none.
    """

    id: str
    kind: ConflictKind
    severity: ImpactLevel
    ecosystem: str
    name: str
    provider: str | None
    provided_versions: list[str]
    repositories: list[str]
    holders: list[Holder]
    majors: dict[str, list[str]]
    blocking: list[Holder]
    resolution: Resolution | None
    unresolvable: str | None


class ConflictReport(BaseModel, defer_build=True):
    """All conflicts, the most severe first. `packages` counts those that were compared."""

    conflicts: list[Conflict]
    packages: int
    by_severity: dict[str, int]
    by_kind: dict[str, int]
