"""`gitops-auditor graph`: how repositories depend on one another."""

from collections import Counter
from typing import Any, Literal

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import console, line, plain
from gitops_auditor.dependencies.graph_models import DependencyGraph

Format = Literal["table", "json", "mermaid", "dot", "cyclonedx"]


def command(
    repository: str = typer.Argument(None, help="Only what this repository needs or is needed by."),
    depth: int = typer.Option(None, min=1, help="Steps to go from the repository."),
    output: Format = typer.Option("table", "--format", "-f", help="What to print."),
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
        if output == "table":
            show(await call(platform, "get_dependency_graph", **query))
            return
        exported = await call(platform, "export_dependency_graph", format=output, **query)
        typer.echo(exported.content, nl=False)

    with_platform(body)


def show(graph: DependencyGraph) -> None:
    """The graph as a table of phases, with what each repository needs."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    line("\n[bold]Dependencies[/bold], in update order")
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in ("phase", "repository", "needs", "needed by"):
        table.add_column(name, justify="right" if name in {"phase", "needed by"} else "left")
    names, needs = _names(graph), _needs(graph)
    nodes = {node.id: node for node in graph.nodes}
    for phase in graph.phases:
        for place, node in enumerate(nodes[name] for name in phase.nodes if name in nodes):
            number = str(phase.number) if place == 0 else ""
            label = f"{names[node.id]} [dim]{plain(node.version)}[/dim]".replace(" [dim][/dim]", "")
            table.add_row(number, label, needs.get(node.id, ""), str(node.dependents))
    console().print(table)
    _show_cycles(graph)
    if graph.truncated:
        left_out = f"{graph.omitted_nodes} nodes and {graph.omitted_edges} edges"
        line(f"[yellow]Cut: {left_out} are not shown; raise --limit.")


def _names(graph: DependencyGraph) -> dict[str, str]:
    """What to call each node: its label, or its id where others have the same label."""
    times = Counter(node.label for node in graph.nodes)
    return {
        node.id: plain(node.label if times[node.label] == 1 else node.id) for node in graph.nodes
    }


def _needs(graph: DependencyGraph) -> dict[str, str]:
    names = _names(graph)
    grouped: dict[str, list[str]] = {}
    for edge in graph.edges:
        kinds = "+".join(edge.types)
        grouped.setdefault(edge.source, []).append(f"{names[edge.target]} [dim]({kinds})[/dim]")
    return {source: ", ".join(sorted(found)) for source, found in grouped.items()}


def _show_cycles(graph: DependencyGraph) -> None:
    for cycle in graph.cycles:
        path = plain(" -> ".join(cycle.path))
        how = "ordered by ignoring its weakest edges" if cycle.resolved else "updated together"
        line(f"[yellow]Cycle, {how}:[/yellow] {path}")
