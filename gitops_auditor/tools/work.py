"""Long-running work: what is under way, its result, and how to end it."""

from datetime import datetime

from pydantic import BaseModel, Field

from gitops_auditor.dependencies.models import ScanReport
from gitops_auditor.operations import LONGEST_WAIT, Context, Params, Toolset, Work
from gitops_auditor.orchestrator.records import ReplayReport
from gitops_auditor.orchestrator.views import PlanOutline
from gitops_auditor.pages import Page, PageParams, cut_page, start_of
from gitops_auditor.quality.views import QualityVerdict
from gitops_auditor.repositories.models import DiscoveryReport, Repository
from gitops_auditor.work import FailureKind, WorkRecord, WorkStatus

toolset = Toolset(
    "work", "Long-running work", "Wait for, inspect and cancel work that takes a while."
)

AnyWork = Work[
    ScanReport | QualityVerdict | PlanOutline | ReplayReport | DiscoveryReport | Repository
]


class WorkRef(Params):
    """One piece of work."""

    work_id: str = Field(
        description="Id that the starting call answered with.", min_length=1, max_length=64
    )


class WorkWait(WorkRef):
    """One piece of work, and how long to wait for its end."""

    wait_seconds: float = Field(
        0.0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for the end before answering."
    )


class WorkFilter(PageParams):
    """Which work to list."""

    status: WorkStatus | None = Field(None, description="Only work in this state.")


class WorkState(BaseModel, defer_build=True):
    """Long-running work without its result."""

    id: str
    operation: str
    status: WorkStatus
    failure_kind: FailureKind | None = None
    message: str = ""
    created_at: datetime
    completed_at: datetime | None = None


@toolset.operation("GET /api/work/{work_id}")
async def get_work(ctx: Context, params: WorkWait) -> AnyWork:
    """Get long-running work by its id: progress, and the result once it succeeded."""
    record = await ctx.services.work.wait(params.work_id, params.wait_seconds)
    return _view(record)


@toolset.operation("GET /api/work", surface="toolset")
async def list_work(ctx: Context, params: WorkFilter) -> Page[AnyWork]:
    """List long-running work, newest first."""
    statuses = [params.status] if params.status else None
    before = start_of(params)
    records = await ctx.services.work.list(statuses, params.limit + 1, before)
    return cut_page(records, params, lambda one: (one.id,)).of(_view)


@toolset.operation(
    "POST /api/work/{work_id}/cancel", effect="write", surface="toolset", idempotent=True
)
async def cancel_work(ctx: Context, params: WorkRef) -> WorkState:
    """Cancel long-running work. Repeating it, or cancelling what has ended, changes nothing."""
    record = await ctx.services.work.cancel(params.work_id)
    return WorkState.model_validate(record, from_attributes=True)


def _view(record: WorkRecord) -> AnyWork:
    return AnyWork.model_validate(record, from_attributes=True)
