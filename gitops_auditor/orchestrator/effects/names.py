"""What a plan calls its own at a forge, by which it is found again."""

from typing import Final

PREFIX: Final = "gitops-auditor/"
ORDER_CONTEXT: Final = "gitops-auditor/merge-order"
"""The commit status that says what a pull request waits for."""


def branch_of(plan_id: str) -> str:
    """The branch of a plan, the same in every repository."""
    return f"{PREFIX}{plan_id}"


def plan_of(branch: str) -> str | None:
    """The plan that a branch belongs to; None for one that belongs to none."""
    plan_id = branch.removeprefix(PREFIX)
    return plan_id if branch.startswith(PREFIX) and plan_id and "/" not in plan_id else None
