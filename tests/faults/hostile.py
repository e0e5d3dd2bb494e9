"""Jobs that do their worst, and how each has to end."""

import os
import shutil
import textwrap
from typing import Any, NamedTuple

TIMEOUT_SECONDS = 2
MEMORY = "It was ended: it used more than 96 MiB of memory."
TIME = f"It ran longer than its {TIMEOUT_SECONDS} seconds."
PYTHON = shutil.which("python3", path="/usr/bin:/bin") or ""


class Hostile(NamedTuple):
    """A job, and the sentence that explains its end; without one it succeeds."""

    job: dict[str, Any]
    cause: str = ""
    needs: str = ""


def _python(text: str, **job: Any) -> dict[str, Any]:
    script = f"exec {PYTHON} -I -S - <<'END'\n{textwrap.dedent(text).strip()}\nEND"
    return {"script": script, "timeout": f"{TIMEOUT_SECONDS}s", **job}


def _shell(text: str, **job: Any) -> dict[str, Any]:
    return {"script": text, "timeout": f"{TIMEOUT_SECONDS}s", **job}


HOSTILE = {
    "forks without end": Hostile(
        _python(
            """
            import os, time
            for _ in range(400):
                if os.fork() == 0:
                    time.sleep(300)
            time.sleep(300)
            """
        ),
        "It could not start another process: it runs as many as it may.",
        needs="root",
    ),
    "takes all memory": Hostile(
        _python("x = bytearray(b'x') * (400 << 20); import time; time.sleep(300)"),
        MEMORY,
    ),
    "takes all memory with children": Hostile(
        _python(
            """
            import os, time
            for _ in range(5):
                if os.fork() == 0:
                    held = bytearray(b'x') * (40 << 20)
                    time.sleep(300)
            time.sleep(300)
            """
        ),
        MEMORY,
    ),
    "writes without end": Hostile(
        _shell("yes"), "It was ended: it wrote more than 1 MiB of output."
    ),
    "ignores every request to end": Hostile(
        _shell("trap '' TERM INT HUP QUIT; while :; do sleep 0.05; done"), TIME
    ),
    "spins": Hostile(_shell("while :; do :; done"), TIME),
    "leaves a daemon": Hostile(
        _shell(
            "(setsid sh -c 'trap \"\" TERM HUP INT; sleep 300' < /dev/null > /dev/null 2>&1 &) &"
        )
    ),
    "leaves a child that holds its output": Hostile(_shell("sleep 300 &")),
    "fills the workspace with files": Hostile(
        _shell("for n in $(seq 100); do head -c 1000000 /dev/zero > f$n; done; sleep 300"),
        "It was ended: it wrote more than 20 MiB into its folders.",
    ),
    "fills the workspace with one file": Hostile(
        _shell("head -c 100000000 /dev/zero > large"),
        "It was ended: it wrote more than 20 MiB into one file.",
    ),
    "opens files without end": Hostile(
        _python("held = []\nwhile True: held.append(open('/dev/null'))"),
        "It could not open another file: it holds as many as it may.",
    ),
    "leaves a link to a secret as its report": Hostile(
        _shell("ln -s /etc/passwd report.xml", coverage={"threshold": 1, "report": "report.xml"}),
        "Its coverage is not known. report.xml cannot be read: Too many levels of symbolic links."
        " Links are not followed; write a plain file.",
    ),
    "leaves a FIFO as its report": Hostile(
        _shell("mkfifo report.xml", coverage={"threshold": 1, "report": "report.xml"}),
        "Its coverage is not known. report.xml is not a regular file. Write it as a plain file.",
    ),
    "leaves a FIFO as an artifact": Hostile(
        _shell("mkfifo pipe; echo kept > kept", artifacts=["pipe", "kept"])
    ),
    "leaves a link as an artifact": Hostile(
        _shell("ln -s /etc/passwd link; echo kept > kept", artifacts=["link", "kept"])
    ),
}


def why_not(hostile: Hostile) -> str:
    """What keeps the job from running here; empty when nothing does."""
    if "exec" in hostile.job["script"] and not PYTHON:
        return "install python3 in /usr/bin to run this"
    if hostile.needs == "root" and os.geteuid() != 0:
        return "run the tests as root, so that the job's user is not yours"
    return ""
