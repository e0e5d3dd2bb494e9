"""The part of the cgroup v2 tree that this process was given, for the cgroups of its jobs.

A service gets one by `Delegate=yes` of systemd.resource-control(5). The rule that inner cgroups
hold no processes makes this process move itself, and what it started, into a leaf of it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from gitops_auditor.errors import Refused
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.cgroup import PREFIX

_LEAF = "gitops-executor"
_CONTROLLERS = frozenset({"cpu", "memory", "pids"})
_MARKS = ("user.delegate", "trusted.delegate")
_MOVES = 10
_DELEGATE = (
    "set `Delegate=yes` in the service's unit, or start the command by"
    " `systemd-run --user --scope -p Delegate=yes`"
)
_UNIFIED = "boot with systemd.unified_cgroup_hierarchy=1 and cgroup_no_v1=all"


def own_folder(cgroup: str, mountinfo: str) -> Path | None:
    """The folder of a process's cgroup, from its /proc/PID/cgroup and /proc/PID/mountinfo.

    None where no version 2 hierarchy is mounted, or none that shows it.
    """
    own = next((line[3:] for line in cgroup.splitlines() if line.startswith("0::")), None)
    for line in mountinfo.splitlines():
        mount, _, described = line.partition(" - ")
        if own is not None and described.startswith("cgroup2 "):
            root, point = mount.split()[3:5]
            if Path(own).is_relative_to(root):
                return Path(point) / Path(own).relative_to(root)
    return None


def find() -> Path:
    """The folder of the cgroup that this process was given. Raises Refused, its hint the remedy."""
    cgroup = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    folder = own_folder(cgroup, Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    if folder is None:
        raise Refused("No cgroup v2 hierarchy is mounted.", hint=_UNIFIED)
    at_top = "0::/\n" in cgroup
    if folder.name == _LEAF:
        folder = folder.parent
    offered = (folder / "cgroup.controllers").read_text(encoding="ascii").split()
    if missing := sorted(_CONTROLLERS.difference(offered)):
        remedy = _UNIFIED if at_top else _DELEGATE
        raise Refused(f"The cgroup {folder} lacks {', '.join(missing)}.", hint=remedy)
    if not (at_top or _is_given(folder)):
        raise Refused(f"The cgroup {folder} is not delegated to this process.", hint=_DELEGATE)
    if not _is_root(folder) and set(_inside(folder)) - _own():
        raise Refused(f"The cgroup {folder} holds other processes too.", hint=_DELEGATE)
    return folder


def take() -> Path:
    """The folder that `find` finds, ready to make the cgroups of jobs in; it blocks.

    Raises Refused as that does. Safe to repeat, also in a process that this one started.
    """
    folder = find()
    try:
        if not _is_root(folder):
            _leave(folder)
        enabled = " ".join(f"+{name}" for name in sorted(_CONTROLLERS))
        (folder / "cgroup.subtree_control").write_text(enabled, encoding="ascii")
    except OSError as failure:
        raise Refused(
            f"The cgroup {folder} cannot be used: {failure.strerror}.", hint=_DELEGATE
        ) from failure
    sweep(folder)
    return folder


def _is_root(folder: Path) -> bool:
    """Whether it is the machine's root cgroup, which alone may hold processes and others."""
    return not (folder / "cgroup.type").exists()


def _is_given(folder: Path) -> bool:
    """Whether it was delegated: root may write everywhere, so there a mark has to say so."""
    if os.geteuid() != 0:
        needed = ("", "cgroup.procs", "cgroup.subtree_control")
        return all(os.access(folder / name, os.W_OK) for name in needed)
    marks = set(_MARKS).intersection(os.listxattr(folder))
    return any(os.getxattr(folder, mark) == b"1" for mark in marks)


def _inside(folder: Path) -> Iterator[int]:
    return map(int, (folder / "cgroup.procs").read_text(encoding="ascii").split())


def _own() -> set[int]:
    return {os.getpid(), *process_tree.descendants(os.getpid())}


def _leave(folder: Path) -> None:
    """Move this process and what it started into the leaf."""
    leaf = folder / _LEAF
    leaf.mkdir(exist_ok=True)
    for _ in range(_MOVES):
        moving = _own().intersection(_inside(folder))
        for pid in moving:
            try:
                (leaf / "cgroup.procs").write_text(str(pid), encoding="ascii")
            except ProcessLookupError:
                continue
        if not moving:
            break


def sweep(folder: Path) -> None:
    """Take away the cgroups of jobs whose supervisor is gone; one that is in use stays."""
    for left in folder.glob(f"{PREFIX}*"):
        supervisor = left.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", supervisor).exists():
            try:
                left.rmdir()
            except OSError:
                continue
