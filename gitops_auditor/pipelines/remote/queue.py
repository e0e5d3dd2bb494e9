"""The queue of runs on PostgreSQL, carried by Procrastinate."""

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from gitops_auditor.errors import Unavailable
from gitops_auditor.pipelines.store import queue as store
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.urls import parse_url
from gitops_auditor.work.liveness import BEATS

if TYPE_CHECKING:
    from procrastinate import App

QUEUE: Final = "gitops-runs"
TASK: Final = "carry_out"
CONNECT_SECONDS: Final = 10
POLL_SECONDS: Final = 5.0
"""How often a listener looks without having been told; it is told of every new message."""
STOP_SECONDS: Final = 10.0

Take = Callable[[str], Awaitable[None]]


class RunQueue:
    """Messages that name runs. Nothing is imported or connected before the first use.

    All methods raise Unavailable when the database cannot be reached or the driver is missing, and
    the first one what `ensure_tables` raises.
    """

    def __init__(self, database: Database, url: str, dead_seconds: float) -> None:
        self._database = database
        self._url = url
        self._dead_seconds = dead_seconds
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._app: App | None = None

    @asynccontextmanager
    async def closing(self) -> AsyncIterator["RunQueue"]:
        """Close at the end of the block what was opened in it."""
        async with self._stack:
            yield self

    async def send(self, run_id: str, priority: int = 0) -> None:
        """Tell whoever listens that a run may be taken; larger priorities are heard first.

        Nothing happens when such a message waits already.
        """
        app = await self._opened()
        from procrastinate import exceptions  # noqa: PLC0415 - see the class

        message = app.configure_task(TASK, queue=QUEUE, queueing_lock=run_id, priority=priority)
        try:
            await message.defer_async(run_id=run_id)
        except exceptions.AlreadyEnqueued:
            return
        except exceptions.ConnectorException as error:
            raise _unreachable() from error

    async def queued(self, run_ids: Sequence[str]) -> set[str]:
        """Those of the runs that a message waits for."""
        await self._opened()
        async with self._database.read() as connection:
            return await store.queued(connection, run_ids)

    async def is_listened_to(self) -> bool:
        """Whether some process that lives takes messages."""
        await self._opened()
        async with self._database.read() as connection:
            return await store.is_listened_to(connection, self._dead_seconds)

    async def forget_stalled(self) -> None:
        """Remove the messages that processes took which are dead now."""
        app = await self._opened()
        from procrastinate import exceptions, jobs  # noqa: PLC0415 - see the class
        from psycopg.errors import RaiseException  # noqa: PLC0415 - see the class

        try:
            stalled = await app.job_manager.get_stalled_jobs(
                queue=QUEUE, seconds_since_heartbeat=self._dead_seconds
            )
            for job in stalled:
                await app.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
        except exceptions.ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):
                raise _unreachable() from error
            # Another process removed the same one before; the next sweep sees the others.

    async def listen(self, take: Take, places: int, name: str) -> None:
        """Call `take` for messages, so many at once, until cancelled or the connection is lost.

        A message is over when its call ends; calls that still go on at the end are cancelled.
        """
        app = await self._opened()
        if TASK not in app.tasks:
            app.task(name=TASK, queue=QUEUE)(take)
        listening = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                name=name,
                concurrency=places,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=0,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=self._dead_seconds / BEATS,
                stalled_worker_timeout=self._dead_seconds,
            )
        )
        # Cancelled once, not again and again, or it would not take itself off the list.
        await _until_over(listening)

    async def _opened(self) -> "App":
        async with self._turn:
            if self._app is None:
                self._app = await self._open()
            return self._app

    async def _open(self) -> "App":
        await ensure_queue(self._database)
        from procrastinate import App, PsycopgConnector, exceptions  # noqa: PLC0415 - see the class
        from psycopg import Error  # noqa: PLC0415 - see the class

        # What fails is raised here or seen by the next sweep; it tells of both with tracebacks.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        connector = PsycopgConnector(
            conninfo=conninfo(self._url),
            kwargs={
                "options": f"-c search_path={store.SCHEMA}",
                "connect_timeout": CONNECT_SECONDS,
            },
            min_size=1,
            max_size=4,
            timeout=CONNECT_SECONDS,
        )
        app = App(connector=connector)
        async with AsyncExitStack() as opening:
            opening.push_async_callback(app.close_async)
            try:
                with anyio.fail_after(CONNECT_SECONDS):
                    await app.open_async()
            except (exceptions.ConnectorException, Error, TimeoutError) as error:
                raise _unreachable() from error
            self._stack.push_async_callback(opening.pop_all().aclose)
        return app


async def ensure_queue(database: Database) -> bool:
    """Bring the queue's tables to what the installed Procrastinate needs; whether they changed.

    Nothing happens on SQLite. Raises Unavailable without Procrastinate, and as `ensure_tables`.
    """
    if database.dialect != "postgresql":
        return False
    version, statements = await anyio.to_thread.run_sync(_packaged)
    return await store.ensure_tables(database, version, statements)


def conninfo(url: str) -> str:
    """The address of the database as libpq reads it (its documentation, section 34.1.1.2)."""
    parsed, _ = parse_url(url)
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


def _packaged() -> tuple[str, str]:
    """The name of the last change to Procrastinate's tables, and the statements that make them."""
    found = importlib.util.find_spec("procrastinate")
    if found is None or found.origin is None:
        raise Unavailable(
            "Runs on PostgreSQL need Procrastinate, which is not installed.",
            hint="Install gitops-auditor with its extra: pip install 'gitops-auditor[postgres]'.",
        )
    folder = Path(found.origin).parent / "sql"
    version = max(path.stem for path in (folder / "migrations").glob("*.sql"))
    return version, (folder / "schema.sql").read_text(encoding="utf-8")


async def _until_over(listening: asyncio.Task[None]) -> None:
    from procrastinate import exceptions  # noqa: PLC0415 - see RunQueue

    error = None
    try:
        await asyncio.wait([listening])
    finally:
        listening.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([listening], timeout=STOP_SECONDS)
        if listening.done() and not listening.cancelled():
            error = listening.exception()
    if isinstance(error, exceptions.ConnectorException):
        raise _unreachable() from error
    if error is not None:
        raise error


def _unreachable() -> Unavailable:
    return Unavailable(
        "The queue of runs cannot be reached.", hint="Check DATABASE_URL and the server."
    )
