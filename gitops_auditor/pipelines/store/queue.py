"""The queue's own tables, in a schema of their own: made here, otherwise only read.

They hold messages alone. All of them can be made again from the runs, so another version of the
tables replaces what is there.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gitops_auditor.errors import Conflict, Refused
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection

SCHEMA: Final = "gitops_queue"
_INSUFFICIENT_PRIVILEGE: Final = "42501"
_LOCK: Final = 0x717565756573  # "queues"

_VERSION = text("SELECT obj_description(to_regnamespace(:name), 'pg_namespace')")
_QUEUED = text(
    f"SELECT queueing_lock FROM {SCHEMA}.procrastinate_jobs"  # noqa: S608 - a constant
    " WHERE status = 'todo' AND queueing_lock = ANY(:runs)"
)
_LISTENING = text(
    f"SELECT EXISTS (SELECT FROM {SCHEMA}.procrastinate_workers"  # noqa: S608 - a constant
    " WHERE last_heartbeat > clock_timestamp() - make_interval(secs => :seconds))"
)


async def ensure_tables(database: Database, version: str, statements: str) -> bool:
    """Make the tables as `statements` do, unless they are of `version`; whether they were made.

    Versions compare as text. Raises Conflict when newer ones are there, Refused when the user of
    the database may not make a schema, Unavailable.
    """
    async with database.read() as connection:
        if await connection.scalar(_VERSION, {"name": SCHEMA}) == version:
            return False
    try:
        async with database.write() as transaction:
            # Several processes may start at the same moment.
            await transaction.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            found = await transaction.scalar(_VERSION, {"name": SCHEMA})
            if found == version:
                return False
            _refuse_newer(found, version)
            await _make(transaction, version, statements)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _INSUFFICIENT_PRIVILEGE:
            raise
        raise Refused(
            "The user of DATABASE_URL may not make a schema, which the queue of runs needs.",
            hint="Let an administrator GRANT CREATE ON DATABASE to it.",
        ) from error
    return True


async def queued(connection: AsyncConnection, run_ids: Sequence[str]) -> set[str]:
    """Those of the runs that a message waits for."""
    return set((await connection.scalars(_QUEUED, {"runs": list(run_ids)})).all())


async def is_listened_to(connection: AsyncConnection, seconds: float) -> bool:
    """Whether a process that takes messages gave a sign of life in the last seconds."""
    return bool(await connection.scalar(_LISTENING, {"seconds": seconds}))


def _refuse_newer(found: str | None, version: str) -> None:
    if found is not None and found > version:
        raise Conflict(
            f"The queue of runs has version {found}, and this program knows {version}.",
            hint="A newer version is in use on this database: install that one here, too.",
        )


async def _make(transaction: AsyncConnection, version: str, statements: str) -> None:
    # Several statements in one text are possible only without parameters.
    plain = await transaction.execution_options(no_parameters=True)
    await plain.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    await plain.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
    await plain.exec_driver_sql(statements)
    await plain.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'")
