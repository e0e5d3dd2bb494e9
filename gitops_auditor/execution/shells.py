"""The shell that runs the scripts of jobs and the command lines of gates.

It is bash with `-e` and `pipefail`, so that the failure of any command of a pipe is one of the
script; on a machine without bash it is `sh -e`.
"""

import shutil
from functools import cache
from typing import Final

_SHELLS: Final = "/usr/local/bin:/usr/bin:/bin"
"""Folders of programs that a sandbox shows."""


@cache
def shell() -> tuple[str, ...]:
    """The shell of this machine, ready for a script, its name and its parameters."""
    bash = shutil.which("bash", path=_SHELLS)
    return (bash, "-e", "-o", "pipefail", "-c") if bash else ("sh", "-e", "-c")
