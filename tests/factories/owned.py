"""Context managers for fixtures: entered and left in one task of their own.

A fixture's two halves run in different tasks, and a cancel scope must be left where it was entered.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

Thing = TypeVar("Thing")


@asynccontextmanager
async def owned(manager: AbstractAsyncContextManager[Thing]) -> AsyncIterator[Thing]:
    """The value of `manager`, entered and left by a task that lives as long as the block."""
    entered: asyncio.Future[Thing] = asyncio.get_running_loop().create_future()
    leave = asyncio.Event()

    async def own() -> None:
        try:
            async with manager as thing:
                entered.set_result(thing)
                await leave.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    task = asyncio.create_task(own())
    try:
        yield await entered
    finally:
        leave.set()
        await task
