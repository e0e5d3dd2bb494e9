"""Real repositories for tests, made by git itself with a fixed author and clock."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_ALLOW_PROTOCOL": "file",
}


async def git(path: Path, *arguments: str) -> str:
    """Run git in `path` and return its output without the last newline."""
    return await anyio.to_thread.run_sync(_git, path, arguments)


async def make_repository(
    path: Path,
    files: Mapping[str, str | bytes],
    *,
    origin: str | None = None,
    branch: str = "main",
) -> str:
    """A repository at `path` with one commit that holds `files`; returns the commit's id.

    Without files the commit is empty; see `make_empty_repository` for one without commits.
    """
    await make_empty_repository(path, origin=origin, branch=branch)
    return await commit(path, files, "first")


async def make_empty_repository(
    path: Path, *, origin: str | None = None, branch: str = "main"
) -> None:
    """A repository without commits."""
    await anyio.Path(path).mkdir(parents=True, exist_ok=True)
    await git(path, "init", "--quiet", f"--initial-branch={branch}", ".")
    if origin is not None:
        await git(path, "remote", "add", "origin", origin)


async def commit(path: Path, files: Mapping[str, str | bytes], message: str = "change") -> str:
    """Write `files`, commit everything in the working tree and return the commit's id."""
    write_files(path, files)
    await git(path, "add", "--all", "--force")
    await git(path, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return await git(path, "rev-parse", "HEAD")


def write_files(path: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files under `path`, text as UTF-8, making the folders they need."""
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _git(path: Path, arguments: tuple[str, ...]) -> str:
    ended = subprocess.run(
        ["git", "-c", "gc.auto=0", *arguments],
        cwd=path,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if ended.returncode:
        message = f"git {' '.join(arguments)}: {ended.stderr.decode('utf-8', 'replace')}"
        raise RuntimeError(message)
    return ended.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
