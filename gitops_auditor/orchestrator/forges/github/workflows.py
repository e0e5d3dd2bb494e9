"""Workflows of GitHub Actions: dispatched, found again, followed, and their logs."""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Final

import anyio

from gitops_auditor.errors import Conflict, GitOpsError, JsonValue, NotFound, Refused
from gitops_auditor.orchestrator.forges.forge import WorkflowRun
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import (
    fields_of,
    items_of,
    text_of,
    workflow_run_of,
)
from gitops_auditor.orchestrator.forges.github.branches import Branches
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import (
    CANCEL_RUN,
    LIST_JOBS,
    LIST_RUNS,
    READ_FILE,
    READ_LOG,
    READ_RUN,
    START_WORKFLOW,
)
from gitops_auditor.orchestrator.forges.github.repeating import repeated
from gitops_auditor.orchestrator.forges.github.rest import is_lost

MARKER_INPUT: Final = "gitops_marker"
"""An input of this name is given the marker. A `run-name` that shows it lets a later try find the
run of an earlier one."""

_EVENT: Final = "workflow_dispatch"
_SHOWN_AFTER: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses between looks for a run: GitHub makes it some time after it was asked for."""
_LOG_LINES: Final = 5_000


class GitHubWorkflows:
    """Runs of workflows of one GitHub."""

    def __init__(self, calls: GitHubCalls, branches: Branches) -> None:
        self._calls = calls
        self._branches = branches
        self._login: str | None = None

    async def start(
        self,
        where: RepositoryName,
        workflow: str,
        ref: str,
        inputs: Mapping[str, str],
        marker: str,
    ) -> WorkflowRun:
        """As `Workflows.start_workflow`.

        A run is known by the marker in its title, where the workflow shows it, else as the one that
        this user dispatched on this commit since. Only a marker that is shown keeps a later call
        from a second run. Raises NotFound for an unknown workflow or branch, Conflict for one that
        takes no such inputs and for a run that never shows up.
        """
        head = await self._head(where, ref)
        given = dict(inputs)
        if await self._takes_marker(where, workflow, ref):
            given[MARKER_INPUT] = marker
        before = await self._runs(where, workflow, head)
        marked = [one for one in before if _shows(one, marker)]
        if marked:
            return workflow_run_of(marked[-1])
        known = {text_of(one, "id") for one in before}
        lost = await self._dispatch(where, workflow, ref, given)
        return await self._shown(where, workflow, head, known, marker, lost)

    async def read(self, where: RepositoryName, run: str) -> WorkflowRun:
        """A run as it is now."""
        return workflow_run_of(await repeated(partial(self._calls.ask, READ_RUN, where, run=run)))

    async def log(self, where: RepositoryName, run: str, most_bytes: int) -> str:
        """As `Workflows.workflow_log`; a job whose log is gone says so in its place."""
        ask = partial(self._calls.ask, LIST_JOBS, where, run=run, per_page=100)
        jobs = items_of(await repeated(ask), "jobs")
        failed = [one for one in jobs if one.get("conclusion") == "failure"]
        texts = [await self._job_log(where, one, most_bytes) for one in failed or jobs]
        whole = "\n".join(texts).encode()
        return whole[-most_bytes:].decode("utf-8", "ignore") if most_bytes else ""

    async def cancel(self, where: RepositoryName, run: str) -> None:
        """Ask for the end of a run; one that is over stays so."""
        try:
            await repeated(partial(self._calls.ask, CANCEL_RUN, where, run=run))
        except Conflict:
            if (await self.read(where, run)).status in ("pending", "running"):
                raise

    async def _head(self, where: RepositoryName, ref: str) -> str:
        head = (await self._branches.heads(where, [ref]))[ref] if self._by_rest else ""
        if head is None:
            raise NotFound(
                f"{where} has no branch {ref} at GitHub.", hint="Push it, or name another."
            )
        return head

    @property
    def _by_rest(self) -> bool:
        return self._calls.rest.usable

    async def _takes_marker(self, where: RepositoryName, workflow: str, ref: str) -> bool:
        """Whether the workflow declares the input; GitHub refuses one that it does not."""
        if not self._by_rest:
            return False
        path = f".github/workflows/{workflow}"
        file = await repeated(partial(self._calls.ask, READ_FILE, where, path=path, ref=ref))
        content = base64.b64decode(text_of(file, "content"), validate=False)
        return MARKER_INPUT in _inputs(content)

    async def _dispatch(
        self, where: RepositoryName, workflow: str, ref: str, inputs: Mapping[str, str]
    ) -> GitOpsError | None:
        """Asks once; what came of it is not known when it gives an error."""
        try:
            await self._calls.ask(
                START_WORKFLOW, where, workflow=workflow, ref=ref, inputs={**inputs}
            )
        except GitOpsError as error:
            if not is_lost(error):
                raise
            return error
        return None

    async def _shown(
        self,
        where: RepositoryName,
        workflow: str,
        head: str,
        known: set[str],
        marker: str,
        lost: GitOpsError | None,
    ) -> WorkflowRun:
        for pause in _SHOWN_AFTER if lost is None else _SHOWN_AFTER[:4]:
            await anyio.sleep(pause)
            runs = await self._runs(where, workflow, head)
            fresh = [one for one in runs if text_of(one, "id") not in known]
            marked = [one for one in fresh if _shows(one, marker)]
            if marked or fresh:
                # The list has the newest first: the oldest of the new ones was asked for first.
                return workflow_run_of((marked or fresh)[-1])
        raise Conflict(
            f"The workflow {workflow} of {where} was dispatched, but GitHub shows no run of it."
            + (f" {lost.message}" if lost else ""),
            hint="Look at its runs at GitHub before it is started again.",
        )

    async def _runs(
        self, where: RepositoryName, workflow: str, head: str
    ) -> list[dict[str, JsonValue]]:
        """Dispatched runs on a commit, newest first, of this user where that can be told."""
        ask = partial(self._calls.ask, LIST_RUNS, where, workflow=workflow, per_page=100)
        runs = items_of(await repeated(ask), "workflow_runs")
        own = await self._own_login()
        return [
            one
            for one in runs
            if one.get("event") == _EVENT
            and head in ("", text_of(one, "head_sha"))
            and own in ("", text_of(fields_of(one.get("actor")), "login"))
        ]

    async def _own_login(self) -> str:
        """Who the token is; empty for that of an app, which may not ask."""
        if self._login is None:
            try:
                user = await self._calls.rest.send("GET", "/user", "read who the token is")
                self._login = text_of(user, "login")
            except (Refused, NotFound):
                self._login = ""
        return self._login

    async def _job_log(self, where: RepositoryName, job: JsonValue, most_bytes: int) -> str:
        number, name = text_of(job, "id"), text_of(job, "name")
        try:
            text = await repeated(partial(self._log_of, where, number, most_bytes))
        except NotFound:
            text = "(GitHub has no log of this job.)"
        return f"== {name} ==\n{text.rstrip()}"

    async def _log_of(self, where: RepositoryName, job: str, most_bytes: int) -> str:
        if await self._calls.serves_by_tool(READ_LOG):
            answer = await self._calls.ask(READ_LOG, where, job=job, tail=_LOG_LINES)
            return text_of(answer, "logs_content")
        path = f"{where.path}/actions/jobs/{job}/logs"
        return await self._calls.rest.text(path, READ_LOG.what, most_bytes)


def _shows(run: JsonValue, marker: str) -> bool:
    return bool(marker) and any(marker in text_of(run, name) for name in ("display_title", "name"))


def _inputs(content: bytes) -> set[str]:
    """The names of the inputs that a workflow's file declares for being dispatched."""
    import yaml  # noqa: PLC0415 - only who starts workflows pays

    try:
        workflow = yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError):
        return set()
    # YAML 1.1 reads the key `on` as true.
    events = fields_of(fields_of(workflow).get("on")) or _of_true(workflow)
    return {*fields_of(fields_of(events.get(_EVENT)).get("inputs"))}


def _of_true(workflow: object) -> dict[str, JsonValue]:
    return fields_of(workflow.get(True)) if isinstance(workflow, dict) else {}
