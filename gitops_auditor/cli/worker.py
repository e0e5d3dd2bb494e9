"""`gitops-auditor worker`: carries out runs of a shared database on this machine."""

import platform

import anyio
import typer

from gitops_auditor.config import load_settings
from gitops_auditor.log import configure_logging


def command(
    concurrency: int = typer.Option(
        None, min=1, max=256, help="Runs carried out at once; else PIPELINE_WORKER_COUNT."
    ),
    name: str = typer.Option(None, help="What the queue calls it; else the machine's name."),
) -> None:
    """Carry out runs that other machines start: needs PostgreSQL and artifacts all can reach."""
    from gitops_auditor.app import work

    settings = load_settings()
    configure_logging(settings.pipeline_log_level, human=settings.environment != "production")
    places = concurrency or settings.pipeline_worker_count
    anyio.run(work, settings, places, name or platform.node(), _ready)


def _ready(name: str, places: int) -> None:
    typer.echo(f"The worker {name} carries out up to {places} runs at once.")
