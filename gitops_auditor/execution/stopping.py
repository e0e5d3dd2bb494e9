"""How a server of one client stops: at a signal, and within a bound."""

import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anyio import CancelScope
    from anyio.abc import TaskStatus


async def stop_on_signal(conversation: "CancelScope", *, task_status: "TaskStatus[None]") -> None:
    """Cancel the conversation at SIGTERM and SIGINT; runs until it is cancelled itself."""
    import anyio  # noqa: PLC0415 - the time to start is the time of imports

    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            conversation.cancel()


def end_within(seconds: float) -> None:
    """End the process by then in any case, with status 1 if it comes to that.

    A thread that is stuck in a system call must not outlive the client.
    """
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()
