"""All commands, listed. A module is loaded for its command, or for help on all of them."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import typer

from gitops_auditor import __version__

COMMANDS: Final = (
    *("scan", "graph", "impact", "conflicts"),
    *("run", "runs", "logs", "cancel", "rerun", "approve", "validate"),
    *("serve", "worker", "stdio", "demo", "doctor", "migrate", "openapi", "executor"),
)
"""Names of commands, and of the modules whose `command` each of them is."""

GROUPS: Final = ("repos", "plan", "gates", "secrets", "token", "audit", "config", "maintenance")
"""Names of groups of commands, and of the modules whose `app` each of them is."""

_HIDDEN: Final = frozenset({"executor"})


def program(arguments: Sequence[str] = ()) -> typer.Typer:
    """Every command, or only the one that the arguments begin with: the others cost it time."""
    wanted = {*arguments[:1]} & {*COMMANDS, *GROUPS} or {*COMMANDS, *GROUPS}
    app = typer.Typer(
        name="gitops-auditor",
        help="Know how your git repositories depend on one another, and run their pipelines.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    for name in COMMANDS:
        if name in wanted:
            app.command(name, hidden=name in _HIDDEN)(_module(name).command)
    for name in GROUPS:
        if name in wanted:
            app.add_typer(_module(name).app, name=name)
    return app


def _module(name: str) -> Any:
    return import_module(f"gitops_auditor.cli.{name}")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gitops-auditor {__version__}")
        raise typer.Exit


def options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Options before the command."""
