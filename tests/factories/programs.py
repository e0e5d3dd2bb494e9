"""Programs that tests run to their end, with a bound."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Finished(NamedTuple):
    """How a program ended: its exit status, and what it wrote on both outputs."""

    status: int
    output: str


async def run_program(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, seconds: float = 60
) -> Finished:
    """Run a command in `folder` and take its output; it is killed after `seconds`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    return Finished(process.returncode or 0, output.decode())
