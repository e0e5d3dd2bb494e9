"""What starts pipelines in a serving process: webhooks, schedules, pushes, new repositories.

Webhooks also tell plans of pull requests that people merge.
"""

from collections.abc import Sequence
from contextlib import aclosing

import anyio

from gitops_auditor.errors import GitOpsError, NotFound
from gitops_auditor.events import Event
from gitops_auditor.identity import SYSTEM
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.starting.deliveries import DeliveryProcessor
from gitops_auditor.pipelines.starting.pushes import PushWatcher
from gitops_auditor.pipelines.starting.schedules import ScheduleRunner
from gitops_auditor.services import Services

RETRY_SECONDS = 5.0
_log = get_logger("pipelines")


async def trigger(services: Services) -> None:
    """Start pipelines as things happen, until cancelled."""
    firing, audit, database = services.pipelines.firing, services.audit, services.database

    async def moved(repository_id: str, branch: str) -> Sequence[str]:
        try:
            return await services.plans.merge_order.merged(repository_id, branch)
        except NotFound:
            # Of a plan that another database has, or had.
            return ()

    deliveries = DeliveryProcessor(
        database, audit, services.process, services.repositories, firing, moved
    )
    pushes = PushWatcher(
        database, audit, services.repositories, services.pipelines.revisions, firing
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(deliveries.run)
        tasks.start_soon(ScheduleRunner(database, audit, firing).run)
        tasks.start_soon(read_new_repositories, services)
        if services.settings.push_interval:
            tasks.start_soon(pushes.run, services.settings.push_interval)


async def read_new_repositories(services: Services) -> None:
    """Know the pipelines of each repository as soon as it is registered, until cancelled."""
    after = await services.events.head()
    while True:
        try:
            async with aclosing(services.events.follow(after, ["repositories"])) as followed:
                async for event in followed:
                    after = event.seq if isinstance(event, Event) else event.last
                    if isinstance(event, Event) and event.name == "repository.registered":
                        await _read(services, str(event.data["id"]))
        except GitOpsError as problem:
            _log.warning("events cannot be followed", reason=problem.message)
            await anyio.sleep(RETRY_SECONDS)


async def _read(services: Services, repository_id: str) -> None:
    about = {"repository_id": repository_id}
    try:
        async with services.audit.operation(SYSTEM.name, "sync_pipelines", about):
            await services.pipelines.firing.sync(repository_id, SYSTEM.name)
    except GitOpsError as problem:
        # An empty repository has no pipelines; its first push is seen by the watcher.
        _log.info("no pipelines were read", repository=repository_id, reason=problem.message)
