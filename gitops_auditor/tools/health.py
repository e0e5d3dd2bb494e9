"""Health of the platform and of its parts."""

from gitops_auditor import __version__
from gitops_auditor.health import ComponentHealth, HealthReport
from gitops_auditor.operations import Context, NoParams, Toolset
from gitops_auditor.pages import LARGEST_PAGE
from gitops_auditor.storage.health import database_health

toolset = Toolset("health", "Health", "What works, what does not, and why.")


def _is_up(report: HealthReport | ComponentHealth) -> bool:
    return report.status == "healthy"


@toolset.operation("GET /api/health/phase2", available=_is_up)
async def get_health(ctx: Context, params: NoParams) -> HealthReport:  # noqa: ARG001
    """Say which parts of the platform work, and why the others do not."""
    components = [
        await database_health(ctx.services.database),
        await ctx.services.repositories.health(),
        await ctx.services.dependencies.health(),
        await _work_health(ctx),
        await ctx.services.pipelines.condition.health(),
        await ctx.services.pipelines.connections.health(),
        await ctx.services.quality.condition.health(),
        await ctx.services.plans.condition.health(),
    ]
    degraded = any(part.status == "degraded" for part in components)
    return HealthReport(
        status="degraded" if degraded else "healthy", version=__version__, components=components
    )


@toolset.operation("GET /api/dependencies/health", surface="rest", available=_is_up)
async def get_dependencies_health(ctx: Context, params: NoParams) -> ComponentHealth:  # noqa: ARG001
    """Say when repositories were last scanned and which are stale."""
    return await ctx.services.dependencies.health()


@toolset.operation("GET /api/pipelines/health", surface="rest", available=_is_up)
async def get_pipelines_health(ctx: Context, params: NoParams) -> ComponentHealth:  # noqa: ARG001
    """Say whether pipelines can run, how many runs wait and what they need."""
    return await ctx.services.pipelines.condition.health()


@toolset.operation("GET /api/quality/health", surface="rest", available=_is_up)
async def get_quality_health(ctx: Context, params: NoParams) -> ComponentHealth:  # noqa: ARG001
    """Say how many gates there are, which tools can look, and whether signatures can be checked."""
    return await ctx.services.quality.condition.health()


async def _work_health(ctx: Context) -> ComponentHealth:
    unfinished = await ctx.services.work.list(["pending", "running"], LARGEST_PAGE)
    return ComponentHealth(name="work", status="healthy", figures={"unfinished": len(unfinished)})
