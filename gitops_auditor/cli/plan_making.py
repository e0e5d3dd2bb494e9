"""`gitops-auditor plan bump|script|pipeline`: make a plan. Nothing is published by that."""

from pathlib import Path
from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.plan_details import whole_plan
from gitops_auditor.cli.plan_showing import show_details
from gitops_auditor.cli.session import call_long, with_platform
from gitops_auditor.cli.terminal import print_json
from gitops_auditor.dependencies.models import DependencyType
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.fields import Delivery, RollbackPolicy
from gitops_auditor.orchestrator.views import PlanDetails, PlanOutline

MOST_SCRIPT_BYTES = 100_000

Repositories = typer.Option([], "--repository", "-r", help="Id of a repository; repeat it.")
Branch = typer.Option("", "--branch", help="Branch to change; else each repository's default.")
Deliver = typer.Option(
    None, "--deliver", help="How far commits go; else pull requests, or branches without them."
)
Undo = typer.Option("failed_phase", "--rollback", help="What a failure undoes.")
Gates = typer.Option([], "--gate", "-g", help="Type or name of a gate after each phase; repeat it.")
AsJson = typer.Option(False, "--json", help="Print one JSON object.")


def bump(  # noqa: PLR0913, PLR0917 - a command's options
    name: str = typer.Argument(help="Package, image, chart, action or module to raise."),
    version: str = typer.Argument(help="Version to ask for."),
    kind: DependencyType = typer.Option(None, "--type", help="Its type, where a name has several."),
    repositories: list[str] = Repositories,
    branch: str = Branch,
    deliver: Delivery = Deliver,
    undo: RollbackPolicy = Undo,
    gates: list[str] = Gates,
    as_json: bool = AsJson,
) -> None:
    """Plan to raise a dependency wherever it is asked for, lock files included."""
    change = {"kind": "bump", "name": name, "version": version, "type": kind}
    _plan(change, repositories, branch, deliver, undo, gates, as_json=as_json)


def script(
    file: Path = typer.Argument(help="Shell script, run in a checkout of each.", exists=True),
    network: bool = typer.Option(False, "--network", help="Let it use the network."),
    repositories: list[str] = Repositories,
    branch: str = Branch,
    deliver: Delivery = Deliver,
    undo: RollbackPolicy = Undo,
    gates: list[str] = Gates,
    as_json: bool = AsJson,
) -> None:
    """Plan to run a script in each repository and commit what it changes."""
    change = {"kind": "script", "script": _text(file), "network": network}
    _plan(change, repositories, branch, deliver, undo, gates, as_json=as_json)


def pipeline(
    name: str = typer.Argument(help="Name of the pipeline, or file of the workflow."),
    runner: str = typer.Option("local", "--runner", help="local or github-actions."),
    given: list[str] = typer.Option([], "--input", "-i", help="An input, as NAME=VALUE."),
    repositories: list[str] = Repositories,
    branch: str = Branch,
    undo: RollbackPolicy = Undo,
    gates: list[str] = Gates,
    as_json: bool = AsJson,
) -> None:
    """Plan to run a pipeline of each repository, in the order of their dependencies."""
    inputs = dict(_input(one) for one in given)
    change = {"kind": "pipeline", "pipeline": name, "runner": runner, "inputs": inputs}
    _plan(change, repositories, branch, None, undo, gates, as_json=as_json)


def _plan(
    change: dict[str, Any],
    repositories: list[str],
    branch: str,
    deliver: Delivery | None,
    undo: RollbackPolicy,
    gates: list[str],
    *,
    as_json: bool,
) -> None:
    async def body(platform: Platform) -> PlanDetails:
        made: PlanOutline = await call_long(
            platform,
            "create_execution_plan",
            "Planning",
            change=change,
            repositories=repositories or None,
            target_branch=branch,
            delivery=deliver,
            rollback=undo,
            quality_gates=gates,
        )
        return await whole_plan(platform, made.id)

    plan = with_platform(body)
    if as_json:
        print_json(plan)
    else:
        show_details(plan)


def _text(file: Path) -> str:
    if file.stat().st_size > MOST_SCRIPT_BYTES:
        raise InvalidRequest(
            f"{file} has more than {MOST_SCRIPT_BYTES} bytes.",
            hint="Let a shorter script call what is in the repositories.",
        )
    return file.read_text(encoding="utf-8")


def _input(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidRequest(f"{text!r} is no input.", hint="Write it as NAME=VALUE.")
    return name, value
