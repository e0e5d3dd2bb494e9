"""A stdio server whose catalog and operations print in every way there is. Run as a program."""

import os
import subprocess
import sys
from pathlib import Path

import anyio
from pydantic import BaseModel

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.operations import Context, NoParams, OperationCatalog, Toolset
from gitops_auditor.server.stdio import run_stdio

toolset = Toolset("noisy", "Noisy", "Prints.")


class Heard(BaseModel):
    from_input: str


def make_noise() -> None:
    """Write to standard output from Python, from a descriptor, and from a child process."""
    print("print")
    sys.stdout.flush()
    os.write(1, b"descriptor\n")
    subprocess.run(["echo", "child"], check=True)


def read_input() -> str:
    """What a child process finds on standard input."""
    done = subprocess.run(["cat"], check=True, capture_output=True, timeout=5)
    return done.stdout.decode()


@toolset.operation("GET /api/noise")
async def make_some_noise(ctx: Context, params: NoParams) -> Heard:
    """Print, and read standard input, which belongs to the protocol."""
    make_noise()
    return Heard(from_input=read_input())


@toolset.operation("GET /api/forever")
async def wait_forever(ctx: Context, params: NoParams) -> Heard:
    """Never answer."""
    await anyio.sleep_forever()
    return Heard(from_input="")


def catalog(_: Settings) -> OperationCatalog:
    make_noise()
    return OperationCatalog([toolset], {})


if __name__ == "__main__":
    run_stdio(load_settings({}, data_dir=Path(sys.argv[1])), catalog)
