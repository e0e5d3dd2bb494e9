"""Processes as /proc shows them (proc(5)): who descends from whom, what they use, ending them."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable

from gitops_auditor.execution.supervision.orders import COOKIE

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


def descendants(root: int) -> list[int]:
    """Every process below `root`, parents first; it may have changed when this returns."""
    found: list[int] = []
    seen: set[int] = {root}
    pending = [root]
    while pending:
        for child in children(pending.pop()):
            if child not in seen:
                seen.add(child)
                found.append(child)
                pending.append(child)
    return found


def children(pid: int) -> list[int]:
    """The direct children of all threads of a process."""
    found: list[int] = []
    with contextlib.suppress(*_GONE):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - no pathlib here
            with contextlib.suppress(*_GONE):
                listed = _read(f"/proc/{pid}/task/{thread}/children")
                found.extend(map(int, listed.split()))
    return found


def _read(path: str) -> bytes:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(opened, 65536)
    finally:
        os.close(opened)


def memory(pids: Iterable[int], enough: int) -> int:
    """Bytes that the processes use together.

    Pages shared among them count once (proportional set size). That is dear to find out, so while
    their plain resident sizes, which count shared pages again, stay under `enough`, it is those.
    """
    listed = list(pids)
    resident = sum(map(_resident, listed))
    return resident if resident <= enough else sum(map(_proportional, listed))


def _resident(pid: int) -> int:
    try:
        return int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE
    except _GONE:
        return 0


def _proportional(pid: int) -> int:
    try:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except _GONE:
        return 0
    return 0


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of the processes and of the children they have waited for."""
    return sum(map(_cpu_ticks, pids)) / _TICKS


def tasks_of_user(uid: int) -> int:
    """How many processes and threads a user has, which is what RLIMIT_NPROC counts."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - no pathlib here
        with contextlib.suppress(*_GONE):
            status = os.stat(f"/proc/{pid}/task")  # noqa: PTH116 - no pathlib here
            if status.st_uid == uid:
                count += status.st_nlink - 2
    return count


def _cpu_ticks(pid: int) -> int:
    try:
        # The name, in parentheses, may hold spaces and parentheses itself.
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except _GONE:
        return 0
    return sum(map(int, fields[11:15]))


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_descendants(root: int) -> set[int]:
    """Kill everything below `root` and say what that was; waiting for it is the caller's.

    They are all stopped first, so that none of them forks while others are killed.
    """
    stopped: set[int] = set()
    deadline = time.monotonic() + 2
    while new := [pid for pid in descendants(root) if pid not in stopped]:
        send(new, signal.SIGSTOP)
        stopped.update(new)
        if time.monotonic() > deadline:
            break
    send(stopped, signal.SIGKILL)
    return stopped


def reap_all(seconds: float) -> bool:
    """Wait for every child of this process, killing what it leaves; False if some outlive it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            if time.monotonic() > deadline:
                return False
            kill_descendants(os.getpid())
            time.sleep(0.001)


def processes_of_job(cookie: str) -> list[int]:
    """The processes of this machine that were started with this job's cookie and still run."""
    wanted = f"{COOKIE}={cookie}".encode()
    running = filter(str.isdigit, os.listdir("/proc"))  # noqa: PTH208 - no pathlib here
    return [int(pid) for pid in running if _has(pid, wanted)]


def kill_job(cookie: str, seconds: float = 5.0) -> bool:
    """Kill what runs with this job's cookie, for a job whose supervisor is gone; it blocks.

    False when some of it outlives `seconds`. A cookie is not guessable, so it names one job only.
    """
    deadline = time.monotonic() + seconds
    while found := processes_of_job(cookie):
        send(found, signal.SIGSTOP)
        send(found, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _has(pid: str, variable: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - no pathlib here
            return variable in file.read().split(b"\0")
    except _GONE:
        return False
