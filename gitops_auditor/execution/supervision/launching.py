"""Makes a job's first process: spawned where it can inherit all that it needs, else forked.

A spawn shares the supervisor's memory until the command is executed, so it costs what the command
costs; forking an interpreter costs twice as much, but lets Python run in the child.
"""

import errno
import os
import signal
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, NoReturn

from gitops_auditor.execution.supervision import confinement
from gitops_auditor.execution.supervision.orders import Order


class CannotStart(Exception):
    """The job's command could not be executed; the text says why."""


class Command(NamedTuple):
    """What to execute: the first of `candidates` that exists, with further descriptors `kept`."""

    candidates: list[str]
    argv: tuple[str, ...]
    environment: dict[str, str]
    cwd: str
    stdout: int
    stderr: int
    kept: tuple[int, ...] = ()


def spawn(command: Command, user: tuple[int, int] | None) -> int:
    """The process of a command, in a session of its own. Raises CannotStart."""
    for descriptor in command.kept:
        os.set_inheritable(descriptor, True)
    try:
        with confinement.acting_as(user):
            os.chdir(command.cwd)
            return _spawn_first(command)
    except OSError as failure:
        raise _cannot_start(command, str(failure)) from failure
    finally:
        os.chdir("/")


def _spawn_first(command: Command) -> int:
    refused = _not_found()
    for candidate in command.candidates:
        try:
            # A spawn that fails is much dearer than to look.
            os.stat(candidate)  # noqa: PTH116 - a supervisor starts faster without pathlib
            return os.posix_spawn(
                candidate,
                command.argv,
                command.environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, command.stdout, 1),
                    (os.POSIX_SPAWN_DUP2, command.stderr, 2),
                ],
                setsid=True,
                setsigmask=(),
                setsigdef=_ignored_signals(),
            )
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as denied:
            refused = denied
    raise refused


def fork(command: Command, order: Order) -> int:
    """The process of a command that confined itself first. Raises CannotStart."""
    supervisor = os.getpid()
    failure_read, failure_write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            _redirect(command.stdout, command.stderr)
            confinement.become_job(order, supervisor)
            _execute(command)
        except BaseException as failure:  # noqa: BLE001 - a forked child must not return
            os.write(failure_write, str(failure).encode()[:4096])
        finally:
            os._exit(127)
    os.close(failure_write)
    failure_text = os.read(failure_read, 4096)
    os.close(failure_read)
    if failure_text:
        os.waitpid(pid, 0)
        raise _cannot_start(command, failure_text.decode())
    return pid


def _redirect(stdout: int, stderr: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    for source, target in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    for ignored in _ignored_signals():
        signal.signal(ignored, signal.SIG_DFL)


def _execute(command: Command) -> NoReturn:
    refused = _not_found()
    for candidate in command.candidates:
        try:
            os.execve(candidate, command.argv, command.environment)  # noqa: S606 - no shell's text
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as denied:
            refused = denied
    raise refused


@cache
def _ignored_signals() -> Iterable[int]:
    """All that can be ignored: Python ignores some, and a shell more for what it starts behind."""
    return signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


def _not_found() -> OSError:
    return FileNotFoundError(errno.ENOENT, "it is not found in the job's PATH")


def _cannot_start(command: Command, reason: str) -> CannotStart:
    return CannotStart(f"{command.argv[0]} cannot be started: {reason}.")
