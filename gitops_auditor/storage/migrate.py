"""Apply Alembic's revisions: one process at a time, one transaction for all, a copy before."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gitops_auditor.errors import Conflict, Unavailable
from gitops_auditor.storage.backup import back_up
from gitops_auditor.storage.faults import unavailable
from gitops_auditor.storage.schema import UpgradeReport
from gitops_auditor.storage.urls import database_file, parse_url

SCRIPTS = Path(__file__).parent / "migrations"
LOCK_SECONDS = 120.0
_ADVISORY_LOCK = 0x6769746F7073  # "gitops"


def migrate(
    database_url: str, data_dir: Path, target: str, scripts: Path = SCRIPTS
) -> UpgradeReport:
    """Blocking: bring the schema up to `target`. See `schema.upgrade`."""
    url, dialect = parse_url(database_url)
    folders = [data_dir, *([database_file(url).parent] if dialect == "sqlite" else [])]
    try:
        for folder in folders:
            # It will hold hashes of tokens and the audit: nobody else's business.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(data_dir / "migrate.lock"), _transaction(url) as connection:
            return _upgrade(_config(connection, scripts), url, data_dir, target)
    except SQLAlchemyError as error:
        raise unavailable(error) or error from error
    except OSError as error:
        raise Unavailable(
            f"The data folder cannot be used: {error.strerror}.",
            hint=f"Check the owner, the mode and the free space of {data_dir}.",
        ) from error


def downgrade(database_url: str, target: str) -> None:
    """Blocking: take revisions back, down to `target` ("base" for an empty database)."""
    url, _ = parse_url(database_url)
    with _transaction(url) as connection:
        command.downgrade(_config(connection, SCRIPTS), target)


def _upgrade(config: Config, url: URL, data_dir: Path, target: str) -> UpgradeReport:
    connection = config.attributes["connection"]
    before = MigrationContext.configure(connection).get_current_revision()
    _refuse_unknown(config, before)
    if before == target:
        return UpgradeReport(before, target, None)
    backup = back_up(url, data_dir / "backups", before) if before else None
    command.upgrade(config, target)
    return UpgradeReport(before, target, backup)


def _refuse_unknown(config: Config, revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise Conflict(
            f"The database has schema {revision}, which this version does not know.",
            hint="A newer version wrote it: install that one, or restore a copy from the backups.",
            details={"revision": revision},
        )


def _config(connection: Connection, scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _transaction(url: URL) -> Iterator[Connection]:
    sqlite = url.get_backend_name() == "sqlite"
    # A driver in autocommit and a BEGIN of our own: Python's sqlite3 commits before DDL otherwise.
    engine = create_engine(
        url.set(drivername="sqlite") if sqlite else url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        if sqlite:
            # While nobody else has it open: later, two processes could get in each other's way.
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        if not sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        try:
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    deadline = time.monotonic() + LOCK_SECONDS
    with path.open("a", encoding="utf-8") as file:
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise Unavailable(
                    "Another process is migrating the database and does not end.",
                    hint=f"Find the process that holds {path}, or wait for it.",
                )
            time.sleep(0.05)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
