import asyncio
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from gitops_auditor.errors import Conflict, Unavailable
from gitops_auditor.storage import migrate, schema
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.metadata import metadata
from gitops_auditor.storage.schema import current_revision, is_current, upgrade

SECOND = """
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("UPDATE repositories SET name = 'changed'")
    {more}
"""


def scripts_with(folder: Path, more: str = "pass") -> Path:
    """The migrations, and one more that changes data."""
    copy = folder / "migrations"
    shutil.copytree(migrate.SCRIPTS, copy)
    revision = SECOND.format(head=schema.HEAD, more=more)
    (copy / "versions" / "9999_change.py").write_text(revision, encoding="utf-8")
    return copy


async def insert_repository(url: str) -> None:
    async with Database.open(url) as database, database.write() as transaction:
        await transaction.execute(
            text("INSERT INTO repositories (id, name) VALUES ('a', 'before')")
        )


async def names(url: str) -> list[str]:
    async with Database.open(url) as database, database.read() as connection:
        return list((await connection.scalars(text("SELECT name FROM repositories"))).all())


def head_of_scripts() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    return ScriptDirectory.from_config(config).get_current_head()


def test_the_code_names_the_newest_revision() -> None:
    assert head_of_scripts() == schema.HEAD


async def test_a_new_database_has_exactly_the_tables_of_the_code(
    empty_url: str, tmp_path: Path
) -> None:
    await upgrade(empty_url, tmp_path)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with Database.open(empty_url) as database, database.write() as transaction:
        assert await transaction.run_sync(differences) == []


async def test_a_second_upgrade_changes_nothing(empty_url: str, tmp_path: Path) -> None:
    first = await upgrade(empty_url, tmp_path)
    second = await upgrade(empty_url, tmp_path)
    assert (first.before, first.after, first.changed) == (None, schema.HEAD, True)
    assert (second.before, second.changed, second.backup) == (schema.HEAD, False, None)


async def test_a_database_that_was_never_migrated_is_not_current(
    empty_url: str, tmp_path: Path
) -> None:
    async with Database.open(empty_url) as database:
        assert await current_revision(database) is None
        assert not await is_current(database)
        await upgrade(empty_url, tmp_path)
        assert await is_current(database)


async def test_a_downgrade_takes_every_table_away(empty_url: str, tmp_path: Path) -> None:
    await upgrade(empty_url, tmp_path)
    await asyncio.to_thread(migrate.downgrade, empty_url, "base")

    def left(connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    async with Database.open(empty_url) as database, database.write() as transaction:
        assert await transaction.run_sync(left) == ["alembic_version"]


async def test_processes_that_start_at_once_migrate_once(empty_url: str, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path;"
        "from gitops_auditor.storage.schema import upgrade;"
        "print(asyncio.run(upgrade(sys.argv[1], Path(sys.argv[2]))).changed)"
    )
    starts = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_url, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in starts))
    assert sorted(output for output, _ in outputs) == [b"False\n", b"False\n", b"True\n"]


async def test_an_existing_database_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'data.db'}"
    await upgrade(url, tmp_path)
    await insert_repository(url)
    report = migrate.migrate(url, tmp_path, "9999", scripts_with(tmp_path))
    assert await names(url) == ["changed"]
    assert report.backup is not None
    assert report.backup.parent == tmp_path / "backups"
    assert report.backup.stat().st_mode & 0o077 == 0
    assert await names(f"sqlite:///{report.backup}") == ["before"]


async def test_a_migration_that_fails_changes_nothing(empty_url: str, tmp_path: Path) -> None:
    await upgrade(empty_url, tmp_path)
    await insert_repository(empty_url)
    scripts = scripts_with(tmp_path, "op.drop_table('tokens'); raise RuntimeError('no')")
    with pytest.raises(RuntimeError, match="no"):
        await asyncio.to_thread(migrate.migrate, empty_url, tmp_path, "9999", scripts)
    assert await names(empty_url) == ["before"]
    async with Database.open(empty_url) as database:
        assert await is_current(database)
        async with database.read() as connection:
            assert (await connection.scalars(text("SELECT id FROM tokens"))).all() == []


async def test_a_database_that_cannot_be_copied_is_not_changed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'data.db'}"
    await upgrade(url, tmp_path)
    await insert_repository(url)
    (tmp_path / "backups").write_text("in the way", encoding="utf-8")
    with pytest.raises(Unavailable, match="copied"):
        migrate.migrate(url, tmp_path, "9999", scripts_with(tmp_path))
    assert await names(url) == ["before"]


async def test_a_database_of_a_newer_version_is_refused(empty_url: str, tmp_path: Path) -> None:
    await upgrade(empty_url, tmp_path)
    async with Database.open(empty_url) as database, database.write() as transaction:
        await transaction.execute(text("UPDATE alembic_version SET version_num = '8888'"))
    with pytest.raises(Conflict, match="8888") as caught:
        await upgrade(empty_url, tmp_path)
    assert "newer version" in caught.value.hint


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "data.db"
    file.write_bytes(b"not a database, " * 100)
    with pytest.raises(Unavailable, match="not a database"):
        await upgrade(f"sqlite:///{file}", tmp_path)
    assert file.read_bytes() == b"not a database, " * 100


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="data folder") as caught:
        await upgrade(f"sqlite:///{tmp_path / 'data.db'}", tmp_path / "file" / "data")
    assert str(tmp_path / "file" / "data") in caught.value.hint


async def test_the_data_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "data.db"
    await upgrade(f"sqlite:///{file}", tmp_path / "deep")
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
