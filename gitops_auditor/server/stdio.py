"""The server over standard input and output, for editors and agents that start it themselves.

Its start is import time, and nothing may print before the streams are claimed: everything heavy is
imported here inside functions, after that.
"""
# ruff: noqa: PLC0415

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitops_auditor.execution.stopping import end_within, stop_on_signal
from gitops_auditor.server.descriptors import Wire, claimed_streams

if TYPE_CHECKING:
    from gitops_auditor.config import Settings
    from gitops_auditor.operations import OperationCatalog
    from gitops_auditor.server.app import AuditorServer

STOP_SECONDS = 4.5
"""Time from the end of input, or a signal, to the end of the process, whatever still runs."""


def run_stdio(settings: "Settings", catalog: "Callable[[Settings], OperationCatalog]") -> None:
    """Serve one client on standard input and output, until input ends or SIGTERM arrives.

    `catalog` is asked once for the operations to offer. The database is opened while the client
    says hello; when that fails, each call answers why, and tries again.
    """
    with claimed_streams() as wire:
        # Imports make garbage of almost nothing; looking for it is a tenth of the time to start.
        gc.disable()
        _log_plainly(settings.log_level)
        import anyio

        anyio.run(_serve, wire, settings, catalog)


def _log_plainly(level: str) -> None:
    """Log as JSON, without what structlog would load to colour tracebacks for people."""
    # None in sys.modules is how Python is told that a module is not there.
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        from gitops_auditor.log import configure_logging
    finally:
        del sys.modules["rich"]
    configure_logging(level, human=False)


async def _serve(
    wire: Wire, settings: "Settings", catalog: "Callable[[Settings], OperationCatalog]"
) -> None:
    import anyio

    from gitops_auditor.server.app import create_server
    from gitops_auditor.server.opening import opened_on_demand
    from gitops_auditor.services import open_services

    conversation = anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        await tasks.start(stop_on_signal, conversation)
        async with opened_on_demand(lambda: open_services(settings)) as services:
            server = create_server(catalog(settings), services)
            gc.freeze()
            gc.enable()
            with conversation:
                await _converse(wire, server, settings.max_body_bytes)
            end_within(STOP_SECONDS)
        tasks.cancel_scope.cancel()


async def _converse(wire: Wire, server: "AuditorServer", limit: int) -> None:
    import anyio
    from mcp.shared.message import SessionMessage

    from gitops_auditor.server.lines import LineReader, Unanswered, write_messages

    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception]()
    from_server, outgoing = anyio.create_memory_object_stream[SessionMessage]()
    unanswered = Unanswered()
    try:
        async with anyio.create_task_group() as tasks:
            reader = LineReader(wire.incoming, limit, unanswered)
            tasks.start_soon(reader.pass_on, to_server, from_server.clone())
            tasks.start_soon(write_messages, wire.outgoing, outgoing, unanswered)
            await server.run(incoming, from_server, server.create_initialization_options())
    except* (BrokenPipeError, ConnectionResetError):
        # The client went away without closing its side in order; there is nobody left to tell.
        pass
