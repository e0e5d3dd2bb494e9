"""One server: connected when it is first needed, and anew when it ended; its calls are bounded."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from gitops_auditor.connections.answers import result_of
from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.connections.failures import Explain, SessionGone
from gitops_auditor.connections.link import Era, Link, Transport
from gitops_auditor.connections.results import CallResult, ToolInfo
from gitops_auditor.connections.toolbox import Toolbox, check_arguments
from gitops_auditor.connections.transports import Secrets, make_transport
from gitops_auditor.errors import GitOpsError, JsonValue, TimedOut, Unavailable
from gitops_auditor.health import ComponentHealth
from gitops_auditor.log import get_logger

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import Tool

Outcome = TypeVar("Outcome")

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
"""Between attempts to connect to a server that keeps failing; the pause doubles in between."""
STOP_SECONDS: Final = 12.0

_log = get_logger("connections")


def pause_after(failures: int) -> float:
    """Seconds to wait after that many failures in a row before connecting again."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE_SECONDS)


class Connection:
    """One configured server. Every wait for it ends with the time that the caller gives."""

    def __init__(
        self, name: str, settings: ServerSettings, secrets: Secrets, ambient: Mapping[str, str]
    ) -> None:
        self.settings = settings
        self._name = name
        self._secrets = secrets
        self._ambient = ambient
        self._explain = Explain(name)
        self._toolbox = Toolbox(name, settings.tools)
        self._slots = anyio.Semaphore(settings.concurrency)
        self._turn = anyio.Lock()
        self._era: Era = "auto"
        self._link: Link | None = None
        self._tasks: dict[asyncio.Task[None], Link] = {}
        self._failures = 0
        self._failed_at = 0.0
        self._failure: GitOpsError | None = None
        self._calls = 0
        self._closed = False

    def masked(self, text: str) -> str:
        """The text without the secrets of the server, as far as they were needed so far."""
        return self._explain.masker.mask(text)

    async def tools(self, seconds: float | None) -> dict[str, ToolInfo]:
        """The tools that may be called, by name; connects when it has to."""
        return await self._within(seconds, lambda: self._used(self._listed))

    async def call(
        self, tool: str, arguments: Mapping[str, JsonValue], seconds: float | None
    ) -> CallResult:
        """Call a tool once. Raises what `Connections.call` says."""

        async def send(client: "Client") -> CallResult:
            check_arguments(self._toolbox.require(tool), arguments)
            self._calls += 1
            answer = await client.call_tool(tool, dict(arguments))
            self._failures = 0
            return result_of(answer, self._explain.masker)

        async def begin() -> CallResult:
            async with self._slots:
                return await self._used(send)

        return await self._within(seconds, begin)

    async def _used(self, work: Callable[["Client"], Awaitable[Outcome]]) -> Outcome:
        try:
            return await (await self._up()).use(work)
        except SessionGone:
            return await (await self._up()).use(work)

    async def _listed(self, _client: "Client") -> dict[str, ToolInfo]:
        return self._toolbox.tools

    async def _within(
        self, seconds: float | None, work: Callable[[], Awaitable[Outcome]]
    ) -> Outcome:
        limit = min(seconds or self.settings.timeout, self.settings.timeout)
        with anyio.move_on_after(limit) as scope:
            try:
                return await work()
            except anyio.get_cancelled_exc_class():
                if not scope.cancel_called:
                    await self._settled()
                raise
        raise self._late(limit)

    async def _settled(self) -> None:
        """Wait until a link that its last caller left is closed."""
        leaving = [one for one in self._tasks.values() if one.is_retired and one.in_flight == 0]
        with anyio.move_on_after(STOP_SECONDS, shield=True):
            for link in leaving:
                await link.ended.wait()

    def _late(self, limit: float) -> TimedOut:
        before = f" Before: {self._failure.message}" if self._failures and self._failure else ""
        return TimedOut(
            f"The MCP server {self._name} did not answer within {limit:g} seconds.{before}",
            hint="Give the job or the server a longer timeout, or look at what the server does.",
        )

    async def _up(self) -> Link:
        if self._closed:
            raise Unavailable("The platform is stopping.", hint="Try again when it has started.")
        async with self._turn:
            link = self._link
            if link is None or not link.usable:
                await self._pause()
                link = self._link = self._start()
        await link.ready.wait()
        if link.failure is not None:
            raise link.failure
        return link

    async def _pause(self) -> None:
        if self._failures:
            await anyio.sleep_until(self._failed_at + pause_after(self._failures))

    def _start(self) -> Link:
        link = Link(self._transport, self._learn, self._explain, self._era)
        # Not a task group: a link that will not end must not keep the process from ending.
        task = asyncio.create_task(self._attend(link), name=f"MCP server {self._name}")
        self._tasks[task] = link
        task.add_done_callback(self._tasks.pop)
        return link

    async def _attend(self, link: Link) -> None:
        await link.run()
        if link.was_connected:
            self._era = link.era
        if link.failure is not None:
            self._failures += 1
            self._failed_at = anyio.current_time()
            self._failure = link.failure
            _log.warning("Connection lost", server=self._name, reason=link.failure.message)

    async def _transport(self, link: Link) -> Transport:
        return await make_transport(
            self._name, self.settings, self._secrets, self._ambient, self._explain, link.break_off
        )

    def _learn(self, tools: "list[Tool]") -> None:
        for problem in self._toolbox.learn(tools):
            _log.warning("A tool is not what it was", server=self._name, problem=problem)

    async def probe(self, seconds: float) -> None:
        """Connect if that can be done in time; what comes of it shows in `health`."""
        with anyio.move_on_after(seconds):
            try:
                await self._up()
            except GitOpsError as failure:
                self._failure = failure

    def health(self) -> ComponentHealth:
        """Its condition as it is known now, without asking it."""
        link = self._link
        connected = link is not None and link.usable and link.ready.is_set()
        connecting = link is not None and link.usable and not link.ready.is_set()
        broken = self._failures > 0 and not connected
        return ComponentHealth(
            name=f"connections.{self._name}",
            status="degraded" if broken else "healthy",
            reasons=[self._failure.message] if broken and self._failure else [],
            figures={
                "state": "connected" if connected else "connecting" if connecting else "idle",
                "tools": len(self._toolbox.tools),
                "calls": self._calls,
                "failures": self._failures,
            },
        )

    async def close(self) -> None:
        """End every link, at most STOP_SECONDS long; nothing can be called any more."""
        self._closed = True
        for link in self._tasks.values():
            link.stop()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=STOP_SECONDS)
