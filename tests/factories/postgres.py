"""A PostgreSQL server of the tests' own: Debian's programs, a temporary folder, a random port."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAMS = Path("/usr/lib/postgresql")
USER = "postgres"
START_SECONDS = "30"


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl` of the newest version installed, or None."""
    versions = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def missing() -> str:
    """Why no server can be started here, in a sentence for a skip; empty when one can."""
    if programs() is None:
        return "PostgreSQL is not installed: install the package postgresql"
    if os.geteuid() == 0 and not _unprivileged():
        return "PostgreSQL does not run as root and there is no user postgres"
    return ""


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a server for the length of the block; gives the URL of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    data, port = folder / "data", _free_port()
    try:
        _own(folder)
        _run("initdb", "-D", str(data), "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -F"
        log = str(folder / "log")
        _run(
            "pg_ctl", "-D", str(data), "-w", "-t", START_SECONDS, "-o", options, "-l", log, "start"
        )
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, *arguments: str) -> None:
    folder = programs()
    assert folder is not None
    lower = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
    command = [*(lower if os.geteuid() == 0 else []), str(folder / program), *arguments]
    # The server inherits the descriptors: with a pipe this call never ended.
    subprocess.run(
        command,
        check=True,
        cwd="/",
        timeout=60,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        user = _unprivileged()
        assert user is not None
        os.chown(folder, user.pw_uid, user.pw_gid)


def _unprivileged() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def some_postgresql() -> Iterator[str]:
    """The URL of a server: the one of TEST_DATABASE_URL, else one that runs for the block only.

    Skips the test when there is neither.
    """
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given:
        yield given
        return
    if missing():
        pytest.skip(missing())
    with postgresql_server() as url:
        yield url
