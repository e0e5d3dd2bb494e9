"""The words of plans."""

from typing import Literal

PlanStatus = Literal[
    "planned",
    "executing",
    "paused",
    "rolling_back",
    "held",
    "completed",
    "rolled_back",
    "cancelled",
]
"""`paused`: between two phases that are called one by one. `held`: something failed, and nothing
happens until somebody resumes it, rolls it back or gives it up."""

PhaseStatus = Literal[
    "pending",
    "executing",
    "executed",
    "validating",
    "completed",
    "failed",
    "errored",
    "rolling_back",
    "rolled_back",
    "partly_rolled_back",
    "not_started",
]
"""`executed`: its steps are done and its gates not asked yet. `failed`: the work, or a gate, said
no. `errored`: the machinery broke. `partly_rolled_back`: something of it could not be undone."""

StepStatus = Literal["pending", "running", "done", "failed", "errored", "undone", "not_undone"]

StepKind = Literal["branch", "pull_request", "status", "merge", "pipeline_run", "workflow_run"]

FailureKind = Literal["failed", "errored"]

ChangeKind = Literal["bump", "script", "pipeline"]

Delivery = Literal["branch", "pull_request", "merge"]
"""How far a rendered commit is brought: to a branch of its own, to a pull request for people to
merge, or into the target branch."""

RollbackPolicy = Literal["failed_phase", "all", "none"]

ApprovalPolicy = Literal["never", "destructive", "always"]

CyclePolicy = Literal["together", "refuse"]
"""What becomes of repositories that need one another at run time: one phase, or no plan."""

RenderStatus = Literal["rendered", "unchanged", "failed"]

Verification = Literal["resolved", "unverified"]
"""`resolved`: what it needs of repositories in earlier phases was found in their rendered trees."""

LedgerEntryKind = Literal["intent", "done", "failed", "undo", "undone", "not_undone"]

GoalAction = Literal["execute", "validate", "rollback"]

ENDED: frozenset[PlanStatus] = frozenset({"completed", "rolled_back", "cancelled"})
ACTIVE: frozenset[PlanStatus] = frozenset({"executing", "rolling_back"})
