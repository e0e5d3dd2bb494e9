"""`gitops-auditor stdio`: MCP over standard input and output, for editors and agents."""

import typer


def command(
    read_only: bool = typer.Option(None, "--read-only", help="Offer no operation that writes."),
    toolsets: str = typer.Option(
        None, help="Comma-separated toolsets to offer, or `all`."
    ),
    tools: str = typer.Option(None, help="Comma-separated tools to offer beside the toolsets."),
    exclude_tools: str = typer.Option(None, help="Comma-separated tools never to offer."),
) -> None:
    """Speak MCP over standard input and output, as editors launch it."""
    from gitops_auditor.server.stdio import run_stdio

    run_stdio(read_only=read_only, toolsets=toolsets, tools=tools, exclude_tools=exclude_tools)
