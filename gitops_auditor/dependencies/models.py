"""The words of the domain: what a manifest declares, what a repository provides, an edge."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class DependencyType(StrEnum):
    """What kind of thing one repository takes from another."""

    NPM = "npm"
    GIT = "git"
    DOCKER = "docker"
    API = "api"
    CONFIG = "config"
    DATA = "data"
    PYTHON = "python"
    GO = "go"
    RUST = "rust"
    JVM = "jvm"
    TERRAFORM = "terraform"
    HELM = "helm"
    CI = "ci"
    PRE_COMMIT = "pre-commit"


class Scope(StrEnum):
    """When a dependency is needed, from the strongest tie to the weakest."""

    RUNTIME = "runtime"
    BUILD = "build"
    DEV = "dev"
    CI = "ci"
    TEST = "test"
    EXAMPLE = "example"


class ConstraintKind(StrEnum):
    """How a constraint is to be read; only `range` and `exact` take part in version arithmetic."""

    NONE = "none"
    EXACT = "exact"
    RANGE = "range"
    TAG = "tag"
    """A moving name: npm dist-tag, image tag such as `latest`, git branch."""
    COMMIT = "commit"
    """A full object id or an image digest."""
    WORKSPACE = "workspace"
    CATALOG = "catalog"
    PATH = "path"
    URL = "url"
    DYNAMIC = "dynamic"
    """Contains a variable that is not known before run time."""


ImpactLevel = Literal["critical", "high", "medium", "low"]
ChangeKind = Literal["added", "updated", "removed"]


class Reference(NamedTuple):
    """What a declaration points at: a name in a namespace where names are unique.

    `namespace` is one of: npm, pypi, image, go, crate, maven, terraform, chart, api, data, config,
    command, repository. In namespace `repository` the name is `host/owner/name` in lower case, or
    `owner/name` when the host is implied by the syntax.
    """

    namespace: str
    name: str


NAMESPACES: Final[Mapping[DependencyType, str]] = {
    DependencyType.NPM: "npm",
    DependencyType.GIT: "repository",
    DependencyType.DOCKER: "image",
    DependencyType.API: "api",
    DependencyType.CONFIG: "config",
    DependencyType.DATA: "data",
    DependencyType.PYTHON: "pypi",
    DependencyType.GO: "go",
    DependencyType.RUST: "crate",
    DependencyType.JVM: "maven",
    DependencyType.TERRAFORM: "terraform",
    DependencyType.HELM: "chart",
    DependencyType.CI: "repository",
    DependencyType.PRE_COMMIT: "repository",
}
"""The namespace that names of a type are usually in."""


class Declaration(NamedTuple):
    """One dependency as one line of one file states it."""

    type: DependencyType
    name: str
    """As written in the file, without the version."""
    reference: Reference
    constraint: str
    constraint_kind: ConstraintKind
    scope: Scope
    confidence: float
    """1.0 where a manifest declares it; below 0.7 where it is read out of a script."""
    line: int
    """1-based line of the evidence."""


class Provision(NamedTuple):
    """One thing that a repository offers to others, and the line that says so."""

    reference: Reference
    version: str
    line: int
    private: bool = False
    """Not published: only the repository itself can use it under this name."""


class Problem(NamedTuple):
    """Why a file, or a part of it, was not read. Line and column are 1-based, 0 when unknown."""

    message: str
    line: int
    column: int


class ManifestFacts(NamedTuple):
    """Everything one file says. Pure function of path and content, so it is cached by blob id.

    `package` names the package that the file describes (empty when it describes none), `members`
    the path globs of packages it groups (workspaces), `definitions` values that other files of the
    same repository refer to by key, for example npm catalogs and Gradle version catalogs.
    """

    declarations: tuple[Declaration, ...] = ()
    provisions: tuple[Provision, ...] = ()
    problems: tuple[Problem, ...] = ()
    package: str = ""
    members: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()


class Dependency(BaseModel, defer_build=True):
    """An edge between two repositories, with its evidence. `target_repo` is null when no repository
    of the workspace provides what is asked for.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    source_repo: str
    target_repo: str | None = None
    dependency_type: DependencyType
    name: str
    version_constraint: str = ""
    constraint_kind: ConstraintKind = ConstraintKind.NONE
    scope: Scope = Scope.RUNTIME
    impact_level: ImpactLevel = "medium"
    confidence: float = Field(default=1.0, ge=0, le=1)
    file: str
    line: int = Field(ge=0)
    source_package: str = ""
    target_package: str = ""
    discovered_at: datetime
    last_validated: datetime


class FileProblem(BaseModel, defer_build=True):
    """Something that was not read, and why. `file` is empty when it is the repository itself; line
    and column are 1-based, 0 when unknown.
    """

    model_config = ConfigDict(frozen=True)

    repository: str
    file: str
    line: int
    column: int
    message: str


class ScanReport(BaseModel, defer_build=True):
    """What a scan read and what it changed.

    `read` counts repositories whose content had changed, `unchanged` those that were as before.
    `dependencies` counts all edges that are known now, `internal` those whose provider is another
    repository of the workspace. `problems` holds the first hundred of `problems_total`: those of
    the repositories that were read now.
    `seconds` are by stage.
    """

    model_config = ConfigDict(frozen=True)

    repositories: int
    read: int
    unchanged: int
    files: int
    dependencies: int
    internal: int
    added: int
    updated: int
    removed: int
    problems_total: int
    problems: list[FileProblem]
    seconds: dict[str, float]


class RepositoryDependencies(BaseModel, defer_build=True):
    """One repository's edges in both directions: what it needs, and who needs it."""

    repository: str
    depends_on: list[Dependency]
    depends_on_total: int
    dependents: list[Dependency]
    dependents_total: int


class Package(BaseModel, defer_build=True):
    """Something that a repository offers under a name; `file` and `line` say where it says so."""

    model_config = ConfigDict(frozen=True)

    repository: str
    namespace: str
    name: str
    version: str
    file: str
    line: int


class DependencyChange(BaseModel, defer_build=True):
    """A difference that a rescan found. Versions are constraints as the manifest writes them."""

    model_config = ConfigDict(frozen=True)

    id: str
    dependency_id: str
    change_type: ChangeKind
    old_version: str | None
    new_version: str | None
    detected_at: datetime
    impact_analysis: dict[str, str | int | None]
    source_repo: str
    target_repo: str | None
    dependency_type: DependencyType
    name: str
    file: str
    line: int
