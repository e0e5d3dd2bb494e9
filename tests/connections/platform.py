"""A platform that calls a server once and then waits to be killed; the argument is a folder."""

import asyncio
import sys

from tests.connections.wiring import connected
from tests.fakes import plain_server


async def main(folder: str) -> None:
    async with connected(linter=plain_server("stubborn", folder)) as connections:
        await connections.call("linter", "echo", {})
        print("called", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
