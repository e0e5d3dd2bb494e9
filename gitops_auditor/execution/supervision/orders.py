"""What the executor tells a supervisor, and how it travels: as JSON in an anonymous file."""

import array
import json
import os
import socket
from enum import IntEnum
from typing import Literal, NamedTuple

COOKIE = "GITOPS_JOB"
"""Environment variable that every process of a job starts with; its value names the job."""

Limit = Literal["cpu", "memory", "processes", "workspace", "output"]
Ending = Literal["exit", "timeout", "cancel", "cpu", "memory", "processes", "workspace", "output"]


class Isolation(IntEnum):
    """How a job is kept apart from the machine, weakest first."""

    NONE = 0
    LANDLOCK = 1
    BUBBLEWRAP = 2


class Limits(NamedTuple):
    """What one job may use; sizes in bytes, None for no limit.

    `cpu_seconds` (user and system) and `memory_bytes` (proportional set size), `processes` and
    `workspace_bytes` count the whole process tree; they are polled, so a job can pass them for an
    instant. `file_bytes` and `open_files` are the kernel's and hold for each process.
    """

    cpu_seconds: float | None = None
    memory_bytes: int | None = 4 * 2**30
    processes: int | None = 1024
    file_bytes: int | None = 4 * 2**30
    open_files: int | None = 4096
    workspace_bytes: int | None = 10 * 2**30
    output_bytes: int = 64 * 2**20
    temporary_bytes: int = 256 * 2**20


class Order(NamedTuple):
    """One job's process.

    `user` is the (uid, gid) to run as, None for the executor's own. `writable` are the folders
    that the job may change, `readable` what it may read beside the system's own folders.
    """

    argv: tuple[str, ...]
    cwd: str
    environment: dict[str, str]
    cookie: str
    timeout: float
    grace: float
    isolation: Isolation
    network: bool
    user: tuple[int, int] | None
    writable: tuple[str, ...]
    readable: tuple[str, ...] = ()
    limits: Limits = Limits()


def encode(order: Order) -> bytes:
    """The order as it is sent."""
    return json.dumps([*order[:-1], order.limits]).encode()


def decode(body: bytes) -> Order:
    """The order that `encode` made this of."""
    *values, limits = json.loads(body)
    order = Order(*values)._replace(limits=Limits(*limits))
    return order._replace(
        argv=tuple(order.argv),
        isolation=Isolation(order.isolation),
        user=(order.user[0], order.user[1]) if order.user else None,
        writable=tuple(order.writable),
        readable=tuple(order.readable),
    )


def anonymous_file(content: bytes) -> int:
    """A descriptor of a file in memory, to be read from its start."""
    descriptor = os.memfd_create("job", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def receive(connection: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """The first byte of a message and up to `most` descriptors that came with it.

    None of them is inherited by what is executed; `socket.recv_fds` leaves that out.
    """
    descriptors = array.array("i")
    space = socket.CMSG_SPACE(most * descriptors.itemsize)
    message, ancillary, _, _ = connection.recvmsg(1, space, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)
