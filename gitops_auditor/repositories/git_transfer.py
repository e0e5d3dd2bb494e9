"""The commands that reach over the network, and what git tells of their progress."""

import re
import shlex
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import anyio.from_thread

from gitops_auditor.repositories.git_process import Command, Output, Sink
from gitops_auditor.repositories.git_urls import without_credentials
from gitops_auditor.repositories.network import Pinned

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Awaited with what is done, the total when it is known, and a sentence."""

BRANCHES_AND_TAGS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")

_STEP = re.compile(rb"(Receiving objects|Resolving deltas): +(\d{1,3})%")
# Receiving is most of the time of a transfer.
_WEIGHTS = {b"Receiving objects": (0.0, 0.8), b"Resolving deltas": (80.0, 0.2)}
_STALLED = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")


def clone_command(
    source: Pinned, destination: Path, protocols: Sequence[str], timeout: float
) -> Command:
    """A bare clone of branches and tags, without anybody's hooks."""
    arguments = ["--bare", "--template=", "--progress", "--no-local"]
    arguments += ["--end-of-options", source.source.url, str(destination)]
    return reaching(source, "clone", arguments, protocols, timeout)


def fetch_command(
    mirror: Path, source: Pinned, protocols: Sequence[str], timeout: float
) -> Command:
    """Bring a bare clone to the state of its source, dropping branches that are gone there."""
    arguments = ["--prune", "--force", "--progress", "--no-write-fetch-head"]
    arguments += ["--no-recurse-submodules", "--end-of-options"]
    arguments += [source.source.url, *BRANCHES_AND_TAGS]
    return reaching(source, "fetch", arguments, protocols, timeout, _at(mirror))


def head_command(source: Pinned, protocols: Sequence[str], timeout: float) -> Command:
    """Ask a source which branch is its default."""
    arguments = ["--symref", "--end-of-options", source.source.url, "HEAD"]
    return reaching(source, "ls-remote", arguments, protocols, timeout)


def progress_sink(progress: Progress) -> Sink:
    """A reader of git's progress lines that reports a rising percentage of the whole transfer.

    For a worker thread that the event loop started; each whole percent is reported once.
    """
    reported = -1.0

    async def report(done: float, step: str) -> None:
        await progress(done, 100.0, step)

    def read(chunk: bytes) -> None:
        nonlocal reported
        steps = _STEP.findall(chunk)
        if not steps:
            return
        name, percent = steps[-1]
        start, weight = _WEIGHTS[name]
        done = start + weight * min(int(percent), 100)
        if done >= reported + 1:
            reported = done
            anyio.from_thread.run(report, done, name.decode())

    return read


def complaint(output: Output) -> str:
    """The first complaint among progress and remarks; git prints the URL only without password."""
    lines = output.stderr.replace("\r", "\n").splitlines()
    complaints = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))]
    return without_credentials((complaints or lines or [f"status {output.status}"])[0])[:300]


def _at(mirror: Path) -> list[str]:
    return [f"--git-dir={mirror.absolute()}"]


def reaching(
    source: Pinned,
    name: str,
    arguments: list[str],
    protocols: Sequence[str],
    timeout: float,
    options: Sequence[str] = (),
) -> Command:
    """A command that speaks with a source: only by these protocols and at the checked addresses."""
    return Command(
        name,
        arguments,
        timeout=timeout,
        options=[*options, *_STALLED, *_resolved(source)],
        protocols=tuple(protocols),
        ssh_command=_ssh(source),
    )


def _resolved(source: Pinned) -> list[str]:
    if not source.addresses:
        return []
    clone = source.source
    addresses = ",".join(f"[{text}]" if ":" in text else text for text in source.addresses)
    return ["-c", f"http.curloptResolve={clone.host}:{clone.port}:{addresses}"]


def _ssh(source: Pinned) -> str:
    """Ssh never asks, and goes to the checked address while it verifies the key of the name."""
    options = ["ssh", "-oBatchMode=yes", "-oConnectTimeout=20"]
    if source.addresses:
        clone = source.source
        alias = clone.host if clone.port == 22 else f"[{clone.host}]:{clone.port}"
        options += [f"-oHostName={source.addresses[0]}", f"-oHostKeyAlias={alias}"]
    return shlex.join(options)
