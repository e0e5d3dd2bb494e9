"""Results of runs as statuses of their commits on GitHub."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import Event, EventLog
from gitops_auditor.log import get_logger
from gitops_auditor.orchestrator.forges.forge import (
    CommitStatus,
    CommitStatuses,
    Forges,
    StatusState,
)
from gitops_auditor.pipelines.records import Run
from gitops_auditor.repositories.service import RepositoryRegistry

CONTEXT: Final = "gitops-auditor"
SECONDS: Final = 60.0
"""For one status; a GitHub that takes longer does not get it."""
RETRY_SECONDS: Final = 5.0

_TOLD: Final = frozenset(
    {"pipeline.queued", "pipeline.completed", "pipeline.failed", "pipeline.cancelled"}
)
_log = get_logger("pipelines")


def reports_statuses(settings: Settings) -> bool:
    """Whether the settings let results be reported: a token is there, and they are real ones."""
    has_token = bool(settings.github_token.get_secret_value())
    is_real = settings.pipeline_engine_mode != "dry-run"
    return has_token and is_real and settings.github_status_updates


class RunStatuses:
    """Says of commits what their runs came to, one after the other.

    What cannot be said is logged and left out: it never touches a run.
    """

    def __init__(
        self,
        settings: Settings,
        events: EventLog,
        repositories: RepositoryRegistry,
        runs: Callable[[str], Awaitable[Run]],
        forges: Forges,
    ) -> None:
        self._url = settings.public_url.rstrip("/")
        self._events = events
        self._repositories = repositories
        self._runs = runs
        self._forges = forges

    async def follow(self, after: int) -> None:
        """Report what happens after this event, until cancelled."""
        while True:
            try:
                async with aclosing(self._events.follow(after, ["pipelines"])) as followed:
                    async for event in followed:
                        if isinstance(event, Event) and event.name in _TOLD:
                            await self._report(str(event.data["run_id"]))
                        after = event.seq if isinstance(event, Event) else event.last
            except GitOpsError as problem:
                _log.warning("events cannot be followed", reason=problem.message)
                await anyio.sleep(RETRY_SECONDS)

    async def _report(self, run_id: str) -> None:
        try:
            with anyio.fail_after(SECONDS):
                await self._said(await self._runs(run_id))
        except TimeoutError:
            _log.warning("a commit status took too long", run=run_id, seconds=SECONDS)
        except GitOpsError as problem:
            # A commit that was not pushed has none; the run says its result itself.
            _log.info("no commit status was set", run=run_id, reason=problem.message)

    async def _said(self, run: Run) -> None:
        # What another system carries out, that system reports.
        if run.commit_sha is None or run.external_id is not None:
            return
        repository = await self._repositories.get(run.repository_id)
        forge = await self._forges.of(repository)
        if isinstance(forge, CommitStatuses):
            await forge.set_status(repository, run.commit_sha, status_of(run, self._url))


def status_of(run: Run, public_url: str = "") -> CommitStatus:
    """What a run says of its commit; the link leads to the run when there is a `public_url`."""
    said = run.status if run.finished else "is under way"
    reason = f": {run.reason}" if run.reason and run.finished else ""
    link = f"{public_url}/api/runs/{run.id}" if public_url else ""
    description = f"Run {run.run_number} {said}{reason}"
    return CommitStatus(f"{CONTEXT}/{run.pipeline_name}", _state(run), description, link)


def _state(run: Run) -> StatusState:
    if not run.finished:
        return "pending"
    if run.status == "success":
        return "success"
    return "failure" if run.failure_kind == "failed" else "error"
