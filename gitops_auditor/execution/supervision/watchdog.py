"""Holds a whole process tree to the limits that the kernel only keeps for single processes."""

import os
import time
from collections.abc import Iterator

from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.cgroup import JobCgroup
from gitops_auditor.execution.supervision.orders import Limit, Order

INTERVAL = 0.05
"""Seconds between two looks at memory, processes and processor time."""
_DISK_INTERVAL = 0.25
_DISK_SHARE = 10
"""A walk through the workspace waits this many times as long as the last one took."""


class Watchdog:
    """Looks at the descendants of `root`, and at the folders that the job may fill."""

    def __init__(self, order: Order, root: int, cgroup: JobCgroup | None) -> None:
        self.order = order
        self.root = root
        self.cgroup = cgroup
        self.peak_memory = 0
        self._disk_due = time.monotonic() + _DISK_INTERVAL

    def exceeded(self) -> Limit | None:
        """The first limit that is passed right now."""
        passed = (
            self._tree_exceeded() if self.cgroup is None else self._cgroup_exceeded(self.cgroup)
        )
        return passed or ("workspace" if self._disk_full() else None)

    def _cgroup_exceeded(self, cgroup: JobCgroup) -> Limit | None:
        if cgroup.ran_out_of_memory():
            return "memory"
        limit = self.order.limits.cpu_seconds
        return "cpu" if limit is not None and cgroup.cpu_seconds() > limit else None

    def _tree_exceeded(self) -> Limit | None:
        limits = self.order.limits
        tree = process_tree.descendants(self.root)
        if limits.processes is not None and len(tree) > limits.processes:
            return "processes"
        if self._memory(tree) > _or_endless(limits.memory_bytes):
            return "memory"
        if process_tree.cpu_seconds(tree) > _or_endless(limits.cpu_seconds):
            return "cpu"
        return None

    def _memory(self, tree: list[int]) -> int:
        used = process_tree.memory(tree, self.order.limits.memory_bytes or 2**63)
        self.peak_memory = max(self.peak_memory, used)
        return used

    def _disk_full(self) -> bool:
        allowed = self.order.limits.workspace_bytes
        started = time.monotonic()
        if allowed is None or started < self._disk_due:
            return False
        used = sum(map(folder_bytes, self.order.writable))
        ended = time.monotonic()
        self._disk_due = ended + max(_DISK_INTERVAL, _DISK_SHARE * (ended - started))
        return used > allowed


def _or_endless(limit: float | None) -> float:
    return float("inf") if limit is None else limit


def folder_bytes(path: str) -> int:
    """Bytes that a folder takes on disk, links not followed; what vanishes meanwhile counts 0."""
    return sum(_entry_bytes(path))


def _entry_bytes(top: str) -> Iterator[int]:
    pending = [top]
    while pending:
        try:
            entries = os.scandir(pending.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                except OSError:
                    continue
