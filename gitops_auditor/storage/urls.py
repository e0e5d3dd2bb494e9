"""DATABASE_URL: which databases it may name, and how."""

import importlib.util
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gitops_auditor.errors import InvalidSetting, Unavailable

Dialect = Literal["sqlite", "postgresql"]

_DRIVERS: dict[str, tuple[Dialect, str]] = {
    "sqlite": ("sqlite", "sqlite+aiosqlite"),
    "sqlite+aiosqlite": ("sqlite", "sqlite+aiosqlite"),
    "postgres": ("postgresql", "postgresql+psycopg"),
    "postgresql": ("postgresql", "postgresql+psycopg"),
    "postgresql+psycopg": ("postgresql", "postgresql+psycopg"),
}


def parse_url(url: str) -> tuple[URL, Dialect]:
    """The URL with the driver we use, and which database it names.

    Accepts `sqlite:///file`, `postgresql://` and `postgres://`. Raises InvalidSetting for anything
    else, Unavailable without PostgreSQL's driver; no message repeats the URL, because it may hold a
    password.
    """
    try:
        parsed = make_url(url)
        dialect, driver = _DRIVERS[parsed.drivername]
    except (ArgumentError, KeyError, ValueError) as error:
        raise _refusal("DATABASE_URL names no database that is supported.") from error
    if dialect == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise _refusal("DATABASE_URL names no file.")
    if dialect == "postgresql" and importlib.util.find_spec("psycopg") is None:
        raise Unavailable(
            "DATABASE_URL names PostgreSQL, whose driver is not installed.",
            hint="Install gitops-auditor with its extra: pip install 'gitops-auditor[postgres]'.",
        )
    return parsed.set(drivername=driver), dialect


def database_file(url: URL) -> Path:
    """The file of a SQLite URL."""
    return Path(url.database or "").expanduser().absolute()


def _refusal(message: str) -> InvalidSetting:
    return InvalidSetting(
        message,
        hint="Use sqlite:///path/to/file.db or postgresql://user:password@host/database.",
        details={"setting": "DATABASE_URL"},
    )
