"""Changes of resources, told to clients of both protocol eras from one tail of the event log.

Revision 2026-07-28 clients open `subscriptions/listen`; clients of the handshake era subscribe with
`resources/subscribe` and get `list_changed` unasked once they are initialized. One bus feeds both.
Events say that something changed, never how, so repeated ones that wait are sent once.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup
from mcp.server.connection import Connection
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
)
from mcp_types import (
    EmptyResult,
    NotificationParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from gitops_auditor.errors import GitOpsError, TooLarge
from gitops_auditor.events import Reset
from gitops_auditor.log import get_logger
from gitops_auditor.resources.changes import CHANNELS, ResourceChanges, changes_of, everything
from gitops_auditor.server.auth import RequestContext
from gitops_auditor.server.calls import ServicesProvider
from gitops_auditor.services import Services

log = get_logger("mcp")

RETRY_SECONDS = 5.0
SEND_SECONDS = 5.0
"""A client that takes longer than this for one notification misses it."""

MOST_SUBSCRIPTIONS = 1000
"""Resources that one client may subscribe to, and listen streams of one process."""


class HandshakeClient:
    """A client of the handshake era: what it subscribed to, and what it has yet to be told."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._waiting: dict[ServerEvent, None] = {}
        self._wake = anyio.Event()
        self.subscribed: set[str] = set()
        self.scope = anyio.CancelScope()

    def offer(self, event: ServerEvent) -> None:
        """Keep the event for sending if it concerns this client."""
        listed = isinstance(event, ResourcesListChanged)
        if listed or (isinstance(event, ResourceUpdated) and event.uri in self.subscribed):
            self._waiting[event] = None
            self._wake.set()

    async def send_waiting(self) -> None:
        """Send what waits, until the scope is cancelled."""
        with self.scope:
            while True:
                await self._wake.wait()
                self._wake = anyio.Event()
                waiting, self._waiting = self._waiting, {}
                for event in waiting:
                    with anyio.move_on_after(SEND_SECONDS):
                        await self._send(event)

    async def _send(self, event: ServerEvent) -> None:
        if isinstance(event, ResourceUpdated):
            await self._session.send_resource_updated(event.uri)
        else:
            await self._session.send_resource_list_changed()


class Notifications:
    """The notifications of one running server: its bus, its tail, its clients."""

    def __init__(self, services: ServicesProvider, tasks: TaskGroup) -> None:
        self._services = services
        self._tasks = tasks
        self._bus = InMemorySubscriptionBus()
        self._listen = ListenHandler(self._bus, max_subscriptions=MOST_SUBSCRIPTIONS)
        self._clients: dict[Connection, HandshakeClient] = {}

    async def listen(
        self, ctx: RequestContext, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """Serve one listen stream of a 2026-07-28 client."""
        return await self._listen(ctx, params)

    def greet(self, session: ServerSession) -> HandshakeClient:
        """The client behind a session; from now until it leaves it is told of changes."""
        connection = _connection_of(session)
        known = self._clients.get(connection)
        if known is not None:
            return known
        client = self._clients[connection] = HandshakeClient(session)
        unsubscribe = self._bus.subscribe(client.offer)
        connection.exit_stack.callback(self._part, connection, unsubscribe)
        self._tasks.start_soon(client.send_waiting)
        return client

    def _part(self, connection: Connection, unsubscribe: Callable[[], None]) -> None:
        unsubscribe()
        self._clients.pop(connection).scope.cancel()

    async def tail(self) -> None:
        """Follow the event log until cancelled; a storage that is away is tried again."""
        while True:
            try:
                await self._follow(await self._services())
            except GitOpsError as error:
                log.warning("event_log_unavailable", error=str(error))
            await anyio.sleep(RETRY_SECONDS)

    async def _follow(self, services: Services) -> None:
        after = await services.events.head()
        async for event in services.events.follow(after, CHANNELS):
            if isinstance(event, Reset):
                await self._publish(everything(self._subscribed()))
            else:
                await self._publish(changes_of(event.channel, event.name, event.data))

    def _subscribed(self) -> tuple[str, ...]:
        return tuple({uri for client in self._clients.values() for uri in client.subscribed})

    async def _publish(self, changes: ResourceChanges) -> None:
        if changes.listed:
            await self._bus.publish(ResourcesListChanged())
        for uri in changes.uris:
            await self._bus.publish(ResourceUpdated(uri))

    def close(self) -> None:
        """End every listen stream in order."""
        self._listen.close()


def _connection_of(session: ServerSession) -> Connection:
    # A session lives for one request; the connection behind it, which ends when the client leaves,
    # has no public accessor in this version of the SDK.
    return session._connection  # noqa: SLF001


@asynccontextmanager
async def notifying(services: ServicesProvider) -> AsyncIterator[Notifications]:
    """Notifications whose tail runs for as long as the context is open."""
    async with anyio.create_task_group() as tasks:
        notifications = Notifications(services, tasks)
        tasks.start_soon(notifications.tail)
        try:
            yield notifications
        finally:
            notifications.close()
            tasks.cancel_scope.cancel()


async def on_listen(
    ctx: RequestContext, params: SubscriptionsListenRequestParams
) -> SubscriptionsListenResult:
    """Handler of subscriptions/listen."""
    return await _notifications(ctx).listen(ctx, params)


async def on_initialized(ctx: RequestContext, _: NotificationParams) -> None:
    """Handler of notifications/initialized: from here on the client is told of changed lists."""
    _notifications(ctx).greet(ctx.session)


async def on_subscribe(ctx: RequestContext, params: SubscribeRequestParams) -> EmptyResult:
    """Handler of resources/subscribe. Raises TooLarge beyond MOST_SUBSCRIPTIONS."""
    client = _notifications(ctx).greet(ctx.session)
    if len(client.subscribed) >= MOST_SUBSCRIPTIONS:
        raise TooLarge(
            f"This client is subscribed to {MOST_SUBSCRIPTIONS} resources already.",
            hint="Unsubscribe from some first.",
        )
    client.subscribed.add(params.uri)
    return EmptyResult()


async def on_unsubscribe(ctx: RequestContext, params: UnsubscribeRequestParams) -> EmptyResult:
    """Handler of resources/unsubscribe; not being subscribed is no error."""
    _notifications(ctx).greet(ctx.session).subscribed.discard(params.uri)
    return EmptyResult()


def _notifications(ctx: RequestContext) -> Notifications:
    notifications: Notifications = ctx.lifespan_context
    return notifications
