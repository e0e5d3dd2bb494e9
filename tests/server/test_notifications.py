"""Changes told to clients of both protocol eras, from a real event log."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest
from mcp import Client
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated
from mcp.server.connection import Connection
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp_types import (
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
)
from typing_extensions import override

from gitops_auditor.errors import JsonValue, Unavailable
from gitops_auditor.events import EventLog
from gitops_auditor.server import notifications
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.server.calls import ServicesProvider
from gitops_auditor.services import Services
from gitops_auditor.storage.database import Database
from tests.server import sample

pytestmark = pytest.mark.filterwarnings(
    "ignore::mcp.shared.exceptions.MCPDeprecationWarning"  # of subscribing the older way
)

REPOSITORIES = "gitops://repositories"
PLAIN = "gitops://repositories/acme/api"
ENCODED = "gitops://repositories/acme%2Fapi"
REGISTERED: Mapping[str, JsonValue] = {"id": "acme/api", "version": 1}


class Announcer:
    """Appends events until a client has seen what it waits for: the tail starts when it can."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._log = EventLog(database)

    async def announce(self, channel: str, name: str, data: Mapping[str, JsonValue]) -> None:
        async with self._database.write() as transaction:
            await self._log.append(transaction, channel, name, data)

    async def until(self, seen: anyio.Event, name: str) -> None:
        with anyio.fail_after(10):
            while not seen.is_set():
                await self.announce("repositories", name, REGISTERED)
                with anyio.move_on_after(0.2):
                    await seen.wait()


@pytest.fixture
def announcer(services: Services) -> Announcer:
    return Announcer(services.database)


class Inbox:
    """Notifications that a client of the handshake era received."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.complete = anyio.Event()
        self.wanted: set[object] = set()

    async def __call__(self, message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            self.received.append(str(message.params.uri))
        elif isinstance(message, ResourceListChangedNotification):
            self.received.append("list")
        if self.wanted <= set(self.received):
            self.complete.set()


@asynccontextmanager
async def connected(server: AuditorServer, inbox: Inbox) -> AsyncIterator[Client]:
    async with Client(server, mode="legacy", message_handler=inbox) as client:
        yield client


async def test_a_subscriber_hears_of_its_resource_in_the_spelling_it_chose(
    server: AuditorServer, announcer: Announcer
) -> None:
    inbox = Inbox()
    inbox.wanted = {PLAIN}
    async with connected(server, inbox) as client:
        await client.subscribe_resource(PLAIN)
        await announcer.until(inbox.complete, "repository.updated")
    assert set(inbox.received) == {PLAIN}


async def test_a_client_hears_of_changed_lists_without_subscribing(
    server: AuditorServer, announcer: Announcer
) -> None:
    inbox = Inbox()
    inbox.wanted = {"list"}
    async with connected(server, inbox):
        await announcer.until(inbox.complete, "repository.removed")
    assert set(inbox.received) == {"list"}


async def test_an_unsubscribed_resource_is_silent(
    server: AuditorServer, announcer: Announcer
) -> None:
    inbox = Inbox()
    inbox.wanted = {PLAIN}
    async with connected(server, inbox) as client:
        await client.subscribe_resource(PLAIN)
        await client.subscribe_resource(REPOSITORIES)
        await client.unsubscribe_resource(REPOSITORIES)
        await client.unsubscribe_resource("gitops://never/subscribed")
        await announcer.until(inbox.complete, "repository.updated")
    assert REPOSITORIES not in inbox.received


async def test_subscriptions_of_one_client_are_limited(
    server: AuditorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "MOST_SUBSCRIPTIONS", 2)
    async with connected(server, Inbox()) as client:
        await client.subscribe_resource(PLAIN)
        await client.subscribe_resource(ENCODED)
        with pytest.raises(MCPError, match="Unsubscribe from some first"):
            await client.subscribe_resource(REPOSITORIES)


async def test_a_listen_stream_carries_what_was_asked_for(
    server: AuditorServer, announcer: Announcer
) -> None:
    wanted = {ResourceUpdated(ENCODED), ResourcesListChanged()}
    seen: set[object] = set()
    complete = anyio.Event()

    async with (
        Client(server) as client,
        anyio.create_task_group() as tasks,
        client.listen(resources_list_changed=True, resource_subscriptions=[ENCODED]) as stream,
    ):

        async def collect() -> None:
            async for event in stream:
                seen.add(event)
                if seen == wanted:
                    complete.set()

        tasks.start_soon(collect)
        await announcer.until(complete, "repository.registered")
        tasks.cancel_scope.cancel()
    assert seen == wanted


async def test_a_storage_that_is_away_at_first_delays_notifications_only(
    services: Services, announcer: Announcer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "RETRY_SECONDS", 0.01)
    attempts = 0

    async def provide() -> Services:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise Unavailable("The database is locked.", hint="Wait.")
        return services

    inbox = Inbox()
    inbox.wanted = {"list"}
    async with connected(create_server(sample.CATALOG, provide), inbox):
        await announcer.until(inbox.complete, "repository.registered")
    assert attempts == 3


class Rewound(EventLog):
    """The log of a database that was put back to an earlier state while someone followed it."""

    @override
    async def head(self) -> int:
        return 1_000_000


async def test_a_log_that_lost_events_announces_everything_anew(database: Database) -> None:
    services = cast("Services", SimpleNamespace(events=Rewound(database)))

    async def provide() -> Services:
        return services

    inbox = Inbox()
    inbox.wanted = {"list", REPOSITORIES, PLAIN}
    async with connected(create_server(sample.CATALOG, slow(provide)), inbox) as client:
        await client.subscribe_resource(PLAIN)
        await client.subscribe_resource(REPOSITORIES)
        await client.call_tool("echo_text", {"text": "now the services may open"})
        with anyio.fail_after(10):
            await inbox.complete.wait()
    assert set(inbox.received) == inbox.wanted


def slow(provide: ServicesProvider) -> ServicesProvider:
    """A provider that the first operation opens: until then the tail has nothing to follow."""
    opened = anyio.Event()
    callers = 0

    async def wait() -> Services:
        nonlocal callers
        callers += 1
        if callers > 1:
            opened.set()
        await opened.wait()
        return await provide()

    return wait


class Stuck:
    """The way to a client that stopped reading."""

    def __init__(self) -> None:
        self.started = anyio.Event()

    async def notify(self, method: str, params: object, opts: object = None) -> None:  # noqa: ARG002
        self.started.set()
        await anyio.sleep_forever()

    async def send_raw_request(self, *_: object) -> dict[str, Any]:
        raise NoBackChannelError("ping")


async def test_a_client_that_stopped_reading_is_let_go_when_it_leaves(database: Database) -> None:
    services = cast("Services", SimpleNamespace(events=EventLog(database)))

    async def provide() -> Services:
        return services

    outbound = Stuck()
    connection = Connection.for_loop(outbound)
    session = ServerSession(cast("Any", None), connection)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            hub = notifications.Notifications(provide, tasks)
            tasks.start_soon(hub.tail)
            client = hub.greet(session)
            assert hub.greet(session) is client
            await Announcer(database).until(outbound.started, "repository.removed")
            await connection.exit_stack.aclose()
            assert hub.greet(session) is not client
            tasks.cancel_scope.cancel()
