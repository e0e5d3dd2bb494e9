"""The standard streams of a stdio server: kept for the protocol, whatever a library prints."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class Wire(NamedTuple):
    """File descriptors that the protocol is read from and written to."""

    incoming: int
    outgoing: int


@contextmanager
def claimed_streams() -> Iterator[Wire]:
    """Take standard input and output for the protocol, for this process and its children.

    Meanwhile descriptor 0 reads as empty and descriptor 1 leads to standard error, so that neither
    `print` nor a native library nor a child process can reach the client. Both are given back.
    """
    wire = Wire(os.dup(_STDIN), os.dup(_STDOUT))
    _point(_STDIN, os.open(os.devnull, os.O_RDONLY))
    _point(_STDOUT, _error_output())
    try:
        yield wire
    finally:
        with suppress(OSError):
            os.dup2(wire.incoming, _STDIN)
            os.dup2(wire.outgoing, _STDOUT)
        os.close(wire.incoming)
        os.close(wire.outgoing)


def _point(descriptor: int, target: int) -> None:
    os.dup2(target, descriptor)
    os.close(target)


def _error_output() -> int:
    try:
        return os.dup(_STDERR)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
