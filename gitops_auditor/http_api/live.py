"""Events to clients as they happen, over WebSocket (/ws) and server-sent events (/api/events).

Both tail the event log by sequence number: a client that reconnects names the last number it saw
and misses nothing; when that is older than what is kept it gets `phase2.reset` and reads anew.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, Unavailable
from gitops_auditor.events import Event, EventLog, Reset
from gitops_auditor.http_api.auth import SUBPROTOCOL

CHANNELS = ("pipelines", "quality", "templates", "dependencies", "repositories", "operations")
SEND_SECONDS = 10.0
"""A client that takes longer than this for one message is disconnected."""

PING_SECONDS = 15.0


class Subscription(BaseModel):
    """What a WebSocket client asks for; a later message replaces the earlier one."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(pattern=r"^phase2\.subscribe$")
    channels: list[str] = Field(default_factory=list, max_length=20)
    after: int | None = Field(None, ge=0)


class LiveClients:
    """The live connections of this process: counted, limited, and ended with it."""

    def __init__(self, events: EventLog, settings: Settings) -> None:
        self._events = events
        self._limit = settings.websocket_max_connections
        self._open = 0
        self._offered = _offered(settings)
        self.stopping = anyio.Event()

    @property
    def count(self) -> int:
        """Live connections at this moment."""
        return self._open

    async def websocket(self, socket: WebSocket) -> None:
        """Serve one WebSocket until either side ends it."""
        if self._open >= self._limit:
            await socket.close(1013, "too many live connections")
            return
        async with self._counted():
            offered = socket.scope.get("subprotocols", [])
            chosen = next((name for name in offered if name.startswith(SUBPROTOCOL)), None)
            await socket.accept(subprotocol=chosen)
            await _WebSocketClient(socket, self._events, self._channels, self.stopping).run()

    async def server_sent_events(self, request: Request) -> StreamingResponse:
        """A stream of events; `after` or Last-Event-ID resumes, `channels` narrows."""
        if self._open >= self._limit:
            raise Unavailable(
                f"All {self._limit} live connections are in use.",
                hint="Try again later, or raise WEBSOCKET_MAX_CONNECTIONS.",
            )
        channels = self._channels(request.query_params.get("channels", "").split(","))
        after = _sequence(request.headers.get("last-event-id") or request.query_params.get("after"))
        stream = self._stream(channels, after)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def _stream(self, channels: Sequence[str], after: int | None) -> AsyncIterator[str]:
        start = await self._events.head() if after is None else after
        async with self._counted():
            yield f"retry: 2000\nid: {start}\n\n"
            async with _followed(self._events, start, channels, self.stopping) as followed:
                async for item in followed:
                    yield ": keep-alive\n\n" if item is None else _as_sse(item)

    def _channels(self, wanted: Sequence[str]) -> list[str]:
        named = [name for name in wanted if name]
        if unknown := [name for name in named if name not in CHANNELS]:
            raise InvalidRequest(
                f"There is no channel {unknown[0]!r}.", hint=f"Channels: {', '.join(CHANNELS)}."
            )
        return [name for name in (named or CHANNELS) if name in self._offered]

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


def _offered(settings: Settings) -> set[str]:
    hidden = set()
    if not settings.websocket_pipeline_updates:
        hidden.add("pipelines")
    if not settings.websocket_quality_metrics:
        hidden.add("quality")
    return set(CHANNELS) - hidden


def _sequence(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdigit() or len(text) > 18:
        raise InvalidRequest(f"{text!r} is not a sequence number.", hint="Use the id of an event.")
    return int(text)


@asynccontextmanager
async def _followed(
    events: EventLog, after: int, channels: Sequence[str], stopping: anyio.Event
) -> AsyncIterator[AsyncIterator[Event | Reset | None]]:
    """Events as they come, with None as a sign of life in between, until the process stops."""
    send, receive = anyio.create_memory_object_stream[Event | Reset | None](0)

    async def pump() -> None:
        async for item in events.follow(after, channels):
            await send.send(item)

    async def beat() -> None:
        while True:
            await anyio.sleep(PING_SECONDS)
            await send.send(None)

    async def end() -> None:
        await stopping.wait()
        tasks.cancel_scope.cancel()

    async with send, receive, anyio.create_task_group() as tasks:
        for task in (pump, beat, end):
            tasks.start_soon(task)
        yield receive
        tasks.cancel_scope.cancel()


class _WebSocketClient:
    """One connected WebSocket: its subscription, and the task that feeds it."""

    def __init__(
        self,
        socket: WebSocket,
        events: EventLog,
        channels: Callable[[Sequence[str]], list[str]],
        stopping: anyio.Event,
    ) -> None:
        self._socket = socket
        self._events = events
        self._channels = channels
        self._stopping = stopping
        self._feed = anyio.CancelScope()

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._end_with_process, tasks.cancel_scope)
            try:
                while True:
                    await self._obey(await self._socket.receive_text(), tasks)
            except (WebSocketDisconnect, KeyError):
                tasks.cancel_scope.cancel()

    async def _obey(self, text: str, tasks: anyio.abc.TaskGroup) -> None:
        try:
            asked = Subscription.model_validate_json(text)
            channels = self._channels(asked.channels)
        except ValidationError:
            await self._send({"type": "phase2.error", "error": _USAGE})
            return
        except InvalidRequest as refused:
            await self._send({"type": "phase2.error", "error": str(refused)})
            return
        after = await self._events.head() if asked.after is None else asked.after
        self._feed.cancel()
        self._feed = anyio.CancelScope()
        await self._send({"type": "phase2.subscribed", "channels": channels, "seq": after})
        tasks.start_soon(self._forward, channels, after, self._feed)

    async def _forward(self, channels: Sequence[str], after: int, scope: anyio.CancelScope) -> None:
        with scope:
            async for item in self._events.follow(after, channels):
                await self._send(_as_message(item))

    async def _send(self, message: dict[str, object]) -> None:
        with anyio.move_on_after(SEND_SECONDS) as bound:
            await self._socket.send_text(json.dumps(message, separators=(",", ":")))
        if bound.cancelled_caught:
            raise WebSocketDisconnect(1008, "too slow")

    async def _end_with_process(self, scope: anyio.CancelScope) -> None:
        await self._stopping.wait()
        with anyio.move_on_after(1.0):
            await self._socket.close(1001, "server is stopping")
        scope.cancel()


_USAGE = (
    'Send {"type": "phase2.subscribe", "channels": [...], "after": <sequence number, optional>}.'
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
