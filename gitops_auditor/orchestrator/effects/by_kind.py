"""The effect of each kind of step."""

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_auditor.audit import Audit
from gitops_auditor.orchestrator.effects.branch import BranchEffect
from gitops_auditor.orchestrator.effects.effect import Effect
from gitops_auditor.orchestrator.effects.merge import MergeEffect
from gitops_auditor.orchestrator.effects.pipeline_run import PipelineRunEffect
from gitops_auditor.orchestrator.effects.pull_request import PullRequestEffect
from gitops_auditor.orchestrator.effects.reviewers import CodeOwnerReviewers
from gitops_auditor.orchestrator.effects.status import StatusEffect
from gitops_auditor.orchestrator.effects.workflow_run import WorkflowRunEffect
from gitops_auditor.orchestrator.fields import StepKind
from gitops_auditor.orchestrator.forges.forge import Forges
from gitops_auditor.orchestrator.history import History
from gitops_auditor.orchestrator.merge_order import Edges, MergeOrder
from gitops_auditor.pipelines.assembly import PipelineServices


@dataclass(frozen=True, slots=True)
class EffectParts:
    """What effects are made of. `edges` are those that the last scans found."""

    forges: Forges
    pipelines: PipelineServices
    audit: Audit
    order: MergeOrder
    edges: Edges


def effects_of(parts: EffectParts) -> Mapping[StepKind, Effect]:
    """The effects, one for each kind. Nothing is started, and nobody is asked."""
    forges = parts.forges
    history = History(parts.pipelines.revisions)
    reviewers = CodeOwnerReviewers(parts.pipelines.revisions)
    return {
        "branch": BranchEffect(forges),
        "pull_request": PullRequestEffect(forges, parts.edges, reviewers),
        "status": StatusEffect(forges, parts.order),
        "merge": MergeEffect(forges, history.contains),
        "pipeline_run": PipelineRunEffect(parts.pipelines, parts.audit),
        "workflow_run": WorkflowRunEffect(forges),
    }
