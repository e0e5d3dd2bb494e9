"""Confines a process to some folders by Landlock: nothing to install, no privilege needed."""

import os
import stat

from gitops_auditor.execution.supervision import kernel

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _DEVICE_IOCTL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_IOCTL
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt")
_SPECIAL = (
    "/proc",
    "/sys/devices/system/cpu",
    "/run/systemd/resolve",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
)
_WRITABLE_DEVICES = ("/dev/null", "/dev/full", "/dev/zero", "/dev/tty")


def _all_file_rights(abi: int) -> int:
    # ABI 1 knows 13 rights; 2 adds linking between folders, 3 truncation, 5 device control.
    return (1 << (13 + (abi >= 2) + (abi >= 3) + (abi >= 5))) - 1


def prepare(readable: tuple[str, ...], writable: tuple[str, ...]) -> int:
    """The descriptor of a ruleset; what does not exist is left out.

    Raises OSError on a kernel without Landlock. Prepare it with the privileges that reach the
    folders, then drop them and call `kernel.landlock_restrict`.
    """
    abi = kernel.landlock_abi()
    rights = _all_file_rights(abi)
    scopes = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if abi >= 6 else 0
    ruleset = kernel.landlock_ruleset(rights, scopes)
    for path in (*SYSTEM_FOLDERS, *_SPECIAL, *readable):
        _allow(ruleset, path, _READ & rights)
    for path in _WRITABLE_DEVICES:
        _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & rights)
    for path in writable:
        _allow(ruleset, path, rights)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        kernel.landlock_allow(ruleset, rights if folder else rights & _OF_FILES, opened)
    finally:
        os.close(opened)
