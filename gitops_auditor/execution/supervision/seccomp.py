"""Assembles the seccomp filter of a job: classic BPF over `struct seccomp_data` (seccomp(2)).

Refused are the calls by which a process reaches into others, the kernel or the machine, new
namespaces, and socket families other than the common ones. All else is allowed.
"""

import errno
import os
import struct
from typing import NamedTuple

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4
_X32_BIT = 0x40000000

_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK, _NETLINK_ROUTE = 1, 2, 10, 16, 0

# The call's number on x86-64 and on arm64; None where the architecture lacks it.
_REFUSED: dict[str, tuple[int, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "lookup_dcookie": (212, 18),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "vhangup": (153, 58),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
    "modify_ldt": (154, None),
}


class _Machine(NamedTuple):
    audit: int
    column: int
    clone: int
    clone3: int
    ioctl: int
    socket: int


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 0, 56, 435, 16, 41),
    "aarch64": _Machine(0xC00000B7, 1, 220, 435, 29, 198),
}


def supported(machine: str | None = None) -> bool:
    """Whether a filter can be made for this machine's architecture."""
    return (machine or os.uname().machine) in _MACHINES


def job_filter(*, internet: bool, machine: str | None = None) -> bytes:
    """The program, as `bwrap --seccomp` and the kernel take it, 8 bytes an instruction.

    `internet` allows IPv4, IPv6 and route look-ups; local sockets are always allowed.
    Raises KeyError for an architecture that is not `supported`.
    """
    names = _MACHINES[machine or os.uname().machine]
    program = _prologue(names)
    for numbers in _REFUSED.values():
        number = numbers[names.column]
        if number is not None:
            program += _on_call(number, [_refuse(errno.EPERM)])
    # The flags of clone3 lie in memory that a filter cannot read; C libraries fall back to clone.
    program += _on_call(names.clone3, [_refuse(errno.ENOSYS)])
    program += _on_call(names.clone, _clone_rules())
    program += _on_call(names.ioctl, _ioctl_rules())
    program += _on_call(names.socket, _socket_rules(internet=internet))
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)


def _argument(index: int) -> bytes:
    # The low half; all the arguments looked at are 32-bit, and both machines are little-endian.
    return _step(_LOAD, 16 + 8 * index)


def _prologue(names: _Machine) -> list[bytes]:
    return [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, names.audit, 1, 0),
        _refuse(errno.ENOSYS),
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _X32_BIT, 0, 1),
        _refuse(errno.ENOSYS),
    ]


def _on_call(number: int, block: list[bytes]) -> list[bytes]:
    return [_step(_EQUAL, number, 0, len(block)), *block]


def _clone_rules() -> list[bytes]:
    return [
        _argument(0),
        _step(_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


def _ioctl_rules() -> list[bytes]:
    return [
        _argument(1),
        _step(_EQUAL, _TIOCSTI, 1, 0),
        _step(_EQUAL, _TIOCLINUX, 0, 1),
        _refuse(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


def _socket_rules(*, internet: bool) -> list[bytes]:
    families = (_AF_UNIX, _AF_INET, _AF_INET6) if internet else (_AF_UNIX,)
    rules = [_argument(0)]
    for family in families:
        rules += [_step(_EQUAL, family, 0, 1), _step(_RETURN, _ALLOW)]
    if internet:
        rules += [
            _step(_EQUAL, _AF_NETLINK, 0, 3),
            _argument(2),
            _step(_EQUAL, _NETLINK_ROUTE, 0, 1),
            _step(_RETURN, _ALLOW),
        ]
    return [*rules, _refuse(errno.EAFNOSUPPORT)]
