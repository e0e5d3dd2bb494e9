"""The plan that somebody asks for."""

from pydantic import Field

from gitops_auditor.orchestrator.changes import Change, ChangePart
from gitops_auditor.orchestrator.fields import CyclePolicy, Delivery, RollbackPolicy


class PlanRequest(ChangePart):
    """A change, the repositories it is made in, and how far it goes.

    Without `repositories` a bump is made wherever the name is asked for. `quality_gates` are types
    or names of gates that each phase has to pass; without any, those of the type post_phase and
    pre_merge that a repository states.
    """

    change: Change = Field(description="What to change.")
    repositories: tuple[str, ...] | None = Field(
        None, max_length=1_000, description="Ids; a bump finds its own when left out."
    )
    title: str = Field("", max_length=200, description="What people read of it.")
    target_branch: str = Field(
        "", max_length=250, description="Branch to change; else each repository's default."
    )
    delivery: Delivery | None = Field(
        None, description="How far to bring commits; else pull requests, or branches without them."
    )
    quality_gates: tuple[str, ...] = Field(
        (), max_length=50, description="Types or names of gates after each phase."
    )
    allow_parallel: bool = Field(True, description="Whether a phase's repositories go at once.")
    rollback: RollbackPolicy = Field("failed_phase", description="What a failure undoes.")
    cycles: CyclePolicy = Field("together", description="What runtime cycles become.")
    check_gates: bool = Field(True, description="Whether planning asks gates about the diffs.")
    servers: tuple[str, ...] = Field(
        (), max_length=20, description="MCP servers it may use; all configured when empty."
    )
