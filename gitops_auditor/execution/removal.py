"""Removes folders that jobs wrote: closed, very deep, full of links. No link is followed."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_auditor.errors import Unavailable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours with all in it; it blocks. Nothing happens when it does not exist.

    Folders that are closed even to their owner are opened first. Deep ones are brought up level by
    level, so that neither open files nor names run out. Raises Unavailable when something stays.
    """
    try:
        with _opened(folder) as top:
            _empty(top)
        folder.rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be removed: {error.strerror or error}.",
            hint="Check who owns what is in it, and remove it by hand.",
        ) from None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    opened = os.open(path, _FOLDER)
    try:
        yield opened
    finally:
        os.close(opened)


def _empty(top: int) -> None:
    mark, count = secrets.token_hex(8), 0
    while folders := _remove_files(top):
        for name in folders:
            inner = _open_inner(top, name)
            try:
                for deeper in _remove_files(inner):
                    count += 1
                    _let_move(inner, deeper)
                    os.rename(deeper, f"{mark}-{count}", src_dir_fd=inner, dst_dir_fd=top)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def _remove_files(folder: int) -> list[str]:
    """Remove everything that is no folder; returns the names of the folders."""
    folders = []
    with os.scandir(folder) as entries:
        listed = list(entries)
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        else:
            os.unlink(entry.name, dir_fd=folder)
    return folders


def _open_inner(parent: int, name: str) -> int:
    _let_move(parent, name)
    return os.open(name, _FOLDER, dir_fd=parent)


def _let_move(parent: int, name: str) -> None:
    """Give the owner all rights of a folder: to list it, to empty it, to move it elsewhere."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_IMODE(status.st_mode) & stat.S_IRWXU == stat.S_IRWXU:
        return
    if not hasattr(os, "O_PATH"):
        os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)
        return
    # Linux changes modes by name through links only, so it is done by a handle.
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(0o700)
    finally:
        os.close(handle)
