"""What the executor tells a supervisor, and how it travels: as JSON, with the job's outputs."""

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
    CGROUP = 3
    """Bubblewrap, and a cgroup for each job."""


class Limits(NamedTuple):
    """What one job may use; sizes in bytes, None for no limit.

    `cpu_seconds` (user and system) and `memory_bytes` (proportional set size), `processes` and
    `workspace_bytes` count the whole process tree; they are polled, so a job can pass them for an
    instant. `file_bytes` and `open_files` are the kernel's and hold for each process.

    In a cgroup the kernel keeps `memory_bytes`, which then includes files in memory, and
    `processes`, and `cpus` bounds the processors used at once; elsewhere nothing does.
    """

    cpu_seconds: float | None = None
    memory_bytes: int | None = 4 * 2**30
    processes: int | None = 1024
    file_bytes: int | None = 4 * 2**30
    open_files: int | None = 4096
    workspace_bytes: int | None = 10 * 2**30
    output_bytes: int = 64 * 2**20
    temporary_bytes: int = 256 * 2**20
    cpus: float | None = None


class Order(NamedTuple):
    """One job's process.

    `user` is the (uid, gid) to run as, None for the executor's own. `writable` are the folders
    that the job may change, `readable` what it may read beside the system's own folders.
    `Processes` sets `user_tasks`, the most tasks that the user may have, other jobs' too, for jobs
    whose own the kernel cannot count, and `cgroups`, the folder to make the job's cgroup in.
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
    user_tasks: int | None = None
    cgroups: str | None = None
    limits: Limits = Limits()


class Standing(NamedTuple):
    """The limits of a supervisor itself, which its jobs inherit; it cannot raise them again."""

    file_bytes: int | None
    open_files: int | None
    user_tasks: int | None


_OWN_FILES = 32
"""A supervisor opens fewer files than that for itself."""


def standing_of(order: Order) -> Standing | None:
    """What the order's supervisor has to stand under; None when the job limits itself.

    Processor time is not inherited well: what the supervisor uses itself counts for it.
    """
    limits = order.limits
    if order.isolation is not Isolation.NONE or limits.cpu_seconds is not None:
        return None
    if limits.open_files is not None and limits.open_files < _OWN_FILES:
        return None
    return Standing(limits.file_bytes, limits.open_files, order.user_tasks)


def encode(order: Order) -> bytes:
    """The order in JSON; `decode` reads it."""
    return json.dumps(order).encode()


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


_MESSAGE_BYTES = 65536
_IN_FILE = b"f"


def message(order: Order, stdout: int, stderr: int) -> tuple[bytes, list[int]]:
    """What to send for a job: bytes, and the descriptors that go with them.

    A descriptor more than the two outputs is a file in memory, which holds a long order.
    """
    body = encode(order)
    if len(body) <= _MESSAGE_BYTES:
        return body, [stdout, stderr]
    return _IN_FILE, [stdout, stderr, anonymous_file(body)]


def receive(connection: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """A message and up to `most` descriptors that came with it.

    None of them is inherited by what is executed; `socket.recv_fds` leaves that out.
    """
    descriptors = array.array("i")
    space = socket.CMSG_SPACE(most * descriptors.itemsize)
    received, ancillary, _, _ = connection.recvmsg(_MESSAGE_BYTES, space, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return received, list(descriptors)


def receive_order(connection: socket.socket) -> tuple[Order, int, int] | None:
    """The next job's order, standard output and standard error; None at the end of the jobs."""
    while True:
        body, descriptors = receive(connection, 3)
        if len(descriptors) >= 2:
            break
        if not body:
            return None
        # A command for the job before, which ended as it was sent.
    if len(descriptors) == 3:
        with os.fdopen(descriptors[2], "rb") as file:
            body = file.read()
    return decode(body), descriptors[0], descriptors[1]
