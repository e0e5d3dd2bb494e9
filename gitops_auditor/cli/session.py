"""What commands share: the open platform, calling operations as the local user, progress."""

import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import anyio

from gitops_auditor.app import Platform, open_platform
from gitops_auditor.cli.terminal import plain
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import GitOpsError, Refused
from gitops_auditor.identity import LOCAL
from gitops_auditor.log import configure_logging
from gitops_auditor.operations import Call, Progress, Work, no_progress

Answer = TypeVar("Answer")

FIRST_WAIT = 1.0
"""Seconds in which most work ends, and during which it reports progress by itself."""

NEXT_WAIT = 0.25
"""Seconds between two looks at work that takes longer."""


def prepare(**overrides: Any) -> Settings:
    """Settings for a command, with logging set up for a terminal."""
    settings = load_settings(**overrides)
    configure_logging("debug" if settings.log_level == "debug" else "warning", human=True)
    return settings


def with_platform(command: Callable[[Platform], Awaitable[Answer]], **overrides: Any) -> Answer:
    """Run a command's body on the open platform and return its answer."""
    settings = prepare(**overrides)

    async def body() -> Answer:
        async with open_platform(settings) as platform:
            return await command(platform)

    with _terminating_as_interrupt():
        return anyio.run(body)


@contextmanager
def _terminating_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl+C does: in order, and with its children."""

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    # A shell that starts a command in the background has SIGINT ignored, and SIGTERM with it.
    before_interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, before_interrupt)


async def call(
    platform: Platform, operation: str, progress: Progress = no_progress, **arguments: Any
) -> Any:
    """Call an operation as the local user; None arguments are left to their defaults."""
    _require_offered(platform, operation)
    given = {name: value for name, value in arguments.items() if value is not None}
    request = Call(operation, given, LOCAL, uuid.uuid4().hex, progress)
    return await platform.catalog.call(platform.services, request)


def _require_offered(platform: Platform, operation: str) -> None:
    if operation not in {offered.name for offered in platform.catalog.operations}:
        raise Refused(
            f"The settings turn {operation} off.",
            hint="Look at GITOPS_READ_ONLY and ENABLE_PHASE2_FEATURES.",
        )


async def call_long(platform: Platform, operation: str, label: str, **arguments: Any) -> Any:
    """Call a long operation with a progress bar on the terminal and return its result."""
    with _bar(label) as update:
        work = await call(platform, operation, update, wait_seconds=FIRST_WAIT, **arguments)
        try:
            while work.status in {"pending", "running"}:
                work = await call(platform, "get_work", work_id=work.id, wait_seconds=NEXT_WAIT)
                await update(work.done, work.total, work.message)
        except BaseException:
            await _cancel(platform, work)
            raise
    return _result(work)


async def _cancel(platform: Platform, work: Work[Any]) -> None:
    with anyio.CancelScope(shield=True), anyio.move_on_after(5):
        await call(platform, "cancel_work", work_id=work.id)


def _result(work: Work[Any]) -> Any:
    if work.error is None:
        return work.result
    if work.failure_kind == "errored":
        raise RuntimeError(f"{work.operation} failed of an internal fault, which is in the log.")
    raise GitOpsError(work.error.message, hint=work.error.hint)


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """Shows how far work is; where there is no terminal nothing is shown, nor loaded for it."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    with _Bar(label) as bar:
        yield bar.update


class _Bar:
    """A progress bar on standard error."""

    def __init__(self, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[dim]{task.fields[message]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(label, total=None, message="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    async def update(self, done: float, total: float | None, message: str) -> None:
        """Move the bar to `done` of `total`."""
        self._progress.update(self._task, completed=done, total=total, message=plain(message))
