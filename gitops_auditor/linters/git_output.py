"""Runs git where nothing that a repository's own configuration names may be run or fetched."""

import os
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import anyio

SECONDS: Final = 60.0

_OPTIONS: Final = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "safe.directory=*"),
)
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # An empty value means git's default list; no transport is called "none".
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C.UTF-8",
}


async def git_output(
    arguments: Sequence[str], folder: Path, most: int, accepted: Collection[int] = (0,)
) -> bytes | None:
    """What git prints in a folder.

    None when it is not there, takes more than SECONDS, ends with another status than the accepted
    ones, or prints more than `most` bytes.
    """
    with anyio.move_on_after(SECONDS):
        return await _printed((*_OPTIONS, *arguments), folder, most, accepted)
    return None


async def _printed(
    arguments: Sequence[str], folder: Path, most: int, accepted: Collection[int]
) -> bytes | None:
    environment = {**_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath)}
    nothing = subprocess.DEVNULL
    try:
        started = await anyio.open_process(
            ("git", *arguments), cwd=folder, env=environment, stdin=nothing, stderr=nothing
        )
    except OSError:
        return None
    printed = bytearray()
    # Leaving the block early kills what still runs.
    async with started as process:
        if process.stdout is None:
            return None
        async for chunk in process.stdout:
            printed += chunk
            if len(printed) > most:
                process.kill()
                return None
        status = await process.wait()
    return bytes(printed) if status in accepted else None
