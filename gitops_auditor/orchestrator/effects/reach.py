"""Where a step publishes, within the MCP servers that it may use."""

from gitops_auditor.errors import Refused
from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.forges.forge import (
    CommitStatuses,
    Forge,
    Forges,
    PullRequests,
    Workflows,
)

_WITHOUT_SERVER = "git"


async def forge_of(forges: Forges, context: StepContext) -> Forge:
    """The forge of a step's repository.

    All but plain git are reached as the MCP server of their name. Raises Refused when the goal
    names servers and that is not among them, Unavailable.
    """
    forge = await forges.of(context.repository)
    allowed = context.goal.servers
    if allowed and forge.name != _WITHOUT_SERVER and forge.name not in allowed:
        raise Refused(
            f"{context.repository.id} is published by the MCP server {forge.name}, which this "
            "execution may not use.",
            hint=f"Execute the plan with {forge.name} among its servers.",
        )
    return forge


def pull_requests_of(forge: Forge) -> PullRequests:
    """The forge as one with pull requests. Raises Refused when it has none."""
    if not isinstance(forge, PullRequests):
        raise _lacks(forge, "pull requests", "Deliver to branches, or merge.")
    return forge


def statuses_of(forge: Forge) -> CommitStatuses:
    """The forge as one with statuses of commits. Raises Refused when it has none."""
    if not isinstance(forge, CommitStatuses):
        raise _lacks(forge, "commit statuses", "Make the plan again.")
    return forge


def workflows_of(forge: Forge) -> Workflows:
    """The forge as one with workflows. Raises Refused when it has none."""
    if not isinstance(forge, Workflows):
        raise _lacks(forge, "workflows", "Run the pipeline here: runner local.")
    return forge


def _lacks(forge: Forge, what: str, hint: str) -> Refused:
    return Refused(f"The forge {forge.name} has no {what}.", hint=hint)
