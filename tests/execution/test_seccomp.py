"""The filter of each architecture, interpreted as the kernel does (classic BPF)."""

import errno
import struct

import pytest

from gitops_auditor.execution.supervision import seccomp

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
IOCTL = {"x86_64": 16, "aarch64": 29}
SOCKET = {"x86_64": 41, "aarch64": 198}
PTRACE = {"x86_64": 101, "aarch64": 117}
READ = {"x86_64": 0, "aarch64": 63}
machines = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """0 when the call is allowed, else the error that it gives."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, architecture, 0, *padded)
    place = accumulator = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, place * 8)
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return value & 0xFFFF if value >> 16 == 5 else 0
        else:
            true = {
                0x15: accumulator == value,
                0x35: accumulator >= value,
                0x45: accumulator & value != 0,
            }[code]
            place += if_true if true else if_false


@machines
def test_ordinary_calls_are_allowed(machine: str) -> None:
    program = seccomp.job_filter(internet=True, machine=machine)
    for number in (READ[machine], 1000):
        assert verdict(program, AUDIT[machine], number) == 0
    assert verdict(program, AUDIT[machine], CLONE[machine], 0x3D0F00) == 0
    assert verdict(program, AUDIT[machine], IOCTL[machine], 1, 0x5401) == 0


@machines
def test_dangerous_calls_fail(machine: str) -> None:
    program = seccomp.job_filter(internet=True, machine=machine)
    assert verdict(program, AUDIT[machine], PTRACE[machine]) == errno.EPERM
    assert verdict(program, AUDIT[machine], 435) == errno.ENOSYS
    assert verdict(program, AUDIT[machine], IOCTL[machine], 0, 0x5412) == errno.EPERM
    assert verdict(program, AUDIT[machine], IOCTL[machine], 0, 0x541C) == errno.EPERM
    for namespace in (0x00020000, 0x10000000, 0x40000000, 0x00000080):
        assert verdict(program, AUDIT[machine], CLONE[machine], namespace) == errno.EPERM


@machines
def test_sockets_are_limited_to_common_families(machine: str) -> None:
    inside = seccomp.job_filter(internet=True, machine=machine)
    for family in (1, 2, 10):
        assert verdict(inside, AUDIT[machine], SOCKET[machine], family, 1) == 0
    assert verdict(inside, AUDIT[machine], SOCKET[machine], 16, 3, 0) == 0
    for family, protocol in ((16, 15), (17, 0), (38, 0), (40, 0)):
        refused = verdict(inside, AUDIT[machine], SOCKET[machine], family, 3, protocol)
        assert refused == errno.EAFNOSUPPORT


@machines
def test_without_internet_only_local_sockets_are_left(machine: str) -> None:
    program = seccomp.job_filter(internet=False, machine=machine)
    assert verdict(program, AUDIT[machine], SOCKET[machine], 1, 1) == 0
    for family in (2, 10, 16):
        assert verdict(program, AUDIT[machine], SOCKET[machine], family, 1) == errno.EAFNOSUPPORT


@machines
def test_calls_of_another_architecture_do_not_exist(machine: str) -> None:
    program = seccomp.job_filter(internet=True, machine=machine)
    assert verdict(program, 0x40000003, READ[machine]) == errno.ENOSYS
    assert verdict(program, AUDIT[machine], 0x40000000 + READ[machine]) == errno.ENOSYS


def test_an_unknown_architecture_is_not_supported() -> None:
    assert not seccomp.supported("riscv64")
    assert seccomp.supported("aarch64")
