"""Work that a serving process does again and again."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from gitops_auditor.errors import GitOpsError
from gitops_auditor.log import get_logger

RETRY_SECONDS: Final = 5.0

_log = get_logger("triggers")


async def take_turns(name: str, turn: Callable[[], Awaitable[float]]) -> None:
    """Take turns until cancelled, each as many seconds after the last as that one answered.

    A turn that fails is logged and tried again after RETRY_SECONDS.
    """
    while True:
        try:
            seconds = await turn()
        except GitOpsError as failure:
            seconds = RETRY_SECONDS
            await _log.awarning("turn failed", task=name, code=failure.code, reason=failure.message)
        except Exception:  # noqa: BLE001 - the top of a task that must outlive a bug in one turn
            seconds = RETRY_SECONDS
            await _log.aexception("turn failed", task=name)
        await anyio.sleep(seconds)
