"""Runs one git command with hardened arguments, bounded time and output, and no child left.

Nothing that a repository's own configuration names is executed: file monitor, hooks and, for local
reads, every transport are off.
"""

import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

import anyio
import anyio.to_thread

from gitops_auditor.errors import TimedOut, TooLarge, Unavailable

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.quotePath=false",
    "-c", "core.untrackedCache=false",
    "-c", "protocol.ext.allow=never",
    "-c", "http.followRedirects=false",
    "-c", "safe.directory=*",
    "-c", "safe.bareRepository=all",
    "-c", "credential.helper=",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "submodule.recurse=false",
)  # fmt: skip

_LOCAL_VARIABLES = ("PATH", "TMPDIR")
_NETWORK_VARIABLES = (
    "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
    "HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
)  # fmt: skip

_FIXED_VARIABLES = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C.UTF-8",
    # git takes and frees a buffer for each object. Where it has the GNU C library (mallopt(3)), it
    # then gives the memory back to the system and takes it again, which was half of the time of
    # packing loose objects.
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024 * 1024),
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
}

_STDERR_KEPT = 8 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Command:
    """What to run and its bounds. `protocols` empty means that no transport may be used at all."""

    name: str
    arguments: Sequence[str]
    timeout: float
    """Seconds until the command and everything it started are killed."""
    options: Sequence[str] | Callable[[], Sequence[str]] = ()
    """Options of git itself, which stand before the command's name; a function is called for them
    in the worker thread that starts git."""
    max_output: int = 256 * 1024 * 1024
    protocols: Sequence[str] = ()
    ssh_command: str = "ssh -oBatchMode=yes"
    input: bytes = b""

    def argv(self, path: str) -> list[str]:
        """The argument list that runs this with the program at `path`."""
        options = self.options() if callable(self.options) else self.options
        return [path, *_OPTIONS, *options, self.name, *self.arguments]

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The allow-listed part of `inherited` and what switches git's own surprises off."""
        allowed = _LOCAL_VARIABLES + (_NETWORK_VARIABLES if self.protocols else ())
        environment = {name: inherited[name] for name in allowed if name in inherited}
        environment.update(_FIXED_VARIABLES)
        # An empty value would mean git's default list; no transport is called "none".
        environment["GIT_ALLOW_PROTOCOL"] = ":".join(self.protocols) or "none"
        environment["GIT_SSH_COMMAND"] = self.ssh_command
        return environment


class Output(NamedTuple):
    """What an ended command left."""

    status: int
    stdout: bytes
    stderr: str


Sink = Callable[[bytes], None]


class Executable:
    """The git program. At most `processes` of it run at once through this object."""

    def __init__(self, path: str = "git", processes: int = 8) -> None:
        self._path = path
        self._slots = anyio.CapacityLimiter(processes)

    async def run(
        self, command: Command, *, stdout: Sink | None = None, stderr: Sink | None = None
    ) -> Output:
        """Run to the end and return its output; a status other than 0 is for the caller to judge.

        `stdout` and `stderr` are called in a worker thread with each piece as it arrives; what goes
        to `stdout` is then not collected. Raises TimedOut, TooLarge (over `max_output` bytes) or
        Unavailable (no git here). Cancelling kills the command with its whole process group.
        """
        child = _Child(self._path, command, stdout, stderr)
        try:
            return await anyio.to_thread.run_sync(
                child.run, abandon_on_cancel=True, limiter=self._slots
            )
        finally:
            child.kill()


class _Child:
    """One process, owned by the worker thread that runs it; only `kill` is for other threads."""

    def __init__(
        self, path: str, command: Command, stdout: Sink | None, stderr: Sink | None
    ) -> None:
        self._path = path
        self._command = command
        self._chunks: list[bytes] = []
        self._received = 0
        self._stdout = stdout or self._chunks.append
        self._stderr_tail = b""
        self._stderr = stderr
        self._lock = threading.Lock()
        self._killed = False
        self._process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """End the process group if it still runs, and keep it from starting if it has not."""
        with self._lock:
            self._killed = True
            # An unreaped leader keeps its group id from being given to anyone else.
            if self._process is not None and self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def run(self) -> Output:
        deadline = time.monotonic() + self._command.timeout
        process = self._start_with_input()
        try:
            self._pump(process, deadline)
            return self._finish(process, deadline)
        except BaseException:
            self.kill()
            self._reap(process)
            raise
        finally:
            self._close(process)

    def _start_with_input(self) -> subprocess.Popen[bytes]:
        if not self._command.input:
            return self._start(subprocess.DEVNULL)
        # A file rather than a pipe: git can then never wait for us while we wait for git.
        with tempfile.TemporaryFile() as file:
            _fill(file, self._command.input)
            return self._start(file)

    def _start(self, stdin: IO[bytes] | int) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._killed:
                raise self._timed_out()
            try:
                self._process = subprocess.Popen(
                    self._command.argv(self._path),
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self._command.environment(os.environ),
                    start_new_session=True,
                    bufsize=0,
                )
            except OSError as error:
                raise Unavailable(
                    f"git could not be started ({error.strerror or error}).",
                    hint="Install git, and check that it is on PATH.",
                ) from error
            return self._process

    def _pump(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            for stream, sink in (
                (process.stdout, self._take_stdout),
                (process.stderr, self._take_stderr),
            ):
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, sink)
            while selector.get_map():
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready and time.monotonic() >= deadline:
                    raise self._timed_out()
                for key, _ in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    if chunk:
                        key.data(chunk)
                    else:
                        selector.unregister(key.fileobj)

    def _take_stdout(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._received > self._command.max_output:
            raise TooLarge(
                f"git gave more than {self._command.max_output} bytes.",
                hint="The repository is larger than this operation reads; leave it out.",
                details={"limit": self._command.max_output},
            )
        self._stdout(chunk)

    def _take_stderr(self, chunk: bytes) -> None:
        self._stderr_tail = (self._stderr_tail + chunk)[-_STDERR_KEPT:]
        if self._stderr is not None:
            self._stderr(chunk)

    def _finish(self, process: subprocess.Popen[bytes], deadline: float) -> Output:
        # Both pipes are closed, so that git is at its end; waiting longer is the exception.
        pause = 0.0001
        while self._poll(process) is None:
            if time.monotonic() >= deadline:
                raise self._timed_out()
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
        message = self._stderr_tail.decode("utf-8", "replace").strip()
        return Output(process.returncode, b"".join(self._chunks), message)

    def _poll(self, process: subprocess.Popen[bytes]) -> int | None:
        with self._lock:
            return process.poll()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        while self._poll(process) is None:
            time.sleep(0.001)

    @staticmethod
    def _close(process: subprocess.Popen[bytes]) -> None:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _timed_out(self) -> TimedOut:
        return TimedOut(
            f"git {self._command.name} did not end within {self._command.timeout:g} s.",
            hint="Try again when the machine or the network is less busy.",
        )


def _fill(file: IO[bytes], content: bytes) -> None:
    try:
        file.write(content)
        file.seek(0)
    except OSError as error:
        raise Unavailable(
            f"A temporary file could not be written ({error.strerror or error}).",
            hint="Free some space in the folder for temporary files.",
        ) from error
