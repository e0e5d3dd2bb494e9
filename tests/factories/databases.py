"""A fresh database for a test: a SQLite file, or PostgreSQL's when TEST_DATABASE_URL is set."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import upgrade


@asynccontextmanager
async def fresh_database(folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database, gone at the end of the block (SQLite's goes with `folder`)."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server:
        yield f"sqlite:///{folder / 'test.db'}"
        return
    async with fresh_postgresql(server) as url:
        yield url


@asynccontextmanager
async def fresh_postgresql(server: str, template: str = "template0") -> AsyncIterator[str]:
    """The URL of a copy of a database (an empty one) on the server at `server`, dropped at the end
    of the block.
    """
    name = f"test_{secrets.token_hex(8)}"
    await _command(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        await _command(server, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def migrated_database(folder: Path) -> AsyncIterator[str]:
    """As `fresh_database`, with the current schema."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server:
        yield await migrated_sqlite(folder)
        return
    async with fresh_postgresql(server, await _migrated_template(server, folder)) as url:
        yield url


async def migrated_sqlite(folder: Path) -> str:
    """The URL of a SQLite file with the current schema. It is made once and then copied."""
    file = folder / "test.db"
    url = f"sqlite:///{file}"
    if not _migrated_file:
        await upgrade(url, folder)
        _migrated_file.append(file.read_bytes())
    file.write_bytes(_migrated_file[0])
    return url


@asynccontextmanager
async def open_database(folder: Path) -> AsyncIterator[Database]:
    """A migrated database of the test's own, open."""
    async with migrated_database(folder) as url, Database.open(url) as database:
        yield database


_migrated_file: list[bytes] = []
_templates: dict[str, str] = {}


async def _migrated_template(server: str, folder: Path) -> str:
    """The name of a migrated database on a server, made once by each process and then copied."""
    if server not in _templates:
        name = f"template_{secrets.token_hex(8)}"
        await _command(server, f"CREATE DATABASE {name} TEMPLATE template0")
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        await upgrade(url, folder)
        _templates[server] = name
    return _templates[server]


async def _command(server: str, statement: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
