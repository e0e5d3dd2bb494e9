"""Connections to fakes, as the platform opens them."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.connections.service import Connections
from gitops_auditor.execution.secret_providers import EnvironmentSecrets, resolve

AMBIENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nowhere",
    "TOKEN": "treasure-chest/+?",
    "HIDDEN": "never offered",
    "LC_ALL": "C.UTF-8",
}


async def _secrets(references: Mapping[str, str]) -> dict[str, str]:
    providers = {"env": EnvironmentSecrets(AMBIENT, ["TOKEN"])}
    found = await resolve(providers, references, ())
    return {name: value.get_secret_value() for name, value in found.items()}


@asynccontextmanager
async def connected(**servers: ServerSettings) -> AsyncIterator[Connections]:
    """Connections to these servers; `-` in a name is written `_`."""
    named = {name.replace("_", "-"): settings for name, settings in servers.items()}
    async with Connections(named, _secrets, AMBIENT).open() as connections:
        yield connections


@contextmanager
def told_of_waiting(folder: Path) -> Iterator[Callable[[], Awaitable[int]]]:
    """Gives a function that waits for the tool `wait` to begin, and says in which process."""
    os.mkfifo(folder / "waiting")
    descriptor = os.open(folder / "waiting", os.O_RDWR | os.O_NONBLOCK)

    async def told() -> int:
        with anyio.fail_after(20):
            await anyio.wait_readable(descriptor)
        return int(os.read(descriptor, 100))

    try:
        yield told
    finally:
        os.close(descriptor)
