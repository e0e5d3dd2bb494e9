"""Serves one client on standard input and output; logs go to standard error."""
# ruff: noqa: PLC0415 - the time to start is the time of imports, and --help needs none of them

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from gitops_auditor.execution.stopping import end_within, stop_on_signal
from gitops_auditor.log import configure_logging

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from gitops_auditor.config import Settings
    from gitops_auditor.linters.running import ToolRunner

ServerName = Literal["code-linter", "security-scanner"]
STOP_SECONDS: Final = 8.0
"""From the end of input, or a signal, to the end of the process, whatever still runs."""


def serve(name: ServerName, roots: Sequence[Path]) -> None:
    """Serve until input ends or SIGTERM arrives. Raises InvalidSetting for the settings.

    How tools are kept apart from the machine is read from the platform's own variables.
    """
    from gitops_auditor.config import load_settings

    settings = load_settings()
    configure_logging(settings.log_level, human=False)
    import anyio

    anyio.run(_serve, name, settings, tuple(roots))


async def _serve(name: ServerName, settings: "Settings", roots: Sequence[Path]) -> None:
    import anyio
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as tasks:
        conversation = anyio.CancelScope()
        await tasks.start(stop_on_signal, conversation)
        async with _made(name, settings, roots) as server:
            with conversation:
                await server.run(incoming, outgoing, server.create_initialization_options())
        if conversation.cancel_called:
            # The thread that reads input cannot be interrupted, and would be waited for.
            os._exit(0)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def _made(
    name: ServerName, settings: "Settings", roots: Sequence[Path]
) -> "AsyncIterator[Server[Any]]":
    """The server; at the end of the block no tool runs any more."""
    from gitops_auditor.execution.sandbox import Sandbox
    from gitops_auditor.linters.running import ToolRunner

    async with Sandbox.open(settings) as sandbox:
        yield _server(name, ToolRunner(sandbox, settings), roots)
        end_within(STOP_SECONDS)


def _server(name: ServerName, runner: "ToolRunner", roots: Sequence[Path]) -> "Server[Any]":
    from gitops_auditor.linters.servers.application import create_server
    from gitops_auditor.linters.servers.roots import Roots

    if name == "code-linter":
        from gitops_auditor.linters.servers import code_linter

        offers = code_linter.CodeLinterTools(runner).offers()
        return create_server(name, code_linter.INSTRUCTIONS, offers, Roots(roots))
    from gitops_auditor.linters.servers import security_scanner

    scans = security_scanner.SecurityScannerTools(runner).offers()
    return create_server(name, security_scanner.INSTRUCTIONS, scans, Roots(roots))
