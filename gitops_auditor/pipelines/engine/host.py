"""Names the machine as it runs now, so that processes are looked for only where they can be."""

import platform
from functools import cache
from pathlib import Path

_MACHINE = Path("/etc/machine-id")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@cache
def this_host() -> str:
    """The machine and its boot (machine-id(5), random(4)); another boot is another host."""
    machine = _read(_MACHINE) or platform.node()
    return f"{machine}/{_read(_BOOT) or 'unknown'}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
