"""Which checks and statuses of a commit stand in the way of a merge."""

from typing import Final

from gitops_auditor.errors import GitOpsError
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import items_of, text_of
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import LIST_CHECKS, LIST_STATUSES

MOST_NAMED: Final = 10
_GOOD: Final = frozenset({"success", "neutral", "skipped"})


async def missing_checks(calls: GitHubCalls, where: RepositoryName, commit: str) -> str:
    """A sentence that names them; empty when there are none, or when it cannot be told."""
    if not calls.rest.usable:
        return ""
    try:
        checks = items_of(await calls.ask(LIST_CHECKS, where, sha=commit), "check_runs")
        statuses = items_of(await calls.ask(LIST_STATUSES, where, sha=commit, per_page=100))
    except GitOpsError:
        # The refusal that is explained matters more than why it cannot be.
        return ""
    newest = {text_of(one, "context"): text_of(one, "state") for one in reversed(statuses)}
    runs = {
        text_of(one, "name"): text_of(one, "conclusion") or text_of(one, "status") for one in checks
    }
    bad = [f"{name}: {state}" for name, state in {**newest, **runs}.items() if state not in _GOOD]
    more = f" and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
    return f"Not passed: {', '.join(bad[:MOST_NAMED])}{more}." if bad else ""
