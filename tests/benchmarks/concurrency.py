"""Fifty readers and writers at once over HTTP, with two server processes on one data folder.

    python -m tests.benchmarks.concurrency [SECONDS]

Half of the clients read pages, the others rename a repository of their own; each talks to one of
two `gitops-auditor serve` processes. Rates and slowest answers are printed. The exit status is 1
when any answer is not a success, such as one for a locked database.
"""

import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2

from tests.factories.git import make_repository

CLIENTS = 50
SERVERS = 2
SECONDS = 10.0
START_SECONDS = 30.0
STOP_SECONDS = 10.0
ANSWER_SECONDS = 60.0


@asynccontextmanager
async def server(data: Path, variables: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """A server process on the data folder; gives its base address."""
    environment = {
        **os.environ,
        **(variables or {}),
        "GITOPS_DATA_DIR": str(data),
        "GITOPS_LOG_LEVEL": "error",
        "GITOPS_RATE_LIMIT_READ": "1000000/second",
        "GITOPS_RATE_LIMIT_WRITE": "1000000/second",
        "DEPENDENCY_SCAN_INTERVAL": "0",
    }
    command = (sys.executable, "-m", "gitops_auditor", "serve", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        found = re.search(rb"Serving on (\S+)", line)
        assert found is not None, line
        yield found[1].decode()
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), STOP_SECONDS)


class Load:
    """What the clients asked and how it was answered."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.took: dict[str, list[float]] = {"read": [], "write": []}
        self.failures: Counter[str] = Counter()

    async def read(self, client: httpx2.AsyncClient) -> None:
        """Read pages until the time is over."""
        while time.monotonic() < self._until:
            await self._timed("read", client, client.build_request("GET", "/api/repositories"))

    async def write(self, client: httpx2.AsyncClient, repository: str) -> None:
        """Rename one repository until the time is over."""
        turn = 0
        while time.monotonic() < self._until:
            turn += 1
            request = client.build_request(
                "PUT", f"/api/repositories/{repository}", json={"name": f"name {turn}"}
            )
            await self._timed("write", client, request)

    async def _timed(self, kind: str, client: httpx2.AsyncClient, request: httpx2.Request) -> None:
        started = time.perf_counter()
        response = await client.send(request)
        self.took[kind].append(time.perf_counter() - started)
        if response.status_code != 200:
            self.failures[f"{kind}: {response.status_code} {response.text[:200]}"] += 1


async def measure(seconds: float = SECONDS) -> int:
    """Print the figures; returns 1 when any answer was not a success."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bases = [await stack.enter_async_context(server(folder / "data")) for _ in range(SERVERS)]
        for number in range(CLIENTS // 2):
            await make_repository(folder / "work" / f"r{number}", {})
        clients = [
            await stack.enter_async_context(
                httpx2.AsyncClient(base_url=bases[number % SERVERS], timeout=ANSWER_SECONDS)
            )
            for number in range(CLIENTS)
        ]
        found = {"workspace": str(folder / "work"), "wait_seconds": 50}
        (await clients[0].post("/api/repositories/discover", json=found)).raise_for_status()
        load = Load(seconds)
        readers, writers = clients[: CLIENTS // 2], clients[CLIENTS // 2 :]
        async with asyncio.TaskGroup() as tasks:
            for reader in readers:
                tasks.create_task(load.read(reader))
            for number, writer in enumerate(writers):
                tasks.create_task(load.write(writer, f"r{number}"))
    return report(load, seconds)


def report(load: Load, seconds: float) -> int:
    """Print rates, slowest answers and failures."""
    print(f"{CLIENTS} clients, {SERVERS} server processes, one SQLite file, {seconds:g} s")
    for kind, took in load.took.items():
        middle, slowest = statistics.median(took) * 1e3, max(took) * 1e3
        rate = len(took) / seconds
        print(f"{kind}: {rate:.0f} a second, median {middle:.1f} ms, slowest {slowest:.0f} ms")
    print(f"failures: {load.failures.total()} (0 is wanted)")
    for failure, count in load.failures.most_common(5):
        print(f"  {count} x {failure}")
    return 1 if load.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(measure(*map(float, sys.argv[1:]))))
