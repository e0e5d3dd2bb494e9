"""Jobs for the tests: shell and Python lines that run confined in a folder of their own."""

import os
import shutil
import textwrap
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.execution.delegation import find
from gitops_auditor.execution.process import JobProcess, Processes, Stream
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import Isolation, Limits, Order

NOBODY = (64_999, 64_999) if os.geteuid() == 0 else None
"""No user of this machine: processes that other tests run as `nobody` count for its limits."""
PYTHON = shutil.which("python3", path="/usr/bin:/bin") or ""


def why_no_cgroups() -> str:
    """What keeps jobs from cgroups of their own; empty when nothing does."""
    try:
        find()
    except Refused as refused:
        return str(refused)
    return "" if shutil.which("bwrap") else "install bubblewrap to run this"


LEVELS = [
    Isolation.NONE,
    Isolation.LANDLOCK,
    pytest.param(
        Isolation.BUBBLEWRAP,
        marks=pytest.mark.skipif(
            shutil.which("bwrap") is None, reason="install bubblewrap to run this"
        ),
    ),
    pytest.param(
        Isolation.CGROUP,
        marks=(
            pytest.mark.machine,
            pytest.mark.skipif(why_no_cgroups() != "", reason=why_no_cgroups()),
        ),
    ),
]

every_level = pytest.mark.parametrize("isolation", LEVELS)


@dataclass
class FixedSandbox:
    """Runs jobs at the level that the test asks for."""

    processes: Processes
    isolation: Isolation = Isolation.LANDLOCK
    user: tuple[int, int] | None = NOBODY

    async def level(self) -> Isolation:
        return self.isolation


def needs_python() -> None:
    """Skip where there is no interpreter that another user can execute."""
    if not PYTHON:
        pytest.skip("install python3 in /usr/bin to run this")


def python(text: str) -> tuple[str, ...]:
    """The command that runs these lines of Python in a job."""
    needs_python()
    return (PYTHON, "-I", "-S", "-c", textwrap.dedent(text))


class Jobs:
    """Runs jobs in one workspace and remembers their cookies."""

    def __init__(self, processes: Processes, workspace: Path) -> None:
        self.processes = processes
        self.workspace = workspace
        self.cookie = uuid.uuid4().hex
        self.output: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._seen = anyio.Event()

    def order(
        self,
        *argv: str,
        isolation: Isolation = Isolation.NONE,
        timeout: float = 20,
        grace: float = 0.3,
        network: bool = False,
        limits: Limits | None = None,
        environment: dict[str, str] | None = None,
    ) -> Order:
        """An order with this workspace as the only writable folder."""
        variables = {"PATH": "/usr/bin:/bin", **(environment or {})}
        return Order(
            argv=argv,
            cwd=str(self.workspace),
            environment=variables,
            cookie=self.cookie,
            timeout=timeout,
            grace=grace,
            isolation=isolation,
            network=network,
            user=NOBODY,
            writable=(str(self.workspace),),
            limits=limits or Limits(),
        )

    def sink(self, stream: Stream, chunk: bytes) -> None:
        self.output[stream] += chunk
        self._seen.set()

    async def run(self, order: Order) -> JobResult:
        with anyio.fail_after(60):
            return await self.processes.run(order, self.sink)

    async def start(self, order: Order) -> JobProcess:
        return await self.processes.start(order, self.sink)

    async def until_output(self, text: bytes) -> None:
        """Wait until standard output contains `text`."""
        with anyio.fail_after(30):
            while text not in self.output["stdout"]:
                self._seen = anyio.Event()
                await self._seen.wait()

    @property
    def stdout(self) -> str:
        return self.output["stdout"].decode()

    @property
    def stderr(self) -> str:
        return self.output["stderr"].decode()

    def left(self) -> list[int]:
        """The processes with this job's cookie that still run."""
        return process_tree.processes_of_job(self.cookie)


async def open_jobs(folder: Path) -> AsyncIterator[Jobs]:
    """Jobs in a workspace that the job user owns and can reach."""
    workspace = folder / "workspace"
    workspace.mkdir()
    if NOBODY is not None:
        os.chown(workspace, *NOBODY)
        for parent in workspace.parents:
            if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o001)
    async with Processes.open() as processes:
        yield Jobs(processes, workspace)
