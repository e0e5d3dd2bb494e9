"""How long a client waits from starting the server to its first tool reply, over a bare SDK server.

Our first call reads the database, the bare server's reads nothing. Both are started in turn.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
BARE = (sys.executable, "-m", "tests.benchmarks.bare_stdio")
OURS = (sys.executable, "-m", "gitops_auditor", "stdio")
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
CALL = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "list_repositories", "arguments": {}},
}


async def first_reply(command: tuple[str, ...], data_dir: Path) -> float:
    """Seconds from spawn to the answer of the first tool call, as a client goes about it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir),
        "GITOPS_DATA_DIR": str(data_dir),
    }
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        limit=2**22,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            for messages in ((HELLO,), (INITIALIZED, CALL)):
                for message in messages:
                    process.stdin.write(json.dumps(message).encode() + b"\n")
                reply = json.loads(await process.stdout.readline())
        took = time.perf_counter() - started
        assert not reply["result"]["isError"], reply
    finally:
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return took


async def measure(rounds: int = ROUNDS) -> None:
    """Print both medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        for command in (BARE, OURS):
            await first_reply(command, data_dir)
        pairs = [
            (await first_reply(BARE, data_dir), await first_reply(OURS, data_dir))
            for _ in range(rounds)
        ]
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"stdio, spawn to first tool reply: bare SDK server {bare:.3f} s, ours {ours:.3f} s")
    print(f"  ratio of medians over {rounds} rounds: {ours / bare:.2f} (at most 1.5)")


if __name__ == "__main__":
    asyncio.run(measure())
