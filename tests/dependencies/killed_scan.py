"""Scans as a process of its own and kills itself at one of its commits.

Arguments: the database's URL, the data folder, the number of the commit (from 1), before or after.
Ends with 0 when the scan has fewer commits than that.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from gitops_auditor.config import load_settings
from gitops_auditor.services import open_services
from tests.dependencies.conftest import ignore


def kill_at(number: int, moment: Literal["before", "after"]) -> None:
    """Arrange for the end of this process around its `number`-th commit."""
    commit = AsyncConnection.commit
    seen = 0

    async def counted(self: AsyncConnection) -> None:
        nonlocal seen
        seen += 1
        if seen == number and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await commit(self)
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    AsyncConnection.commit = counted  # type: ignore[method-assign]


async def scan(url: str, data_dir: Path, number: int, moment: Literal["before", "after"]) -> None:
    """Scan everything that is registered."""
    settings = load_settings({}, data_dir=data_dir, database=SecretStr(url))
    async with open_services(settings) as services:
        kill_at(number, moment)
        async with services.audit.operation("test", "scan_dependencies", {}):
            await services.dependencies.scan(progress=ignore)


if __name__ == "__main__":
    url, data_dir, number, moment = sys.argv[1:]
    asyncio.run(scan(url, Path(data_dir), int(number), "before" if moment == "before" else "after"))
