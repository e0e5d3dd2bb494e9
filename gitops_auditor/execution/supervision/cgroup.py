"""A cgroup of its own for one job: limits that the kernel keeps for all its processes together.

Written for cgroup v2 as the kernel's document "Control Group v2" describes its files.
"""

import contextlib
import os
import time

from gitops_auditor.execution.supervision.orders import Limits

PREFIX = "gitops-job-"
"""A job's cgroup is named so, then the process id of its supervisor and a random part."""

_PERIOD = 100_000
_REMOVE_SECONDS = 5.0


class JobCgroup:
    """The cgroup of one job, made below `parent`, whose controllers are enabled there."""

    def __init__(self, parent: str, limits: Limits) -> None:
        self.path = f"{parent}/{PREFIX}{os.getpid()}-{os.urandom(8).hex()}"
        os.mkdir(self.path)  # noqa: PTH102 - a supervisor starts faster without pathlib
        try:
            self._limit(limits)
        except OSError:
            self.remove()
            raise

    def _limit(self, limits: Limits) -> None:
        self._write("memory.oom.group", "1")
        if limits.memory_bytes is not None:
            self._write("memory.max", str(limits.memory_bytes))
            # A kernel without swap accounting lacks it.
            with contextlib.suppress(FileNotFoundError):
                self._write("memory.swap.max", "0")
        if limits.processes is not None:
            self._write("pids.max", str(limits.processes))
        if limits.cpus is not None:
            self._write("cpu.max", f"{max(1000, int(limits.cpus * _PERIOD))} {_PERIOD}")

    def add(self, pid: int) -> None:
        """Put a process in; what it starts afterwards is in it too."""
        self._write("cgroup.procs", str(pid))

    def kill(self) -> None:
        """Kill all that is in it, at once; Linux before 5.14 cannot."""
        with contextlib.suppress(FileNotFoundError):
            self._write("cgroup.kill", "1")

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed it for its memory."""
        return self._number("memory.events", "oom_kill") > 0

    def cpu_seconds(self) -> float:
        """User and system time of all that ever ran in it."""
        return self._number("cpu.stat", "usage_usec") / 1e6

    def peak_memory(self) -> int:
        """The most bytes that it ever held, files in memory included; 0 before Linux 5.19."""
        with contextlib.suppress(FileNotFoundError):
            return int(self._read("memory.peak"))
        return 0

    def remove(self) -> bool:
        """Take it away; False while something still runs in it."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        while True:
            try:
                os.rmdir(self.path)  # noqa: PTH106 - as above
            except OSError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.002)
            else:
                return True

    def _number(self, file: str, name: str) -> int:
        for line in self._read(file).splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
        return 0

    def _read(self, file: str) -> str:
        with open(f"{self.path}/{file}", encoding="ascii") as opened:  # noqa: PTH123 - as above
            return opened.read()

    def _write(self, file: str, value: str) -> None:
        opened = os.open(f"{self.path}/{file}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(opened, value.encode())
        finally:
            os.close(opened)
