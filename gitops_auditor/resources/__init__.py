"""What clients can read by URI: each form of URI is one read operation. Knows no protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_auditor.resources.uris import UriTemplate


@dataclass(frozen=True)
class ResourceForm:
    """A form of URI, the read operation behind it, and where values of its variables come from.

    The variables are parameters of the operation.
    """

    uri: UriTemplate
    name: str
    title: str
    description: str
    operation: str
    completions: Mapping[str, str] = field(default_factory=dict)


REPOSITORIES = ResourceForm(
    UriTemplate("gitops://repositories"),
    "repositories",
    "Repositories",
    "The registered repositories.",
    "list_repositories",
)
REPOSITORY = ResourceForm(
    UriTemplate("gitops://repositories/{repository_id}"),
    "repository",
    "Repository",
    "One repository: where it is, its head, when it was last scanned.",
    "get_repository",
    {"repository_id": "repositories"},
)
GRAPH = ResourceForm(
    UriTemplate("gitops://dependencies/graph"),
    "dependency_graph",
    "Dependency graph",
    "Which repositories depend on which, in the order in which to change them.",
    "get_dependency_graph",
)
CONFLICTS = ResourceForm(
    UriTemplate("gitops://dependencies/conflicts"),
    "conflicts",
    "Version conflicts",
    "Where repositories require incompatible versions of the same thing.",
    "list_conflicts",
)
REPOSITORY_DEPENDENCIES = ResourceForm(
    UriTemplate("gitops://dependencies/repository/{repository_id}"),
    "repository_dependencies",
    "Dependencies of a repository",
    "What one repository depends on and what depends on it, each with file and line.",
    "get_repository_dependencies",
    {"repository_id": "repositories"},
)
PIPELINES = ResourceForm(
    UriTemplate("gitops://pipelines"),
    "pipelines",
    "Pipelines",
    "The pipelines there are, by repository and name.",
    "list_pipelines",
)
PIPELINE = ResourceForm(
    UriTemplate("gitops://pipelines/{pipeline_id}"),
    "pipeline",
    "Pipeline",
    "One pipeline with its definition and its last run.",
    "get_pipeline",
    {"pipeline_id": "pipelines"},
)
RUN_LOG = ResourceForm(
    UriTemplate("gitops://runs/{run_id}/log"),
    "run_log",
    "Log of a run",
    "The end of the log of the job that failed, or of the one that started last.",
    "read_run_log",
)
RUN = ResourceForm(
    UriTemplate("gitops://runs/{run_id}"),
    "run",
    "Run of a pipeline",
    "One run: its status, stages, jobs and artifacts.",
    "get_run",
)
GATES = ResourceForm(
    UriTemplate("gitops://quality/gates"),
    "quality_gates",
    "Quality gates",
    "The gates there are: of the platform, and those that validated commits state.",
    "list_gates",
)
QUALITY_SUMMARY = ResourceForm(
    UriTemplate("gitops://quality/summary"),
    "quality_summary",
    "Quality of the last days",
    "What validations amount to: verdicts, score, rules that are broken most.",
    "get_quality_summary",
)
VALIDATION = ResourceForm(
    UriTemplate("gitops://quality/validations/{validation_id}"),
    "validation",
    "Validation of a commit",
    "What each gate said of a commit, with its worst findings.",
    "get_validation",
)
PLAN = ResourceForm(
    UriTemplate("gitops://plans/{plan_id}"),
    "plan",
    "Plan",
    "One plan over many repositories: phases, diffs, gates, what was done and undone.",
    "get_execution_plan",
)
WORK = ResourceForm(
    UriTemplate("gitops://work/{work_id}"),
    "work",
    "Long-running work",
    "Progress of long-running work, and its whole result once it succeeded.",
    "get_work",
)
HEALTH = ResourceForm(
    UriTemplate("gitops://health"),
    "health",
    "Health",
    "Which parts of the platform work, and why the others do not.",
    "get_health",
)

FORMS = (
    REPOSITORIES,
    REPOSITORY,
    GRAPH,
    CONFLICTS,
    REPOSITORY_DEPENDENCIES,
    PIPELINES,
    PIPELINE,
    RUN_LOG,
    RUN,
    GATES,
    QUALITY_SUMMARY,
    VALIDATION,
    PLAN,
    WORK,
    HEALTH,
)
"""Every form of URI, in the order in which they are tried.

A form whose operation is not on offer is not on offer either.
"""
