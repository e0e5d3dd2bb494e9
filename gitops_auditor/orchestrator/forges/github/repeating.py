"""Tries again what broke off; each try looks first for what an earlier one made."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio

from gitops_auditor.errors import GitOpsError
from gitops_auditor.orchestrator.forges.github.rest import is_lost

TRIES: Final = 3
_FIRST_PAUSE: Final = 0.2

Result = TypeVar("Result")


async def repeated(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """What `attempt` gives; it is made up to TRIES times while it is not known what became of it.

    It has to begin with a look at what is there.
    """
    for number in range(TRIES - 1):
        try:
            return await attempt()
        except GitOpsError as error:
            if not is_lost(error):
                raise
        await anyio.sleep(_FIRST_PAUSE * 4**number)
    return await attempt()
