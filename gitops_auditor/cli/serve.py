"""`gitops-auditor serve`: MCP, REST and live events over HTTP."""

import anyio
import typer

from gitops_auditor.cli.addresses import show_addresses
from gitops_auditor.config import load_settings
from gitops_auditor.log import configure_logging


def command(
    host: str = typer.Option(None, help="Address to listen on (GITOPS_HOST)."),
    port: int = typer.Option(None, help="Port to listen on; 0 takes a free one (GITOPS_PORT)."),
    read_only: bool = typer.Option(None, "--read-only", help="Offer no operation that writes."),
) -> None:
    """Serve MCP at /mcp, REST at /api and live events at /ws until stopped."""
    from gitops_auditor.app import serve

    settings = load_settings(host=host, port=port, read_only=read_only)
    configure_logging(
        settings.log_level,
        human=settings.environment != "production",
        components={"pipelines": settings.pipeline_log_level},
    )
    anyio.run(serve, settings, show_addresses)
