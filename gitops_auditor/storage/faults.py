"""What a database says when it cannot work, said again in our words."""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gitops_auditor.errors import Unavailable

# Primary result codes of SQLite.
_SQLITE: dict[int, tuple[str, str]] = {
    5: ("The database is locked by another process.", "Try again in a few seconds."),
    6: ("The database is locked.", "Try again in a few seconds."),
    8: ("The database cannot be written to.", "Check the owner and mode of the data folder."),
    10: ("The disk under the database failed.", "Check the disk of the data folder."),
    11: ("The database file is damaged.", "Restore a copy from the backups folder."),
    13: ("The disk is full; nothing was changed.", "Free some space and try again."),
    14: ("The database file cannot be opened.", "Check that the data folder exists and is yours."),
    26: ("The database file is not a database.", "Restore a copy from the backups folder."),
}

# SQLSTATE classes and codes of PostgreSQL, the longest match counts.
_POSTGRESQL: dict[str, tuple[str, str]] = {
    "08": ("The database server cannot be reached.", "Check DATABASE_URL and the server."),
    "28": ("The database server refused the credentials.", "Check DATABASE_URL."),
    "3D000": ("The database does not exist.", "Create it on the server, or check DATABASE_URL."),
    "40": ("The change collided with another one; nothing was changed.", "Try again."),
    "53": ("The database server is out of resources.", "Try again later, or give it more."),
    "53100": ("The disk is full; nothing was changed.", "Free some space and try again."),
    "55P03": ("The database is locked by another process.", "Try again in a few seconds."),
    "57": ("The database server interrupted the statement.", "Try again in a few seconds."),
}

BUSY = ("The database is busy.", "Try again in a few seconds.")


def unavailable(error: SQLAlchemyError | sqlite3.Error) -> Unavailable | None:
    """The same failure as a typed error, or None when it is not about the state of the database."""
    if isinstance(error, sqlite3.Error):
        return _sqlite_fault(error)
    if isinstance(error, PoolTimeout):
        return _typed(BUSY)
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_fault(error.orig)
    return _postgresql_fault(error)


def _sqlite_fault(error: sqlite3.Error) -> Unavailable | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return _typed(_SQLITE[code]) if code in _SQLITE else None


def _postgresql_fault(error: DBAPIError) -> Unavailable | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    # A connection that was refused or cut has no SQLSTATE of its own.
    if state is None and type(error.orig).__name__ == "OperationalError":
        state = "08000"
    for length in (5, 2):
        if state and state[:length] in _POSTGRESQL:
            return _typed(_POSTGRESQL[state[:length]])
    return None


def _typed(words: tuple[str, str]) -> Unavailable:
    message, hint = words
    return Unavailable(message, hint=hint)
