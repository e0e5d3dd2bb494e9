"""SQLAlchemy's asynchronous engine, without the ORM that its package loads for sessions.

Nothing here uses the ORM, and loading it is a tenth of the time that a command takes to start.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from typing_extensions import override

_SESSIONS: Final = ("sqlalchemy.ext.asyncio.scoping", "sqlalchemy.ext.asyncio.session")


class _LeftOut(ModuleType):
    """A module whose every name is None."""

    @override
    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    left_out = {name: _LeftOut(name) for name in names if name not in sys.modules}
    sys.modules.update(left_out)
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]


with _without(_SESSIONS):
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

__all__ = ["AsyncConnection", "AsyncEngine", "create_async_engine"]
