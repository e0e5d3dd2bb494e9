"""Runs: looked at, waited for, cancelled, approved, forgotten. `launching` starts them."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, Forbidden, InvalidRequest, JsonValue, NotFound
from gitops_auditor.events import EventLog
from gitops_auditor.identity import Principal
from gitops_auditor.pages import Page, PageParams, cut_page, start_of
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.records import ArtifactInfo, Run, RunSummary
from gitops_auditor.pipelines.service import CHANNEL
from gitops_auditor.pipelines.sources import Definitions
from gitops_auditor.pipelines.store import artifacts as artifact_store
from gitops_auditor.pipelines.store import definitions as definition_store
from gitops_auditor.pipelines.store import external_runs
from gitops_auditor.pipelines.store import runs as store
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.pipelines.views import run_view, steps_of
from gitops_auditor.storage.database import Database

LOOK_SECONDS: Final = 1.0
"""How often somebody who waits looks again, though nothing was committed."""

RUNS_OF_COMMIT: Final = 20

Progress = Callable[[float, float | None, str], Awaitable[None]]


class Runs:
    """Every write needs a current `Audit.operation`, appends an event and is one transaction."""

    def __init__(
        self, database: Database, events: EventLog, audit: Audit, sources: Definitions
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._sources = sources

    async def get(self, run_id: str) -> Run:
        """A run with its jobs and artifacts. Raises NotFound."""
        async with self._database.read() as connection:
            row = await store.details(connection, run_id)
            if row is None:
                raise _unknown(run_id)
            jobs = await store.jobs(connection, run_id)
            kept = await artifact_store.artifacts_of_run(connection, run_id)
        artifacts = [ArtifactInfo.model_validate(one, from_attributes=True) for one in kept]
        return run_view(row, jobs, artifacts)

    async def summary(self, run_id: str) -> RunSummary:
        """A run as it stands in lists. Raises NotFound."""
        async with self._database.read() as connection:
            found = await store.summary(connection, run_id)
        if found is None:
            raise _unknown(run_id)
        return found

    async def list(self, wanted: Filter, params: PageParams) -> Page[RunSummary]:
        """A page of runs, newest first; they are not counted, for there may be millions."""
        before = start_of(params)
        async with self._database.read() as connection:
            found = await store.page(connection, wanted, before, params.limit + 1)
        return cut_page(found, params, lambda one: (one.id,))

    async def of_commit(self, repository_id: str, commit_sha: str) -> Sequence[Run]:
        """The last runs at a commit that are over, newest first."""
        async with self._database.read() as connection:
            found = await store.of_commit(connection, repository_id, commit_sha, RUNS_OF_COMMIT)
        return [await self.get(one) for one in found]

    async def wait(self, run_id: str, seconds: float, progress: Progress | None = None) -> Run:
        """The run as soon as it is over, or as it is after `seconds`. Raises NotFound."""
        deadline = time.monotonic() + seconds
        told = None
        while True:
            seen = self._database.changes.version
            run = await self.get(run_id)
            over, jobs, message = steps_of(run)
            if progress is not None and (over, message) != told:
                told = (over, message)
                await progress(over, jobs, message)
            left = deadline - time.monotonic()
            if run.finished or left <= 0:
                return run
            await self._database.changes.wait(seen, min(left, LOOK_SECONDS))

    async def cancel(self, run_id: str) -> RunSummary:
        """Ask for the end of a run, whichever process carries it out; one that is over stays so.

        Raises NotFound. The run returned may still be running: wait for it. One that another
        system carries out is over at once here, whatever that system does.
        """
        run = await self.summary(run_id)
        async with self._database.write() as transaction:
            if await store.request_cancel(transaction, run_id):
                data = _named(run)
                ended = await external_runs.end_cancelled(transaction, run_id, datetime.now(UTC))
                name = "pipeline.cancelled" if ended else "pipeline.cancelling"
                await self._audit.effect(transaction, None, data)
                await self._events.append(transaction, CHANNEL, name, data)
        return await self.summary(run_id)

    async def decide(
        self,
        run_id: str,
        job: str,
        principal: Principal,
        *,
        approve: bool,
        comment: str = "",
        answers: dict[str, JsonValue] | None = None,
    ) -> RunSummary:
        """Approve or reject what waits for an approval.

        Raises NotFound, Conflict when it does not wait or was decided, Forbidden for those who are
        not among its approvers, and InvalidRequest for answers that do not fit its form.
        """
        run = await self.get(run_id)
        if job not in run.awaiting_approval:
            waiting = ", ".join(run.awaiting_approval) or "nothing"
            raise Conflict(
                f"{job[:200]!r} does not wait for an approval.",
                hint=f"In this run waits: {waiting}.",
            )
        await self._check_decision(run, job, principal, answers if approve else None)
        decision = "approved" if approve else "rejected"
        async with self._database.write() as transaction:
            now = datetime.now(UTC)
            first = await store.decide(
                transaction, run_id, job, decision, principal.name, now, comment, answers
            )
            if not first:
                raise Conflict(f"{job} was decided already.", hint="Read the run again.")
            data = {**_named(run), "job": job, "decision": decision, "by": principal.name}
            await self._audit.effect(transaction, None, data)
            await self._events.append(transaction, CHANNEL, "pipeline.approval.decided", data)
        return await self.summary(run_id)

    async def source(self, run: Run) -> str:
        """The text of the definition that the run executes."""
        async with self._database.read() as connection:
            found = await definition_store.source(connection, run.pipeline_id, run.revision)
        if found is None:
            raise NotFound(f"The definition of run {run.id} is gone.", hint="Start another run.")
        return found

    async def _check_decision(
        self,
        run: Run,
        job: str,
        principal: Principal,
        answers: dict[str, JsonValue] | None,
    ) -> None:
        arrangement = arrange(self._sources.parsed(await self.source(run), None))
        approval = arrangement.jobs[job].job.approval
        if approval is None:
            return
        if approval.approvers and not {principal.name, principal.role} & {*approval.approvers}:
            raise Forbidden(
                f"{principal.name} is not among the approvers of {job}.",
                hint=f"Ask one of: {', '.join(approval.approvers)}.",
            )
        if approval.form is not None and answers is not None:
            _check_answers(approval.form, answers)


def _check_answers(form: dict[str, JsonValue], answers: dict[str, JsonValue]) -> None:
    import jsonschema  # noqa: PLC0415 - approvals with a form are rare

    try:
        jsonschema.validate(answers, form)
    except jsonschema.ValidationError as invalid:
        where = ".".join(str(part) for part in invalid.absolute_path) or "answers"
        raise InvalidRequest(
            f"{where}: {invalid.message}.", hint="Fill in the form that the approval shows."
        ) from None
    except jsonschema.SchemaError as broken:
        raise Conflict(
            f"The form of the approval is no JSON Schema: {broken.message}.",
            hint="Correct the definition and start another run.",
        ) from None


def _named(run: RunSummary) -> dict[str, JsonValue]:
    return {
        "run_id": run.id,
        "pipeline_id": run.pipeline_id,
        "repository_id": run.repository_id,
        "run_number": run.run_number,
    }


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"There is no run {run_id[:100]!r}.", hint="List the runs to see their ids.")
