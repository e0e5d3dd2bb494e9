"""Carries out the jobs that call a tool of an MCP server."""

import json
import re
from collections.abc import Mapping
from typing import Final

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.connections.results import CallResult
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import GitOpsError, InvalidRequest, JsonValue, TimedOut, TooLarge
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.pipelines.jobs.mcp_requests import (
    Request,
    action_of,
    mapped_request,
    plain_request,
    unchecked_request,
)
from gitops_auditor.pipelines.jobs.outputs import MAX_VALUE_BYTES
from gitops_auditor.pipelines.jobs.releases import (
    ReleaseMaker,
    Releases,
    asks_for_release,
)

_MAX_LOGGED: Final = 65_536
_MAX_REASON: Final = 500


class McpJobs:
    """The handler of `mcp` jobs. Servers run as the platform's user, outside of any sandbox."""

    def __init__(
        self, connections: Connections, settings: Settings, releases: ReleaseMaker
    ) -> None:
        self._connections = connections
        self._sends = settings.pipeline_engine_mode != "dry-run"
        self._maker = releases
        self._releases = Releases(releases, sends=self._sends)

    async def run(self, attempt: Attempt) -> Outcome:
        """Call the tool once.

        It failed when the tool says so or the arguments do not fit, timed out when the time of the
        attempt or of the server is over, and errored when the server cannot be called. A release
        that no server's action makes is made without one.
        """
        try:
            return await self._carried_out(attempt)
        except GitOpsError as error:
            _write(attempt, str(error))
            return Outcome(failure=_kind(error), reason=error.message[:_MAX_REASON])

    async def _carried_out(self, attempt: Attempt) -> Outcome:
        server = attempt.job.job.mcp or ""
        if self._is_release(attempt):
            return await self._releases.carry_out(attempt)
        deadline = anyio.current_time() + attempt.timeout
        request = await self._request(attempt, server)
        self._log_request(attempt, server, request)
        if not self._sends:
            _write(attempt, "It is not sent: the platform runs in dry-run mode.")
            return Outcome(metrics={"dry_run": True})
        if request.nothing_to_do:
            _write(attempt, "There is no file that the action is about; nothing to do.")
            return Outcome()
        left = max(deadline - anyio.current_time(), 0.001)
        result = await self._connections.call(server, request.tool, request.arguments, left)
        _write(attempt, result.text)
        return _outcome(attempt, request, result)

    def _is_release(self, attempt: Attempt) -> bool:
        job = attempt.job.job
        if not (self._maker.usable and asks_for_release(job)):
            return False
        server = job.mcp or ""
        is_configured = server in self._connections.configured
        return not is_configured or (job.action not in self._connections.settings(server).actions)

    async def _request(self, attempt: Attempt, server: str) -> Request:
        job = attempt.job.job
        action = action_of(job, self._connections.settings(server))
        if action is not None:
            return await mapped_request(attempt, action)
        if not self._sends:
            return unchecked_request(job)
        return plain_request(job, await self._connections.tools(server, attempt.timeout))

    def _log_request(self, attempt: Attempt, server: str, request: Request) -> None:
        arguments = json.dumps(request.arguments, indent=2, ensure_ascii=False)
        shown = self._connections.masked(server, arguments)
        _write(attempt, f"MCP server {server}, tool {request.tool}, arguments {_cut(shown)}")
        for name in request.unused:
            _write(attempt, f"`{name}` is not sent: the tool has no argument of that name.")


def _kind(error: GitOpsError) -> FailureKind:
    if isinstance(error, InvalidRequest):
        return "failed"
    return "timeout" if isinstance(error, TimedOut) else "errored"


def _outcome(attempt: Attempt, request: Request, result: CallResult) -> Outcome:
    metrics: dict[str, JsonValue] = {"result_bytes": len(result.text.encode())}
    failure, reason = _verdict(request, result)
    declared = attempt.job.job.outputs
    found = result.structured if isinstance(result.structured, dict) else {}
    if not failure and (missing := [name for name in declared if name not in found]):
        failure, reason = "failed", f"The result has no {', '.join(missing)} to hand on."
    outputs = {name: _output(name, found[name]) for name in declared if name in found}
    return Outcome(failure, reason[:_MAX_REASON], outputs=outputs, metrics=metrics)


def _verdict(request: Request, result: CallResult) -> tuple[FailureKind | None, str]:
    if result.is_error:
        return "failed", f"The tool {request.tool} reports an error: {_first_line(result.text)}"
    if request.failure_pattern and (found := re.search(request.failure_pattern, result.text)):
        return "failed", f"The result of {request.tool} has what means a failure: {found[0]}"
    if request.passed is None:
        return None, ""
    verdict = _at(result.structured, request.passed)
    if not isinstance(verdict, bool):
        reason = f"The result of {request.tool} has no true or false at {request.passed}."
        return "errored", reason
    return (None, "") if verdict else ("failed", f"The tool {request.tool} found it not to pass.")


def _at(value: JsonValue, pointer: str) -> JsonValue:
    """What a JSON pointer (RFC 6901) leads to, None when there is nothing."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _output(name: str, value: JsonValue) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text.encode()) > MAX_VALUE_BYTES or "\0" in text:
        raise TooLarge(
            f"The output {name} has more than {MAX_VALUE_BYTES} bytes, or a null character.",
            hint="Do not declare it as an output; the log has the whole result.",
        )
    return text


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it gives no reason")


def _cut(text: str) -> str:
    left_out = len(text) - _MAX_LOGGED
    return text if left_out <= 0 else f"{text[:_MAX_LOGGED]}\n... {left_out} characters more"


def _write(attempt: Attempt, text: str) -> None:
    attempt.log.write(text.rstrip("\n").encode() + b"\n")
