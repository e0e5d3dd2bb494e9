"""Calls what may fail, tells how it failed, and calls it again where that may help."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, NamedTuple, TypeVar

import anyio

from gitops_auditor.errors import GitOpsError
from gitops_auditor.log import get_logger
from gitops_auditor.orchestrator.failures import is_failure
from gitops_auditor.orchestrator.fields import FailureKind

LONGEST_PAUSE: Final = 60.0

T = TypeVar("T")

_log = get_logger("plans")


class Stopped(NamedTuple):
    """How a call failed, and a sentence on why."""

    kind: FailureKind
    reason: str


class Patience(NamedTuple):
    """How often something is tried, and the seconds before it is tried again, doubled each time."""

    tries: int
    pause: float

    async def wait(self, tried: int) -> None:
        """Wait after so many tries."""
        await anyio.sleep(min(self.pause * 2 ** (tried - 1), LONGEST_PAUSE))


async def tried(call: Awaitable[T]) -> T | Stopped:
    """What the call answers, or how it failed."""
    try:
        return await call
    except Exception as error:  # noqa: BLE001 - the plan has to be told of it, whatever it is
        return _stopped(first_of(error) if isinstance(error, BaseExceptionGroup) else error)


async def tried_often(call: Callable[[], Awaitable[T]], patience: Patience) -> T | Stopped:
    """As `tried`, again and again while it errors and there are tries."""
    for number in range(1, patience.tries):
        found = await tried(call())
        if not isinstance(found, Stopped) or found.kind == "failed":
            return found
        await patience.wait(number)
    return await tried(call())


def first_of(
    group: BaseExceptionGroup[BaseException], *rather: type[BaseException]
) -> BaseException:
    """One failure of a group: of the first of these types that is among them, or the first."""
    leaves = [*_leaves(group)]
    for wanted in rather:
        for leaf in leaves:
            if isinstance(leaf, wanted):
                return leaf
    return leaves[0]


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _leaves(one)
        else:
            yield one


def _stopped(error: BaseException) -> Stopped:
    if isinstance(error, GitOpsError):
        return Stopped("failed" if is_failure(error) else "errored", str(error))
    _log.error("a plan met an internal fault", exc_info=error)
    return Stopped("errored", f"An internal fault ended it ({type(error).__name__}).")
