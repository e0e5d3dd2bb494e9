"""The command line as a process: with pipes, or on a terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

COMMAND = (sys.executable, "-m", "gitops_auditor")
ROOT = Path(__file__).parents[2]
SECONDS = 60


class Ended(NamedTuple):
    """How a command ended: its exit status and what it wrote."""

    status: int
    out: str
    err: str


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a user with this data folder, and no settings but `more`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir.parent),
        "PYTHONPATH": str(ROOT),
        "GITOPS_DATA_DIR": str(data_dir),
        # So that coverage sees what the child runs.
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        **more,
    }


def ended(
    *arguments: str, env: Mapping[str, str], folder: Path | None = None, standard_input: str = ""
) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=dict(env),
        cwd=folder,
        input=standard_input,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(
    *arguments: str, env: Mapping[str, str], command: Sequence[str] = COMMAND
) -> Iterator[subprocess.Popen[str]]:
    """A command that runs, in a process group of its own; killed at the end of the block."""
    process = subprocess.Popen(
        [*command, *arguments],
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """The addresses that the server prints, by their label, as soon as they are all there."""
    assert process.stdout is not None
    addresses: dict[str, str] = {}
    for line in process.stdout:
        if found := re.fullmatch(r"  (MCP|REST|OpenAPI|WebSocket) +(\S+)\n", line):
            addresses[found[1]] = found[2]
        if len(addresses) == 4:
            return addresses
    raise AssertionError(process.stderr.read() if process.stderr else "")


def on_terminal(*arguments: str, env: Mapping[str, str], columns: int = 100) -> Ended:
    """Run a command to its end on a terminal of its own; `out` holds all that it shows."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (40, columns))
    terminal = {**env, "TERM": "xterm-256color"}
    with subprocess.Popen(
        [*COMMAND, *arguments], env=terminal, stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        try:
            shown = _read_all(ours)
            status = process.wait(SECONDS)
        finally:
            process.kill()
            os.close(ours)
    return Ended(status, shown.decode("utf-8"), "")


def _read_all(terminal: int) -> bytes:
    shown, until = b"", time.monotonic() + SECONDS
    while select.select([terminal], [], [], max(0.0, until - time.monotonic()))[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # Linux says so when the last process that had the terminal is gone
            return shown
    raise TimeoutError(shown)
