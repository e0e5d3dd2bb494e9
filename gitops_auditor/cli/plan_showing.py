"""Plans for people."""

import re
from typing import Final

from gitops_auditor.cli.terminal import line, plain, points
from gitops_auditor.orchestrator.views import PhaseOutline, PlanDetails, PlanOutline

COLOURS: Final = {
    "completed": "green",
    "done": "green",
    "executed": "green",
    "rendered": "green",
    "executing": "cyan",
    "validating": "cyan",
    "running": "cyan",
    "paused": "cyan",
    "held": "yellow",
    "errored": "yellow",
    "rolling_back": "yellow",
    "partly_rolled_back": "red",
    "failed": "red",
    "not_undone": "red",
}

COMMANDS: Final = {
    "create_execution_plan": "plan bump, script or pipeline",
    "get_execution_plan with wait_seconds": "plan show",
    "execute_plan": "plan execute",
    "execute_phase": "plan phase",
    "validate_results": "plan validate",
    "rollback_phase": "plan rollback",
    "resume_plan": "plan resume",
    "cancel_plan": "plan cancel",
}
"""What a person types for what an agent calls."""
_CALLS: Final = re.compile("|".join(COMMANDS))


def show_outline(plan: PlanOutline) -> None:
    """A plan and its phases."""
    line(f"[bold]{plain(plan.title)}[/bold]: {coloured(plan.status)}")
    facts = {
        "id": plan.id,
        "hash": plan.hash[:12],
        "approval": _approval(plan),
        "no return": _no_return(plan),
        "reason": plan.reason,
    }
    for name, value in facts.items():
        if value:
            line(f"  [dim]{name}[/dim] {plain(value)}")
    for phase in plan.phases:
        _phase(phase)
    line(f"[bold]next[/bold] {plain(typed(plan.next))}")


def show_details(plan: PlanDetails) -> None:
    """A plan with what it comes to in each repository."""
    show_outline(plan)
    if plan.risk_reasons and plan.status == "planned":
        line("[bold]risk[/bold]")
        points(plan.risk_reasons)
    for one in plan.repositories:
        line(f"{coloured(one.status)} [bold]{plain(one.repository_id)}[/bold]")
        for file in one.files:
            line(f"  {plain(file)}")
        points([*one.notes, *one.gates])
        for step in one.steps:
            status, _, rest = step.partition(": ")
            line(f"  {coloured(status)} {plain(rest)}")
        for link in one.links:
            line(f"  [dim]{plain(link)}[/dim]")
        if one.by_hand:
            line("  [red]to be undone by hand[/red]")
            points(one.by_hand)
    if plan.notes:
        line("[bold]notes[/bold]")
        points(plan.notes)


def typed(sentence: str) -> str:
    """The sentence with commands in place of operations."""
    return _CALLS.sub(lambda found: f"`{COMMANDS[found[0]]}`", sentence)


def coloured(status: str) -> str:
    """A status in its colour."""
    colour = COLOURS.get(status)
    return f"[{colour}]{status}[/]" if colour else status


def _phase(phase: PhaseOutline) -> None:
    more = phase.total - len(phase.repositories)
    named = ", ".join(phase.repositories) + (f" and {more} more" if more else "")
    together = "" if phase.allow_parallel or phase.total == 1 else ", one after another"
    line(
        f"  {phase.number}. {coloured(phase.status)} {plain(named)}"
        f" [dim]({phase.risk} risk{together})[/dim]"
    )
    if phase.reason:
        points([phase.reason])


def _approval(plan: PlanOutline) -> str:
    if not plan.needs_approval:
        return "not needed"
    return "given" if plan.approved else "needed"


def _no_return(plan: PlanOutline) -> str:
    if plan.point_of_no_return is None:
        return ""
    return f"after phase {plan.point_of_no_return} not everything can be undone"
