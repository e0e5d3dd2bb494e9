"""`gitops-auditor migrate`: bring the database to the current schema."""

from typing import TYPE_CHECKING

import anyio
import typer

from gitops_auditor.cli.session import prepare
from gitops_auditor.config import Settings

if TYPE_CHECKING:
    from gitops_auditor.storage.schema import UpgradeReport


def command() -> None:
    """Bring the database to the current schema; a backup is written before data is changed."""
    settings = prepare()
    report, queue_is_new = anyio.run(_migrate, settings)
    if queue_is_new:
        typer.echo("Made the tables of the queue of runs.")
    if not report.changed:
        typer.echo(f"The schema is current ({report.after}).")
        return
    typer.echo(f"Migrated from {report.before or 'nothing'} to {report.after}.")
    if report.backup:
        typer.echo(f"Backup: {report.backup}")


async def _migrate(settings: Settings) -> tuple["UpgradeReport", bool]:
    from gitops_auditor.pipelines.remote.queue import ensure_queue
    from gitops_auditor.storage.database import Database
    from gitops_auditor.storage.schema import upgrade

    report = await upgrade(settings.database_url, settings.data_dir)
    async with Database.open(settings.database_url) as database:
        return report, await ensure_queue(database)
