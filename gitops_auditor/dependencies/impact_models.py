"""A planned change and its consequences, as callers give and receive them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.dependencies.graph_models import Phase
from gitops_auditor.dependencies.models import ConstraintKind, DependencyType, ImpactLevel, Scope

ChangeType = Literal["patch", "minor", "major", "breaking", "removal", "api", "config", "security"]


class ChangeRequest(BaseModel, defer_build=True):
    """A change that someone is about to make in one repository."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str = Field(description="The repository that changes.")
    change_type: ChangeType = Field(description="What kind of change it is.")
    version: str | None = Field(
        default=None, description="The version to be released, to check it against constraints."
    )
    package: str | None = Field(
        default=None, description="The package of the repository that changes; all when left out."
    )


class Use(BaseModel, defer_build=True):
    """One declaration through which a repository is affected directly.

    `admits` says whether its constraint lets the new version in, null when there is no new version
    or the constraint (a tag, a commit, a path) cannot say.
    """

    file: str
    line: int
    name: str
    constraint: str
    constraint_kind: ConstraintKind
    type: DependencyType
    scope: Scope
    admits: bool | None


class Hop(BaseModel, defer_build=True):
    """One step of a path: `consumer` needs `provider`, and the line that says so."""

    consumer: str
    provider: str
    file: str
    line: int
    name: str
    constraint: str
    scope: Scope


class Effect(BaseModel, defer_build=True):
    """What the change means for one repository.

    `distance` counts steps between repositories, 1 for direct consumers. `path` is a shortest one,
    the hop of the affected repository first. `scope` is the strongest at which the effect arrives:
    the weakest link of the strongest path. `uses` are empty for transitive effects, and `admits` is
    null where they differ or none can say.
    """

    repository: str
    distance: int
    scope: Scope
    impact: ImpactLevel
    types: list[DependencyType]
    admits: bool | None
    uses: list[Use]
    path: list[Hop]


class RiskFactor(BaseModel, defer_build=True):
    """One reason for the score."""

    name: str
    points: int
    reason: str


class Risk(BaseModel, defer_build=True):
    """The sum of the factors, at most 100. Below 25 low, below 50 medium, below 75 high."""

    score: int
    level: ImpactLevel
    factors: list[RiskFactor]


class ImpactReport(BaseModel, defer_build=True):
    """The consequences of a change, computed from the graph alone: equal input, equal report.

    `truncated` says that `depth` hid `beyond_depth` further repositories. `update_order` holds the
    changed repository and those affected, providers first.
    """

    change: ChangeRequest
    depth: int
    direct: list[Effect]
    transitive: list[Effect]
    affected_repositories: list[str]
    risk: Risk
    recommendations: list[str]
    update_order: list[Phase]
    truncated: bool
    beyond_depth: int
