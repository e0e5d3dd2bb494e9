"""Deletes a branch at GitHub by compare and swap, which only its GraphQL API offers."""

from typing import Final

from gitops_auditor.errors import Conflict, JsonValue, NotFound
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import items_of, text_of
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import DELETE_BRANCH, READ_REPOSITORY

_NOTHING: Final = "0" * 40
_MUTATION: Final = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { __typename } }"


async def delete_branch(
    calls: GitHubCalls, where: RepositoryName, branch: str, present: str
) -> None:
    """Delete a branch that stands at `present`.

    Raises Conflict when it stands elsewhere, or may not be deleted. A GitHub without this part of
    GraphQL is asked over REST, which does not compare.
    """
    try:
        await _compared(calls, where, branch, present)
    except NotFound:
        await calls.ask(DELETE_BRANCH, where, branch=branch)


async def _compared(calls: GitHubCalls, where: RepositoryName, branch: str, present: str) -> None:
    repository = await calls.ask(READ_REPOSITORY, where)
    update: JsonValue = {"name": f"refs/heads/{branch}", "beforeOid": present, "afterOid": _NOTHING}
    wanted: JsonValue = {
        "repositoryId": text_of(repository, "node_id"),
        "refUpdates": [update],
    }
    answer = await calls.rest.query(_MUTATION, {"input": wanted}, DELETE_BRANCH.what)
    errors = items_of(answer, "errors")
    if any(_is_unknown(text_of(one, "message")) for one in errors):
        raise NotFound("GitHub's GraphQL has no updateRefs.", hint="Ask over REST.")
    if errors:
        raise Conflict(
            f"GitHub refuses to delete a branch: {text_of(errors[0], 'message')[:300]}",
            hint="Look at the branch there.",
        )


def _is_unknown(message: str) -> bool:
    return "updateRefs" in message or "UpdateRefsInput" in message
