"""`gitops-auditor stdio`: MCP over standard input and output, for editors and agents."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gitops_auditor.config import Settings
    from gitops_auditor.operations import OperationCatalog


def command(
    read_only: bool = typer.Option(None, "--read-only", help="Offer no operation that writes."),
    toolsets: str = typer.Option(None, help="Comma-separated toolsets, or `default`, or `all`."),
    tools: str = typer.Option(None, help="Comma-separated tools to offer beside the toolsets."),
    exclude_tools: str = typer.Option(None, help="Comma-separated tools never to offer."),
) -> None:
    """Speak MCP over standard input and output, as editors launch it."""
    from gitops_auditor.config import load_settings
    from gitops_auditor.server.stdio import run_stdio

    settings = load_settings(
        read_only=read_only, toolsets=toolsets, tools=tools, exclude_tools=exclude_tools
    )
    run_stdio(settings, _catalog)


def _catalog(settings: "Settings") -> "OperationCatalog":
    from gitops_auditor.app import mcp_catalog_for

    return mcp_catalog_for(settings)
