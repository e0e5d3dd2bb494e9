"""The Linux calls that Python has no name for: prctl(2), seccomp filters and Landlock."""

import ctypes
import os
import signal
import struct

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# Landlock has the same numbers on every architecture.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_RULE_PATH_BENEATH = 1
_CREATE_RULESET_VERSION = 1

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def _prctl(option: int, argument: int, call: str, pointer: object = 0) -> None:
    unsigned = ctypes.c_ulong
    rest = pointer or unsigned(0)
    result = _libc.prctl(option, unsigned(argument), rest, unsigned(0), unsigned(0))
    _checked(int(result), call)


def become_subreaper() -> None:
    """Adopt orphaned descendants, so that none can leave by forking twice."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER")


def die_with_parent() -> None:
    """Be killed when the parent's thread ends; a change of user id undoes it."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, "PR_SET_PDEATHSIG")


def refuse_new_privileges() -> None:
    """Make setuid programs run without their privileges, for good."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS")


def install_filter(program: bytes) -> None:
    """Install a seccomp filter; needs `refuse_new_privileges` first."""
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, "PR_SET_SECCOMP", ctypes.byref(described))


def landlock_abi() -> int:
    """The version of Landlock that the kernel offers; 0 when it has none or it is turned off."""
    size = ctypes.c_size_t(0)
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, size, _CREATE_RULESET_VERSION)))


def landlock_ruleset(files: int, scopes: int) -> int:
    """A descriptor of a new ruleset that handles these file rights and scopes."""
    attributes = struct.pack("=QQQ", files, 0, scopes)
    # Kernels before ABI 6 know a shorter structure and accept a longer one that ends in zeros.
    result = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    return _checked(int(result), "landlock_create_ruleset")


def landlock_allow(ruleset: int, rights: int, folder: int) -> None:
    """Allow `rights` below what the descriptor `folder` is open on."""
    attributes = struct.pack("=Qi", rights, folder)
    result = _libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, attributes, 0)
    _checked(int(result), "landlock_add_rule")


def landlock_restrict(ruleset: int) -> None:
    """Confine this thread and what it starts; needs `refuse_new_privileges` first."""
    _checked(int(_libc.syscall(_RESTRICT_SELF, ruleset, 0)), "landlock_restrict_self")
