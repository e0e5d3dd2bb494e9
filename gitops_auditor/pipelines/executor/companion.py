"""Other work than runs that the process which carries out runs takes as well."""

from typing import Final, Protocol

import anyio
from anyio.abc import TaskGroup

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger

RETRY_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.1
"""The least time between two looks: each step is a change, too."""

_log = get_logger("pipelines")


class Companion(Protocol):
    """One kind of such work, kept in the database; who claims a piece of it carries it out."""

    @property
    def is_busy(self) -> bool:
        """Whether it carries out something in this process."""
        ...

    async def take(self, tasks: TaskGroup) -> None:
        """Carry out, in these tasks, what waits and no process that lives has.

        Each task hands over what it has when it is cancelled. Raises Unavailable.
        """
        ...

    async def any_active(self) -> bool:
        """Whether something waits or is carried out, in whichever process. Raises Unavailable."""
        ...

    def let_go(self) -> None:
        """End at once all that runs here: others may take it soon."""
        ...


class Changes(Protocol):
    """Commits to the database."""

    @property
    def version(self) -> int:
        """Grows with every commit that was noticed."""
        ...

    async def changed(self, seen: int, seconds: float) -> None:
        """Wait until something was committed after `seen`, or so long."""
        ...


async def accompany(companion: Companion, changes: Changes) -> None:
    """Take what waits, again after each change, until cancelled."""
    async with anyio.create_task_group() as tasks:
        while True:
            seen = changes.version
            try:
                await companion.take(tasks)
            except Unavailable as error:
                _log.warning("cannot look for work", reason=error.message)
                await anyio.sleep(RETRY_SECONDS)
            await anyio.sleep(PAUSE_SECONDS)
            await changes.changed(seen, LOOK_SECONDS)
