"""Events to clients as they happen, over WebSocket (/ws) and server-sent events (/api/events).

Over WebSocket the logs of a run can be followed as well; see `live_logs`.

Both tail the event log by sequence number: a client that reconnects names the last number it saw
and misses nothing; when that is older than what is kept it gets `phase2.reset` and reads anew.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Annotated, Literal

import anyio
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError, InvalidRequest, Refused, Unavailable
from gitops_auditor.events import Event, EventLog, Reset
from gitops_auditor.http_api.auth import SUBPROTOCOL, principal_of
from gitops_auditor.http_api.ending import Ending
from gitops_auditor.http_api.live_logs import LogSubscription, send_logs
from gitops_auditor.http_api.rates import RateLimits
from gitops_auditor.pipelines.log_following import LogFollower

CHANNELS = ("pipelines", "quality", "templates", "dependencies", "repositories", "operations")
BEAT_SECONDS = 15.0
"""A stream of server-sent events shows a sign of life this often."""


class Subscription(BaseModel):
    """What a WebSocket client asks for; a later message replaces the earlier one."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["phase2.subscribe"]
    channels: list[str] = Field(default_factory=list, max_length=20)
    after: int | None = Field(None, ge=0)


Asked = Annotated[Subscription | LogSubscription, Field(discriminator="type")]
_ASKED: TypeAdapter[Subscription | LogSubscription] = TypeAdapter(Asked)


class LiveClients:
    """The live connections of this process: counted, limited, and ended with it.

    A client that does not take in what it is sent is disconnected by `clients`.
    """

    def __init__(
        self,
        events: EventLog,
        logs: LogFollower,
        settings: Settings,
        rates: RateLimits,
        ending: Ending,
    ) -> None:
        self._events = events
        self._logs = logs
        self._limit = settings.websocket_max_connections
        self._rates = rates
        self._ending = ending
        self._open = 0
        self._offered = _offered(settings)

    @property
    def count(self) -> int:
        """Live connections at this moment."""
        return self._open

    async def websocket(self, socket: WebSocket) -> None:
        """Serve one WebSocket until either side ends it; 1013 when there are too many."""
        self._rates.hit(principal_of(socket.scope), "live")
        offered = socket.scope.get("subprotocols", [])
        chosen = next((name for name in offered if name.startswith(SUBPROTOCOL)), None)
        await socket.accept(subprotocol=chosen)
        try:
            with self._slot():
                logs = self._logs if "pipelines" in self._offered else None
                await _Conversation(socket, self._events, logs, self._channels).run()
        except Unavailable:
            # Only after the handshake is there a code that says: try again later.
            await socket.close(1013, "too many live connections")

    async def server_sent_events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream of events; `after` or Last-Event-ID resumes, `channels` narrows.

        Raises InvalidRequest, and Unavailable when there are too many.
        """
        self._rates.hit(principal_of(scope), "live")
        request = Request(scope, receive)
        channels = self._channels(request.query_params.get("channels", "").split(","))
        after = _sequence(request.headers.get("last-event-id") or request.query_params.get("after"))
        with self._slot():
            start = await self._events.head() if after is None else after
            await send(_STREAM_START)
            if request.method != "HEAD":
                stream = _EventStream(send, self._events)
                with self._ending.stream():
                    await _until_first_ends(
                        lambda: stream.forward(channels, start),
                        stream.beat,
                        lambda: _disconnected(receive),
                    )
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _channels(self, wanted: Sequence[str]) -> list[str]:
        named = [name for name in wanted if name]
        if unknown := [name for name in named if name not in CHANNELS]:
            raise InvalidRequest(
                f"There is no channel {unknown[0]!r}.", hint=f"Channels: {', '.join(CHANNELS)}."
            )
        return [name for name in (named or CHANNELS) if name in self._offered]

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if self._open >= self._limit:
            raise Unavailable(
                f"All {self._limit} live connections are in use.",
                hint="Try again later, or raise WEBSOCKET_MAX_CONNECTIONS.",
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


class EventStreams:
    """ASGI application of the server-sent events."""

    def __init__(self, clients: LiveClients) -> None:
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._clients.server_sent_events(scope, receive, send)


_STREAM_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8")],
}


def _offered(settings: Settings) -> set[str]:
    hidden = set()
    if not (settings.websocket_pipeline_updates and settings.enable_phase2_features):
        hidden.add("pipelines")
    if not settings.websocket_quality_metrics:
        hidden.add("quality")
    return set(CHANNELS) - hidden


def _sequence(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise InvalidRequest(f"{text!r} is not a sequence number.", hint="Use the id of an event.")
    return int(text)


async def _until_first_ends(*jobs: Callable[[], Awaitable[object]]) -> None:
    async def run(job: Callable[[], Awaitable[object]]) -> None:
        await job()
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for job in jobs:
            tasks.start_soon(run, job)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _EventStream:
    """One response of server-sent events."""

    def __init__(self, send: Send, events: EventLog) -> None:
        self._send = send
        self._events = events

    async def forward(self, channels: Sequence[str], after: int) -> None:
        """Send events until the log cannot be read; the client then resumes where it was."""
        await self._write(f"retry: 2000\nid: {after}\n\n")
        with suppress(GitOpsError):
            async with aclosing(self._events.follow(after, channels)) as followed:
                async for item in followed:
                    await self._write(_as_sse(item))

    async def beat(self) -> None:
        """Send comments without end, by which proxies and clients see that the stream lives."""
        while True:
            await anyio.sleep(BEAT_SECONDS)
            await self._write(": alive\n\n")

    async def _write(self, text: str) -> None:
        body = text.encode("utf-8")
        await self._send({"type": "http.response.body", "body": body, "more_body": True})


class _Conversation:
    """One connected WebSocket: what it asked for, and the tasks that feed it."""

    def __init__(
        self,
        socket: WebSocket,
        events: EventLog,
        logs: LogFollower | None,
        channels: Callable[[Sequence[str]], list[str]],
    ) -> None:
        self._socket = socket
        self._events = events
        self._logs = logs
        self._channels = channels
        self._event_feed = anyio.CancelScope()
        self._log_feed = anyio.CancelScope()

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            with suppress(WebSocketDisconnect):
                while (text := await self._next()) is not None:
                    await self._obey(text, tasks)
            tasks.cancel_scope.cancel()

    async def _next(self) -> str | None:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        if text is None:
            await self._socket.close(1003, "send text")
        return text

    async def _obey(self, text: str, tasks: anyio.abc.TaskGroup) -> None:
        try:
            asked = _ASKED.validate_json(text)
            if isinstance(asked, LogSubscription):
                await self._follow_logs(asked, tasks)
            else:
                await self._follow_events(asked, tasks)
        except ValidationError:
            await self._send({"type": "phase2.error", "error": _USAGE})
        except GitOpsError as refused:
            await self._send({"type": "phase2.error", "error": str(refused)})

    async def _follow_events(self, asked: Subscription, tasks: anyio.abc.TaskGroup) -> None:
        channels = self._channels(asked.channels)
        after = await self._events.head() if asked.after is None else asked.after
        self._event_feed.cancel()
        self._event_feed = anyio.CancelScope()
        await self._send({"type": "phase2.subscribed", "channels": channels, "seq": after})
        tasks.start_soon(self._forward, channels, after, self._event_feed)

    async def _follow_logs(self, asked: LogSubscription, tasks: anyio.abc.TaskGroup) -> None:
        if self._logs is None:
            raise Refused(
                "Logs are not offered here.", hint="Set WEBSOCKET_PIPELINE_UPDATES to offer them."
            )
        self._log_feed.cancel()
        self._log_feed = anyio.CancelScope()
        tasks.start_soon(self._forward_logs, self._logs, asked, self._log_feed)

    async def _forward(self, channels: Sequence[str], after: int, scope: anyio.CancelScope) -> None:
        with scope, suppress(WebSocketDisconnect):
            try:
                async with aclosing(self._events.follow(after, channels)) as followed:
                    async for item in followed:
                        await self._send(_as_message(item))
            except GitOpsError:
                await self._socket.close(1011, "events cannot be read")

    async def _forward_logs(
        self, logs: LogFollower, asked: LogSubscription, scope: anyio.CancelScope
    ) -> None:
        with scope, suppress(WebSocketDisconnect):
            await send_logs(logs, asked, self._socket.send_text)

    async def _send(self, message: dict[str, object]) -> None:
        await self._socket.send_text(json.dumps(message, separators=(",", ":")))


_USAGE = (
    'Send {"type": "phase2.subscribe", "channels": [...], "after": <sequence number, optional>},'
    ' or {"type": "phase2.logs", "run_id": ..., "job": <optional>, "attempt": <optional>,'
    ' "offset": <of a byte, optional>}.'
)


def _as_message(item: Event | Reset) -> dict[str, object]:
    if isinstance(item, Reset):
        return {"type": "phase2.reset", "seq": item.last}
    return {
        "type": "phase2.event",
        "seq": item.seq,
        "channel": item.channel,
        "event": item.name,
        "data": item.data,
        "timestamp": item.created_at.isoformat(),
    }


def _as_sse(item: Event | Reset) -> str:
    message = _as_message(item)
    body = json.dumps(message, separators=(",", ":"))
    return f"id: {message['seq']}\nevent: {message['type']}\ndata: {body}\n\n"
