"""A whole copy of the database, made while others may be using it."""

import os
import sqlite3
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from gitops_auditor.errors import Unavailable
from gitops_auditor.storage.urls import database_file

DUMP_SECONDS = 3600


def back_up(url: URL, folder: Path, label: str) -> Path:
    """Blocking: copy the database into `folder`; gives the new file, which only its owner reads.

    SQLite gives a database file, PostgreSQL a custom-format archive for `pg_restore`. Raises
    Unavailable when the copy cannot be made; then no half copy is left.
    """
    sqlite = url.get_backend_name() == "sqlite"
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = folder / f"{moment}-{label}.{'db' if sqlite else 'dump'}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.touch(mode=0o600)
        if sqlite:
            _copy_sqlite(database_file(url), target)
        else:
            _dump_postgresql(url, target)
    except (OSError, sqlite3.Error, subprocess.SubprocessError) as error:
        with suppress(OSError):
            target.unlink()
        raise Unavailable(
            f"The database could not be copied: {type(error).__name__}.", hint=_hint(error, folder)
        ) from error
    return target


def _copy_sqlite(source: Path, target: Path) -> None:
    # Closing is not what a connection's own context manager does.
    origin, copy = sqlite3.connect(source), sqlite3.connect(target)
    try:
        origin.backup(copy)
    finally:
        copy.close()
        origin.close()


def _dump_postgresql(url: URL, target: Path) -> None:
    # The password goes by the environment, which other users cannot read, unlike arguments.
    settings = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = os.environ | {key: str(value) for key, value in settings.items() if value}
    subprocess.run(
        ["pg_dump", "--format=custom", f"--file={target}"],
        env=environment,
        check=True,
        timeout=DUMP_SECONDS,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def _hint(error: Exception, folder: Path) -> str:
    if isinstance(error, FileNotFoundError) and error.filename == "pg_dump":
        return "Install PostgreSQL's client programs (pg_dump) on this machine."
    if isinstance(error, subprocess.CalledProcessError):
        return "pg_dump refused: its version must not be older than the server's."
    return f"Check the free space and the rights of {folder}."
