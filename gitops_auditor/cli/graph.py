"""`gitops-auditor graph`: how repositories depend on one another."""

from enum import StrEnum
from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, console, with_platform
from gitops_auditor.dependencies.graph_models import DependencyGraph, GraphNode


class Format(StrEnum):
    """What to print."""

    TABLE = "table"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"
    CYCLONEDX = "cyclonedx"


def command(
    repository: str = typer.Argument(None, help="Only what this repository needs or is needed by."),
    depth: int = typer.Option(None, min=1, help="Steps to go from the repository."),
    output: Format = typer.Option(Format.TABLE, "--format", "-f", help="What to print."),
    external: bool = typer.Option(False, help="Also what no repository of the workspace provides."),
    limit: int = typer.Option(2000, min=1, help="Most nodes and edges."),
) -> None:
    """Show the dependency graph, in the order in which to update."""
    query: dict[str, Any] = {
        "repository": repository,
        "depth": depth,
        "include_external": external or None,
        "limit": limit,
    }

    async def body(platform: Platform) -> None:
        if output is Format.TABLE:
            show(await call(platform, "get_dependency_graph", **query))
            return
        exported = await call(platform, "export_dependency_graph", format=output.value, **query)
        typer.echo(exported.content)

    with_platform(body)


def show(graph: DependencyGraph) -> None:
    """The graph as a table of phases, with what each repository needs."""
    from rich.table import Table

    needs = _needs(graph)
    table = Table(title="Dependencies, in update order", title_justify="left", header_style="bold")
    for name in ("phase", "repository", "needs", "needed by"):
        table.add_column(name, justify="right" if name in {"phase", "needed by"} else "left")
    nodes = {node.id: node for node in graph.nodes}
    for phase in graph.phases:
        for place, name in enumerate(node for node in phase.nodes if node in nodes):
            number = str(phase.number) if place == 0 else ""
            table.add_row(
                number, _label(nodes[name]), needs.get(name, ""), str(nodes[name].dependents)
            )
    console().print(table)
    _show_cycles(graph)
    if graph.truncated:
        console().print(
            f"[yellow]Cut: {graph.omitted_nodes} nodes and {graph.omitted_edges} edges are not"
            " shown; raise --limit."
        )


def _label(node: GraphNode) -> str:
    return f"{node.label} [dim]{node.version}[/dim]" if node.version else node.label


def _needs(graph: DependencyGraph) -> dict[str, str]:
    labels = {node.id: node.label for node in graph.nodes}
    grouped: dict[str, list[str]] = {}
    for edge in graph.edges:
        kinds = "+".join(edge.types)
        grouped.setdefault(edge.source, []).append(f"{labels[edge.target]} [dim]({kinds})[/dim]")
    return {source: ", ".join(sorted(found)) for source, found in grouped.items()}


def _show_cycles(graph: DependencyGraph) -> None:
    for cycle in graph.cycles:
        path = " -> ".join([*cycle.path, cycle.path[0]])
        how = "ordered by ignoring its weakest edges" if cycle.resolved else "updated together"
        console().print(f"[yellow]Cycle, {how}:[/yellow] {path}", highlight=False)
