"""A folder in memory for checkouts that are small and soon gone: a disk that others use is slow."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.execution.job_user import require_reachable

MOST_IN_MEMORY: Final = 64 * 2**20
"""Bytes of the files of one checkout; more of them belong on a disk."""
_ROOM: Final = 8 * MOST_IN_MEMORY
_SHARED: Final = Path("/dev/shm")  # noqa: S108 - what is below it is checked for its owner


def memory_folder(settings: Settings, user: tuple[int, int] | None) -> Path | None:
    """A folder of ours in shared memory, made when it is not there; it blocks.

    None where there is no such memory, little room in it, no way there for the user of jobs, or
    where PIPELINE_WORKSPACES says where checkouts are to be.
    """
    if settings.workspaces is not None or not _has_room(_SHARED):
        return None
    digest = hashlib.sha256(os.fsencode(settings.data_dir.absolute())).hexdigest()[:16]
    folder = _SHARED / f"gitops-auditor-{digest}"
    try:
        folder.mkdir(mode=0o711)
    except FileExistsError:
        pass
    except OSError:
        return None
    try:
        require_reachable(folder / "run", user)
    except Refused:
        return None
    return folder if _is_own(folder) else None


def _has_room(memory: Path) -> bool:
    try:
        found = os.statvfs(memory)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize >= _ROOM


def _is_own(folder: Path) -> bool:
    status = folder.lstat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not shared
