"""What a serving process does by the clock: rescans, and forgetting what is old."""

import uuid
from datetime import UTC, datetime, timedelta

import anyio

from gitops_auditor.errors import GitOpsError
from gitops_auditor.identity import SYSTEM
from gitops_auditor.log import get_logger
from gitops_auditor.operations import Call, OperationCatalog
from gitops_auditor.services import Services

SCAN = "scan_dependencies"
HOUR = 3600.0
_log = get_logger("scheduling")


async def rescan_on_schedule(catalog: OperationCatalog, services: Services) -> None:
    """Rescan every DEPENDENCY_SCAN_INTERVAL seconds until cancelled; not at all when that is 0.

    A rescan that fails is logged and tried again at the next turn.
    """
    interval = services.settings.dependency_scan_interval
    if not interval or SCAN not in {operation.name for operation in catalog.operations}:
        return
    while True:
        await anyio.sleep(interval)
        await rescan(catalog, services)


async def forget_on_schedule(services: Services) -> None:
    """Take away every hour what the settings do not keep, until cancelled."""
    while True:
        await anyio.sleep(HOUR)
        await forget(services)


async def forget(services: Services) -> None:
    """Take away what the settings do not keep; what is busy now is tried an hour later."""
    settings = services.settings
    oldest = datetime.now(UTC) - timedelta(days=settings.work_kept_days)
    try:
        await services.events.prune(settings.events_kept)
        await services.work.prune(oldest)
        await services.pipelines.retention.forget(settings.runs_kept_days)
        await services.quality.retention.forget(settings.quality_metrics_retention_days)
    except GitOpsError as failure:
        await _log.awarning("pruning failed", code=failure.code, reason=failure.message)


async def rescan(catalog: OperationCatalog, services: Services) -> None:
    """Start one rescan in the name of the system, unless one is under way."""
    running = await services.work.list(["pending", "running"], 200)
    if any(record.operation == SCAN for record in running):
        return
    call = Call(SCAN, {}, SYSTEM, uuid.uuid4().hex)
    try:
        await catalog.call(services, call)
    except GitOpsError as failure:
        await _log.awarning("scheduled rescan failed", code=failure.code, reason=failure.message)
