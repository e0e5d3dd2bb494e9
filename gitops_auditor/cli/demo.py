"""`gitops-auditor demo`: a workspace of real repositories, scanned, explained and served."""

from pathlib import Path
from typing import Any

import anyio
import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli import (
    conflicts,
    demo_gates,
    demo_pipelines,
    demo_plans,
    graph,
    impact,
    scan,
)
from gitops_auditor.cli.addresses import show_addresses
from gitops_auditor.cli.demo_repositories import make_workspace
from gitops_auditor.cli.session import call, call_long, prepare, with_platform
from gitops_auditor.cli.terminal import console, plain

CHANGED = "northwind/ui-kit"
NEW_VERSION = "3.0.0"


def command(
    folder: Path = typer.Option(
        Path(".demo"), help="Where the repositories and the data go.", resolve_path=True
    ),
    once: bool = typer.Option(False, "--once", help="End instead of serving."),
    port: int = typer.Option(None, help="Port to serve on (GITOPS_PORT)."),
) -> None:
    """Make a workspace of real git repositories, scan it, explain it and serve it.

    It has a database of its own in its folder, whatever the settings say.
    """
    # Its repositories say that they are on GitHub, which is not to be asked about them.
    own: dict[str, Any] = {
        "data_dir": folder / "data",
        "database": "",
        "github_url": "https://github.invalid",
    }
    workspace = folder / "workspace"
    made = make_workspace(workspace)
    _head(f"{len(made)} git repositories in {_short(workspace)}")
    with_platform(lambda platform: _explain(platform, workspace), **own)
    _head("Two of their pipelines")
    # The pipelines are the demo's own, so a machine that cannot confine them shows them as well.
    with_platform(demo_pipelines.run_all, **own, allow_unsandboxed=True)
    _head("Their quality gates")
    with_platform(demo_gates.ask_all, **own, allow_unsandboxed=True)
    _head("Two changes of many repositories")
    # Whoever runs the demo both asks and agrees; elsewhere somebody else does.
    agreeing: dict[str, Any] = {**own, "allow_unsandboxed": True, "plan_local_approval": True}
    with_platform(lambda platform: demo_plans.carry_out_both(platform, workspace), **agreeing)
    if once:
        return
    from gitops_auditor.app import serve

    _head("The same over MCP and REST")
    anyio.run(serve, prepare(port=port, allow_unsandboxed=True, **own), show_addresses)


def _head(title: str) -> None:
    console().rule(f"[bold]{plain(title)}", align="left")


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


async def _explain(platform: Platform, workspace: Path) -> None:
    found = await scan.discover(platform, workspace)
    report = await call_long(
        platform, "scan_dependencies", "Scanning", repositories=scan.known_ids(found)
    )
    scan.show(report, found)
    graph.show(await call(platform, "get_dependency_graph"))
    conflicts.show(await call(platform, "list_conflicts"))
    change: dict[str, Any] = {"repository": CHANGED, "change_type": "major", "version": NEW_VERSION}
    impact.show(await call(platform, "analyze_impact", **change))
