"""`gitops-auditor maintenance`: chores for a timer."""

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call_long, with_platform

app = typer.Typer(help="Chores for a timer.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Chores for a timer."""


@app.command("refresh-cache")
def refresh_cache() -> None:
    """Scan every registered repository again from its files, ignoring what was cached."""

    async def body(platform: Platform) -> str:
        report = await call_long(platform, "scan_dependencies", "Scanning", refresh=True)
        return f"{report.repositories} repositories scanned, {report.dependencies} dependencies."

    typer.echo(with_platform(body))
