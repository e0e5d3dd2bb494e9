"""`gitops-auditor migrate`: bring the database to the current schema."""

import anyio
import typer

from gitops_auditor.cli.session import prepare


def command() -> None:
    """Bring the database to the current schema; a backup is written before data is changed."""
    from gitops_auditor.storage.schema import upgrade

    settings = prepare()
    report = anyio.run(upgrade, settings.database_url, settings.data_dir)
    if not report.changed:
        typer.echo(f"The schema is current ({report.after}).")
        return
    typer.echo(f"Migrated from {report.before or 'nothing'} to {report.after}.")
    if report.backup:
        typer.echo(f"Backup: {report.backup}")
