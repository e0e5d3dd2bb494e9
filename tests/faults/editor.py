"""An editor: it launches the platform over standard input and output and calls one tool."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any, Literal

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.executor.spawning import environment_of
from tests.factories.terminal import COMMAND, SECONDS, environment

End = Literal["closes its input", "is killed"]
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "editor", "version": "1"},
}


def environment_for(settings: Settings) -> dict[str, str]:
    """The variables of another process that works with the same settings."""
    return {**environment(settings.data_dir), **environment_of(settings)}


def run_and_leave(settings: Settings, pipeline_id: str, end: End) -> str:
    """Start a run, and end the editor's process at once; the id of the run."""
    return str(call_and_leave(settings, "run_pipeline", {"pipeline_id": pipeline_id}, end)["id"])


def call_and_leave(
    settings: Settings, tool: str, arguments: Mapping[str, Any], end: End
) -> dict[str, Any]:
    """Call a tool, and end the editor's process at once; what the tool answered."""
    with subprocess.Popen(
        [*COMMAND, "stdio"],
        env=environment_for(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        try:
            _ask(process, 1, "initialize", HELLO)
            _send(process, {"method": "notifications/initialized"})
            answer = _ask(process, 2, "tools/call", {"name": tool, "arguments": {**arguments}})
            if end == "closes its input":
                process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    return dict(answer["structuredContent"])


def _send(process: "subprocess.Popen[str]", message: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    process.stdin.flush()


def _ask(
    process: "subprocess.Popen[str]", number: int, method: str, params: dict[str, Any]
) -> dict[str, Any]:
    _send(process, {"id": number, "method": method, "params": params})
    assert process.stdout is not None
    for line in process.stdout:
        message = json.loads(line)
        if message.get("id") == number:
            assert "error" not in message, message
            return dict(message["result"])
    raise AssertionError(f"The process ended before it answered {method}.")
