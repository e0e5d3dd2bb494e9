"""The operating system's user that jobs run as, and the folders that it needs."""

import os
import pwd
import stat
from pathlib import Path

from gitops_auditor.errors import InvalidSetting, Refused

DEFAULT_USER = "nobody"


def resolve_job_user(name: str = DEFAULT_USER) -> tuple[int, int] | None:
    """The (uid, gid) of jobs; None when this process has no privileges to drop.

    Raises InvalidSetting for a user that does not exist and for one that is root.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise InvalidSetting(
            f"There is no user {name} to run jobs as.",
            hint="Name an existing user without privileges, for example nobody.",
        ) from None
    if entry.pw_uid == 0:
        raise InvalidSetting(
            f"Jobs may not run as {name}, which is root.",
            hint="Name a user without privileges, for example nobody.",
        )
    return entry.pw_uid, entry.pw_gid


def hand_over(folder: Path, user: tuple[int, int] | None) -> None:
    """Give a folder and all in it to the job user, before any job has run in it; links stay links.

    It blocks. Raises Refused when the job user cannot reach the folder then.
    """
    if user is None:
        return
    os.chown(folder, *user, follow_symlinks=False)
    for _, folders, files, opened in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, *user, dir_fd=opened, follow_symlinks=False)
    require_reachable(folder, user)


def require_reachable(folder: Path, user: tuple[int, int] | None) -> None:
    """Raise Refused unless the job user may pass through every folder above this one."""
    if user is None:
        return
    for parent in folder.resolve().parents:
        if not _may_pass(parent.stat(), *user):
            raise Refused(
                f"The user that jobs run as cannot reach {folder}: {parent} is closed to it.",
                hint=f"Keep job folders elsewhere, or allow passing through: chmod o+x {parent}",
            )


def _may_pass(status: os.stat_result, uid: int, gid: int) -> bool:
    if status.st_uid == uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
