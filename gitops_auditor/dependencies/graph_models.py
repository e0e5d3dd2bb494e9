"""The dependency graph as callers receive it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.dependencies.models import ConstraintKind, DependencyType, ImpactLevel, Scope

NodeType = Literal["repository", "package", "external"]
Direction = Literal["both", "dependencies", "dependents"]
Detail = Literal["repository", "package"]


class GraphQuery(BaseModel, defer_build=True):
    """Which part of the graph to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str | None = Field(
        default=None, description="Show only what this repository needs, or what needs it."
    )
    depth: int | None = Field(
        default=None, ge=1, le=100, description="How many steps away from the repository to go."
    )
    direction: Direction = Field(
        default="both", description="Which way to follow dependencies from the repository."
    )
    detail: Detail = Field(
        default="repository", description="Whether packages inside a repository are own nodes."
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
        default=False, description="Also show what no repository of the workspace provides."
    )
    limit: int = Field(
        default=2000, ge=1, le=200_000, description="The most nodes and edges to return together."
    )


class Evidence(BaseModel, defer_build=True):
    """One line of one file that states a dependency."""

    model_config = ConfigDict(frozen=True)

    repository: str
    file: str
    line: int
    name: str
    constraint: str
    constraint_kind: ConstraintKind
    type: DependencyType
    scope: Scope


class GraphNode(BaseModel, defer_build=True):
    """A repository, a package inside one, or something that comes from outside the workspace.

    `group` is the owner of a repository, the repository of a package, the ecosystem of an external
    package. `version` and `ecosystem` are empty when they are not known.
    """

    id: str
    type: NodeType
    label: str
    group: str
    ecosystem: str = ""
    version: str = ""
    dependencies: int = 0
    dependents: int = 0


class GraphEdge(BaseModel, defer_build=True):
    """Everything that `source` needs of `target`.

    `type`, `scope` and `version` are those of the strongest evidence, `impact` is the highest.
    `evidence` holds the strongest few of `count` lines.
    """

    source: str
    target: str
    type: DependencyType
    types: list[DependencyType]
    scope: Scope
    scopes: list[Scope]
    impact: ImpactLevel
    version: str
    confidence: float
    count: int
    evidence: list[Evidence]


class BrokenEdge(BaseModel, defer_build=True):
    """An edge that the order of phases contradicts."""

    source: str
    target: str
    scope: Scope
    evidence: list[Evidence]


class Cycle(BaseModel, defer_build=True):
    """Nodes that need one another.

    `path` is one shortest cycle. `resolved` says whether ignoring `broken_edges` gives an order;
    when it does not, `remaining` lists the nodes that need one another at run time and share a
    phase.
    """

    nodes: list[str]
    path: list[str]
    resolved: bool
    broken_edges: list[BrokenEdge]
    remaining: list[list[str]]


class Phase(BaseModel, defer_build=True):
    """Nodes that can be changed together, once those of all earlier phases are. Counted from 1."""

    number: int
    nodes: list[str]
    warning: str | None = None


class GraphSummary(BaseModel, defer_build=True):
    """Counts over the whole selection, before `limit` cuts it. Dependencies are edges."""

    repositories: int
    nodes: int
    total_dependencies: int
    declarations: int
    critical_impact: int
    high_impact: int
    medium_impact: int
    low_impact: int
    dependency_types: dict[str, int]


class GraphMetadata(BaseModel, defer_build=True):
    """`graph_version` changes with the selection and with nothing else. `last_updated` is when the
    newest edge was last confirmed. `beyond_depth` counts nodes that a greater depth shows.
    """

    graph_version: str
    last_updated: datetime | None
    depth: int | None
    beyond_depth: int


class DependencyGraph(BaseModel, defer_build=True):
    """A selection of the graph. Phases and cycles are those of the whole selection; external nodes
    take no part in them.
    """

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    summary: GraphSummary
    metadata: GraphMetadata
    cycles: list[Cycle]
    phases: list[Phase]
    truncated: bool
    omitted_nodes: int
    omitted_edges: int
