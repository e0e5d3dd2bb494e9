"""The sandbox of a job as arguments of bubblewrap (bwrap(1), 0.8 or later).

A job sees the system's programs and libraries read-only, a few files of /etc, its own folders, its
own /proc, /dev, /tmp and, without network, only its own loopback. It has no capability, cannot make
another user namespace, and all of it ends with the first process of its process namespace.
"""

import os

from gitops_auditor.execution.supervision.orders import Order

_PROGRAMS = ("/usr", "/opt")
_LINKED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_CONFIGURATION = (
    "alternatives",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "gai.conf",
    "group",
    "host.conf",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "login.defs",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki",
    "profile",
    "protocols",
    "services",
    "shells",
    "ssl",
    "terminfo",
    "timezone",
)


def arguments(order: Order) -> list[str]:
    """The options for `bwrap --args`; the command follows on bwrap's own command line.

    Variables are among them, so they must never stand on a command line.
    """
    return [
        *_namespaces(order),
        *_system(),
        *_configuration(order),
        *_own_mounts(order),
        *_binds(order),
        "--remount-ro",
        "/",
        "--chdir",
        order.cwd,
        *_environment(order.environment),
    ]


def _namespaces(order: Order) -> list[str]:
    shared = ["--share-net"] if order.network else []
    return [
        "--unshare-all",
        *shared,
        "--unshare-user",
        "--disable-userns",
        "--cap-drop",
        "ALL",
        "--die-with-parent",
        "--new-session",
        "--hostname",
        "job",
    ]


def _system() -> list[str]:
    options: list[str] = []
    for path in _PROGRAMS:
        options += ["--ro-bind-try", path, path]
    for path in _LINKED:
        if os.path.islink(path):  # noqa: PTH114 - a supervisor starts faster without pathlib
            options += ["--symlink", os.readlink(path), path]  # noqa: PTH115 - as above
        else:
            options += ["--ro-bind-try", path, path]
    return options


def _configuration(order: Order) -> list[str]:
    # A machine that takes its name servers from elsewhere has a link here, which bwrap follows.
    java = sorted(name for name in os.listdir("/etc") if name.startswith("java-"))  # noqa: PTH208
    names = (*_CONFIGURATION, *java, *(("resolv.conf",) if order.network else ()))
    options: list[str] = []
    for name in names:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return options


def _own_mounts(order: Order) -> list[str]:
    size = str(order.limits.temporary_bytes)
    return [
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", size, "--perms", "1777", "--tmpfs", "/dev/shm"),  # noqa: S108 - the job's own
        *("--remount-ro", "/dev"),
        *("--size", size, "--perms", "1777", "--tmpfs", "/tmp"),  # noqa: S108 - the job's own
    ]


def _binds(order: Order) -> list[str]:
    options: list[str] = []
    for path in order.readable:
        options += ["--ro-bind-try", path, path]
    for path in order.writable:
        options += ["--bind", path, path]
    return options


def _environment(environment: dict[str, str]) -> list[str]:
    options = ["--clearenv"]
    for name, value in environment.items():
        options += ["--setenv", name, value]
    return options
