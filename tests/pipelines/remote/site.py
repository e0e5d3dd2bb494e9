"""Machines that share a PostgreSQL: each with its own data folder and its own processes."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from gitops_auditor.app import catalog_for
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.identity import LOCAL
from gitops_auditor.operations import Call
from gitops_auditor.pipelines.records import Run
from gitops_auditor.services import Services, open_services
from gitops_auditor.storage.pipeline_tables import run_attempts
from tests.factories.git import make_repository
from tests.factories.terminal import COMMAND, environment, started

SECONDS = 60


class Meeting:
    """Where jobs of the test come and wait: each says its name and goes on when it may.

    `log` has who came, and who was ended while waiting, in order.
    """

    def __init__(self) -> None:
        self.port = 0
        self.log: list[str] = []
        self._waiting: dict[str, list[asyncio.StreamWriter]] = {}
        self._open: set[str] = set()
        self._news = asyncio.Condition()

    @asynccontextmanager
    async def held(self) -> AsyncIterator["Meeting"]:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for name in list(self._waiting):
                self.let_go(name)

    def script(self, name: str) -> str:
        """What a job runs to come here, and to wait; in quotes, as YAML takes it."""
        talk = f"exec 3<>/dev/tcp/127.0.0.1/{self.port}; echo {name} >&3; read -r answer <&3"
        return json.dumps(f"bash -c '{talk}; test \"$answer\" = go'")

    def let_go(self, name: str) -> None:
        """Those who came by this name, and who will, go on."""
        self._open.add(name)
        for writer in self._waiting.pop(name, []):
            _release(writer)

    async def until(self, *lines: str) -> None:
        """Wait until exactly these are in the log, in any order."""
        with anyio.fail_after(SECONDS):
            async with self._news:
                await self._news.wait_for(lambda: sorted(self.log) == sorted(lines))

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = (await reader.readline()).decode().strip()
        await self._tell(f"{name} came")
        if name in self._open:
            _release(writer)
        else:
            self._waiting.setdefault(name, []).append(writer)
            await reader.read()
            if writer in self._waiting.get(name, []):
                self._waiting[name].remove(writer)
                writer.close()
                await self._tell(f"{name} was ended")

    async def _tell(self, line: str) -> None:
        async with self._news:
            self.log.append(line)
            self._news.notify_all()


def _release(writer: asyncio.StreamWriter) -> None:
    writer.write(b"go\n")
    writer.close()


class Wire:
    """A way to the database that can be cut without either end being told."""

    def __init__(self, url: str) -> None:
        self._to = make_url(url)
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = self._to.set(port=port).render_as_string(hide_password=False)
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Let nothing through, and keep it."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through, what was kept first."""
        self._whole.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._to.host, self._to.port)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._forward(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._whole.wait()
                target.write(data)
        except ConnectionError:
            return
        finally:
            target.close()


class Site:
    """The machines of one test. The server carries out nothing itself."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.dead_seconds = 4.0
        self.ways: dict[str, str] = {}

    def variables(self, name: str) -> dict[str, str]:
        """The settings of one machine."""
        return {
            "DATABASE_URL": self.ways.get(name, self.url),
            "PGAPPNAME": name,
            "PIPELINE_ARTIFACTS_URL": str(self.folder / "artifacts"),
            "PIPELINE_WORKSPACES": str(self.folder / name / "runs"),
            "PIPELINE_DEAD_SECONDS": str(self.dead_seconds),
            "PIPELINE_GRACE_SECONDS": "0.5",
            "PIPELINE_ALLOW_UNSANDBOXED": "true",
            "GITOPS_CLONE_PROTOCOLS": "https,file",
        }

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a command on one machine."""
        return environment(self.folder / name / "data", **self.variables(name))

    def settings(self, name: str = "server") -> Settings:
        given = {**self.variables(name), "PIPELINE_WORKER_COUNT": "0"}
        return load_settings({**given, "GITOPS_DATA_DIR": str(self.folder / name / "data")})

    @asynccontextmanager
    async def worker(
        self, name: str, *options: str, command: Sequence[str] = COMMAND
    ) -> AsyncIterator[subprocess.Popen[str]]:
        """A worker with a data folder of its own, which is ready when the block begins."""
        env = self.environment(name)
        with started("worker", "--name", name, *options, env=env, command=command) as process:
            assert process.stdout is not None
            line = await anyio.to_thread.run_sync(process.stdout.readline)
            assert line.startswith(f"The worker {name} "), line + said(process)
            yield process


def said(process: subprocess.Popen[str]) -> str:
    """What an ended process wrote to its standard error."""
    process.kill()
    return process.stderr.read() if process.stderr else ""


class Server:
    """What the server is asked."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._catalog = catalog_for(services.settings)

    async def call(self, operation: str, **arguments: Any) -> Any:
        request = Call(operation, arguments, LOCAL, operation)
        return await self._catalog.call(self.services, request)

    async def start(self, repository: Path, definition: str) -> str:
        """Make a repository, register it by its URL, and run this pipeline on it."""
        await make_repository(repository, {".gitops/pipeline.yaml": definition})
        work = await self.call(
            "clone_repository", clone_url=f"file://{repository}", wait_seconds=50
        )
        assert work.error is None, work
        return await self.start_known(work.result.id)

    async def start_known(self, repository_id: str) -> str:
        """Run the pipeline of a registered repository."""
        read = await self.call("sync_pipelines", repository_id=repository_id)
        assert not read.problems, read
        (pipeline,) = (await self.call("list_pipelines", repository_id=repository_id)).items
        return str((await self.call("run_pipeline", pipeline_id=pipeline.id)).id)

    async def run(self, run_id: str, wait_seconds: float = 0.0) -> Run:
        run: Run = await self.call("get_run", run_id=run_id, wait_seconds=wait_seconds)
        return run

    async def ended(self, run_id: str) -> Run:
        """The run at its end."""
        for _ in range(SECONDS // 5):
            run = await self.run(run_id, 5.0)
            if run.status not in ("pending", "running"):
                return run
        raise AssertionError(run)

    async def attempts(self) -> list[tuple[str, int, str]]:
        """Job, number, and status or kind of failure, of every attempt."""
        columns = run_attempts.c
        how = func.coalesce(columns.failure_kind, columns.status)
        query = select(columns.job, columns.attempt, how)
        async with self.services.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return sorted((str(job), int(number), str(ended)) for job, number, ended in rows)

    async def until_running(self, job: str, attempt: int) -> None:
        """Wait until an attempt of a job has begun."""
        changes = self.services.database.changes
        with anyio.fail_after(SECONDS):
            seen = changes.version
            while (job, attempt, "running") not in await self.attempts():
                await changes.wait(seen, 5.0)
                seen = changes.version

    async def cut_connections(self, name: str) -> None:
        """End every connection of one machine to the database."""
        cut = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
        )
        async with self.services.database.read() as connection:
            assert any(await connection.scalars(cut, {"name": name}))

    async def socket_url(self) -> str:
        """The address of the database by the socket file that the server listens on."""
        async with self.services.database.read() as connection:
            folder = await connection.scalar(text("SHOW unix_socket_directories"))
        address = make_url(self.services.settings.database_url)
        return f"postgresql://postgres@/{address.database}?host={folder}&port={address.port}"

    async def owners(self) -> list[str]:
        """The processes that carried out the attempts, in the order of these."""
        query = select(run_attempts.c.owner).order_by(run_attempts.c.started_at)
        async with self.services.database.read() as connection:
            return list((await connection.scalars(query)).all())


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[Server]:
    async with open_services(site.settings()) as services:
        yield Server(services)
