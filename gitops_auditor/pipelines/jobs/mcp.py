"""Carries out the jobs that call a tool of an MCP server."""

import json
from collections.abc import Mapping
from typing import Final

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.connections.results import CallResult
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import GitOpsError, InvalidRequest, JsonValue, TimedOut
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.pipelines.jobs.mcp_requests import (
    Request,
    action_of,
    mapped_request,
    plain_request,
    unchecked_request,
)

MAX_OUTPUT_BYTES: Final = 65_536
_MAX_LOGGED: Final = 65_536
_MAX_REASON: Final = 500


class McpJobs:
    """The handler of `mcp` jobs. Servers run as the platform's user, outside of any sandbox."""

    def __init__(self, connections: Connections, settings: Settings) -> None:
        self._connections = connections
        self._sends = settings.pipeline_engine_mode != "dry-run"

    async def run(self, attempt: Attempt) -> Outcome:
        """Call the tool once.

        It failed when the tool says so or the arguments do not fit, timed out when the time of the
        attempt or of the server is over, and errored when the server cannot be called.
        """
        try:
            return await self._carried_out(attempt)
        except GitOpsError as error:
            _write(attempt, str(error))
            return Outcome(failure=_kind(error), reason=error.message[:_MAX_REASON])

    async def _carried_out(self, attempt: Attempt) -> Outcome:
        server = attempt.job.job.mcp or ""
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
    outputs = _outputs(attempt, result.structured)
    metrics: dict[str, JsonValue] = {"result_bytes": len(result.text.encode())}
    if result.is_error:
        reason = f"The tool {request.tool} reports an error: {_first_line(result.text)}"
        return Outcome("failed", reason[:_MAX_REASON], outputs=outputs, metrics=metrics)
    if request.passed is None:
        return Outcome(outputs=outputs, metrics=metrics)
    verdict = _at(result.structured, request.passed)
    if not isinstance(verdict, bool):
        reason = f"The result of {request.tool} has no true or false at {request.passed}."
        return Outcome("errored", reason, outputs=outputs, metrics=metrics)
    if verdict:
        return Outcome(outputs=outputs, metrics=metrics)
    reason = f"The tool {request.tool} says that it did not pass."
    return Outcome("failed", reason, outputs=outputs, metrics=metrics)


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


def _outputs(attempt: Attempt, structured: JsonValue) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in attempt.job.job.outputs:
        if not isinstance(structured, Mapping) or name not in structured:
            _write(attempt, f"The result has no `{name}`, which the job declares as an output.")
            continue
        value = structured[name]
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(text.encode()) > MAX_OUTPUT_BYTES:
            _write(attempt, f"The output `{name}` has more than {MAX_OUTPUT_BYTES} bytes.")
            continue
        found[name] = text
    return found


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it gives no reason")


def _cut(text: str) -> str:
    left_out = len(text) - _MAX_LOGGED
    return text if left_out <= 0 else f"{text[:_MAX_LOGGED]}\n... {left_out} characters more"


def _write(attempt: Attempt, text: str) -> None:
    attempt.log.write(text.rstrip("\n").encode() + b"\n")
