"""Measures how soon the lines of a job reach who follows its log, against a bare reader.

    python -m tests.benchmarks.live_logs [--rounds N]

A job writes 50,000 lines, one by one as a shell's `echo` does, or all at once as a program that
buffers them. The floor runs the same script in the same shell and reads its pipe, nothing else. The
platform carries it out behind `gitops-auditor serve` (masking, log file, isolation as it is here),
and a client of its WebSocket in a process of its own decodes what it gets. Both times are from the
script's first line to the moment at which its last one was read.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx2
from websockets.asyncio.client import connect

from gitops_auditor.execution.shells import shell
from tests.benchmarks.concurrency import server
from tests.benchmarks.pipeline_engine import made_passable
from tests.benchmarks.pipeline_service import opened, variables
from tests.factories.git import make_repository

LINES: Final = 50_000
STAMP: Final = "date +%s.%N"
LINE: Final = "compiled module number %s of the project without a warning, as all before"
SCRIPTS: Final = {
    "line by line": f"{STAMP}; i=0; while [ $i -lt {LINES} ]; do i=$((i+1));"
    f' echo "{LINE.replace("%s", "$i")}"; done',
    "at once": f"{STAMP}; seq -f '{LINE.replace('%s', '%.0f')}' 1 {LINES}",
}
SECONDS: Final = 60


async def bare(script: str) -> float:
    """Seconds from the first line to the end of the pipe."""
    process = await asyncio.create_subprocess_exec(*shell(), script, stdout=asyncio.subprocess.PIPE)
    printed, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    ended = time.time()
    first, *lines = printed.decode().splitlines()
    assert len(lines) == LINES
    return ended - float(first)


async def followed(base: str, client: httpx2.AsyncClient, pipeline_id: str) -> tuple[float, int]:
    """Seconds from the first line to the last one that the client has, and the messages."""
    response = await client.post(f"/api/pipelines/{pipeline_id}/execute", json={})
    response.raise_for_status()
    asked = {"type": "phase2.logs", "run_id": response.json()["id"]}
    parts: list[str] = []
    last = f"{LINE % LINES}\n"
    async with asyncio.timeout(SECONDS), connect(base.replace("http", "ws", 1) + "/ws") as socket:
        await socket.send(json.dumps(asked))
        while not (parts and parts[-1].endswith(last)):
            message = json.loads(await socket.recv())
            assert message["type"] == "phase2.log", message
            parts.append(message["text"])
        ended = time.time()
        while json.loads(await socket.recv())["type"] != "phase2.log.end":
            pass
    _, first, *lines = "".join(parts).splitlines()
    assert len(lines) == LINES, len(lines)
    return ended - float(first), len(parts)


async def measure(folder: Path, rounds: int) -> None:
    """Print medians and their ratio."""
    await make_repository(folder / "repositories" / "small", {"README.md": "small"})
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(opened(folder, "shared"))
        (repository,) = await services.repositories.all()
        base = await stack.enter_async_context(server(folder / "shared", variables(folder)))
        client = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, timeout=60))
        for name, script in SCRIPTS.items():
            source = json.dumps(
                {
                    "name": name.replace(" ", "-"),
                    "stages": [{"name": "only", "jobs": [{"name": "only", "script": script}]}],
                }
            )
            given = {"repository_id": repository.id, "source": source}
            created = await client.post("/api/pipelines", json=given)
            created.raise_for_status()
            floors, ours, messages = [], [], 0
            for number in range(rounds + 1):
                floor = await bare(script)
                took, messages = await followed(base, client, created.json()["id"])
                # The first round starts supervisors.
                if number:
                    floors.append(floor)
                    ours.append(took)
            middle, above = statistics.median(floors), statistics.median(ours)
            print(
                f"{LINES} lines {name:13} bare {middle * 1000:7.1f} ms"
                f"  WebSocket {above * 1000:7.1f} ms in {messages} messages"
                f"  {above / middle:5.2f} x floor (3 is wanted)"
            )


async def run(options: argparse.Namespace) -> None:
    """Make the folders and measure in them."""
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as temporary:
        await measure(made_passable(Path(temporary)), options.rounds)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="live_logs", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
