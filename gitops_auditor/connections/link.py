"""One live connection to a server, in a task of its own: it is left where it was entered.

A link ends when the server does, when nobody wants it any more, or when it breaks. It never comes
back: whoever needs the server then makes another.
"""

import importlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

import anyio
import anyio.to_thread

from gitops_auditor.connections.failures import Explain
from gitops_auditor.connections.http import HttpTransport
from gitops_auditor.connections.stdio import StdioTransport
from gitops_auditor.connections.toolbox import MAX_TOOLS
from gitops_auditor.errors import GitOpsError, TooLarge

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from mcp import Client
    from mcp.types import Tool

CONNECT_SECONDS: Final = 60.0
"""Includes the time that a program takes to start, which may install itself first."""

CLOSE_SECONDS: Final = 15.0

Era = Literal["auto", "legacy"]
Transport = StdioTransport | HttpTransport
Result = TypeVar("Result")


def _import_libraries() -> None:
    """They take a second, which the event loop must not wait."""
    for name in ("mcp", "mcp.client.streamable_http", "jsonschema"):
        importlib.import_module(name)


class Link:
    """`ready` is set once the server can be called or it is known that it cannot be.

    `failure` says why it ended, None while it lives and when it was only retired.
    """

    def __init__(
        self,
        make: "Callable[[Link], Awaitable[Transport]]",
        learn: "Callable[[list[Tool]], None]",
        explain: Explain,
        era: Era,
    ) -> None:
        self.ready = anyio.Event()
        self.ended = anyio.Event()
        self.failure: GitOpsError | None = None
        self.era = era
        self.in_flight = 0
        self.is_retired = False
        self.was_connected = False
        self._make = make
        self._learn = learn
        self._explain = explain
        self._scope = anyio.CancelScope(deadline=anyio.current_time() + CONNECT_SECONDS)
        self._over = anyio.Event()
        self._transport: Transport | None = None
        self._client: Client | None = None
        self._calls: TaskGroup | None = None
        self._lists_again = False

    @property
    def usable(self) -> bool:
        """Whether calls may begin on it, or wait for it to be ready."""
        return not (self.is_retired or self._over.is_set() or self.ended.is_set())

    async def run(self) -> None:
        """Connect and stay until it ends; never raises but for being cancelled."""
        try:
            with self._scope:
                await self._hold_in_either_era()
            if self._scope.cancelled_caught and not self.ready.is_set() and not self.is_retired:
                self.failure = self._explain.unanswered(CONNECT_SECONDS, self._transport)
        except Exception as error:  # noqa: BLE001 - whatever the libraries raise, callers are told
            self.failure = self._explain.failure(error, self._transport)
        finally:
            self.ended.set()
            self.ready.set()

    async def _hold_in_either_era(self) -> None:
        try:
            await self._hold()
        except Exception:
            # Some servers of the older era end when their first message is not `initialize`.
            died = isinstance(self._transport, StdioTransport) and self._transport.ended
            if self.era == "legacy" or self.ready.is_set() or not died or self.is_retired:
                raise
            self.era = "legacy"
            self._over = anyio.Event()
            await self._hold()

    async def _hold(self) -> None:
        await anyio.to_thread.run_sync(_import_libraries)
        from mcp import Client  # noqa: PLC0415 - see above
        from mcp.types import Implementation  # noqa: PLC0415 - see above

        from gitops_auditor import __version__  # noqa: PLC0415 - belongs to the client below

        async with AsyncExitStack() as stack:
            self._transport = await self._make(self)
            client = Client(
                self._transport.open(),
                mode=self.era,
                cache=None,
                client_info=Implementation(name="gitops-auditor", version=__version__),
                message_handler=self._on_message,
            )
            self._client = await stack.enter_async_context(client)
            if self._client.session.discover_result is None:
                self.era = "legacy"
            self._learn(await self._tools())
            await self._serve()

    async def _serve(self) -> None:
        async with anyio.create_task_group() as calls:
            self._calls = calls
            self.was_connected = True
            self._scope.deadline = float("inf")
            self.ready.set()
            await self._over.wait()
            calls.cancel_scope.cancel()
            self._scope.deadline = anyio.current_time() + CLOSE_SECONDS
        if not self.is_retired:
            raise EOFError

    async def _on_message(self, message: object) -> None:
        from mcp.types import ToolListChangedNotification  # noqa: PLC0415 - imported by now

        if isinstance(message, ToolListChangedNotification):
            self._lists_again = True

    async def _tools(self) -> "list[Tool]":
        found: list[Tool] = []
        cursor: str | None = None
        while True:
            page = await self._connected().list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if cursor is None:
                return found
            if len(found) > MAX_TOOLS or not page.tools:
                raise TooLarge(
                    f"It lists more than {MAX_TOOLS} tools.", hint="Have it offer fewer of them."
                )

    async def use(self, work: "Callable[[Client], Awaitable[Result]]") -> Result:
        """Carry out `work` with the client; raises what the link's end is explained by.

        A caller that is cancelled leaves at once. What it leaves behind is told that it is
        cancelled, and the link is retired: nobody knows what the server is still busy with.
        Raises SessionGone when the link is not usable any more.
        """
        if self._calls is None or not self.usable:
            raise self._explain.gone()
        call = _Call(self._with_client(work))
        self._calls.start_soon(call.run)
        self.in_flight += 1
        try:
            await call.done.wait()
        except anyio.get_cancelled_exc_class():
            call.scope.cancel()
            self.is_retired = True
            raise
        finally:
            self.in_flight -= 1
            self._leave_when_idle()
        if call.answer:
            return call.answer[0]
        raise await self._reason(call.errors)

    def _with_client(
        self, work: "Callable[[Client], Awaitable[Result]]"
    ) -> Callable[[], Awaitable[Result]]:
        async def carry_out() -> Result:
            if self._lists_again:
                self._lists_again = False
                self._learn(await self._tools())
            return await work(self._connected())

        return carry_out

    def _connected(self) -> "Client":
        if self._client is None:
            raise EOFError
        return self._client

    async def _reason(self, errors: list[Exception]) -> GitOpsError:
        if errors and not self._explain.is_the_end(errors[0]):
            if isinstance(self._transport, HttpTransport) and self._transport.refused:
                self.retire()
            return self._explain.failure(errors[0], self._transport)
        # The connection broke below the call; its own task knows why.
        self._over.set()
        with anyio.move_on_after(5):
            await self.ended.wait()
        return self.failure or self._explain.failure(
            errors[0] if errors else EOFError(), self._transport
        )

    def retire(self) -> None:
        """Take no further calls, and end once none is under way."""
        self.is_retired = True
        self._leave_when_idle()

    def _leave_when_idle(self) -> None:
        if self.is_retired and self.in_flight == 0:
            self._over.set()

    def break_off(self) -> None:
        """End now, whatever is under way: the server says nothing more, or we stop."""
        self._over.set()

    def stop(self) -> None:
        """End now, also while it connects."""
        self.is_retired = True
        self._scope.cancel()


class _Call(Generic[Result]):
    """One call in a task of the link, because the SDK may take seconds to give up a request."""

    def __init__(self, work: Callable[[], Awaitable[Result]]) -> None:
        self.answer: list[Result] = []
        self.errors: list[Exception] = []
        self.done = anyio.Event()
        self.scope = anyio.CancelScope()
        self._work = work

    async def run(self) -> None:
        """Keep the answer or the error; without either it was cancelled."""
        try:
            with self.scope:
                self.answer.append(await self._work())
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told
            self.errors.append(error)
        finally:
            self.done.set()
