"""The plan that somebody asks for."""

from pydantic import Field

from gitops_auditor.orchestrator.changes import Change, ChangePart
from gitops_auditor.orchestrator.fields import CyclePolicy, Delivery, RollbackPolicy


class PlanRequest(ChangePart):
    """A change, the repositories it is made in, and how far it goes.

    Without `quality_gates` those of the types post_phase and pre_merge are asked.
    """

    change: Change = Field(description="What to change.")
    repositories: tuple[str, ...] | None = Field(
        None, max_length=1_000, description="Ids; a bump finds its own."
    )
    title: str = Field("", max_length=200, description="A title.")
    target_branch: str = Field(
        "", max_length=250, description="Branch to change; else the default one."
    )
    delivery: Delivery | None = Field(
        None, description="How far commits go; else a pull request or branch."
    )
    quality_gates: tuple[str, ...] = Field(
        (), max_length=50, description="Types or names of gates."
    )
    allow_parallel: bool = Field(True, description="Repositories of a phase at once.")
    rollback: RollbackPolicy = Field("failed_phase", description="What a failure undoes.")
    cycles: CyclePolicy = Field("together", description="What runtime cycles become.")
    check_gates: bool = Field(True, description="Ask gates about the diffs now.")
    servers: tuple[str, ...] = Field(
        (), max_length=20, description="MCP servers it may use; else all."
    )
