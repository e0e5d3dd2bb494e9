"""Pull requests at GitHub: found by their branch, so that none is made twice."""

from collections.abc import Sequence
from functools import partial

from gitops_auditor.errors import Conflict, JsonValue, NotFound, Stale, Unavailable
from gitops_auditor.orchestrator.forges.forge import NewPullRequest, PullRequest
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import (
    fields_of,
    items_of,
    pull_request_of,
    text_of,
)
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import (
    ASK_REVIEWERS,
    CLOSE_PULL,
    COMMENT,
    LIST_COMMENTS,
    LIST_PULLS,
    MERGE_PULL,
    MERGE_UNCOMPARED,
    OPEN_PULL,
    READ_PULL,
    READ_REPOSITORY,
)
from gitops_auditor.orchestrator.forges.github.missing_checks import missing_checks
from gitops_auditor.orchestrator.forges.github.repeating import repeated

_METHODS = {
    "merge": "allow_merge_commit",
    "squash": "allow_squash_merge",
    "rebase": "allow_rebase_merge",
}
_BASE_MOVED = "Base branch was modified"
"""GitHub says so of merges that follow one another closely, and merges at the next try."""


class GitHubPullRequests:
    """The pull requests of one GitHub; each method is safe to repeat."""

    def __init__(self, calls: GitHubCalls) -> None:
        self._calls = calls

    async def find(self, where: RepositoryName, head: str) -> PullRequest | None:
        """The newest one from a branch of the repository itself."""
        return await repeated(partial(self._find, where, head))

    async def open(self, where: RepositoryName, new: NewPullRequest) -> PullRequest:
        """As `PullRequests.open_pull_request`."""
        opened = await repeated(partial(self._open, where, new))
        await self._ask_reviewers(where, opened.number, new.reviewers)
        return opened

    async def close(self, where: RepositoryName, number: int, comment: str) -> PullRequest:
        """As `PullRequests.close_pull_request`."""
        return await repeated(partial(self._close, where, number, comment))

    async def merge(self, where: RepositoryName, number: int, head_commit: str) -> PullRequest:
        """As `PullRequests.merge_pull_request`, by the first method that the repository allows.

        Without a token GitHub cannot be told which head is meant: its head is then looked at just
        before and just after, and what was merged of another head is Stale.
        """
        return await repeated(partial(self._merge, where, number, head_commit))

    async def _find(self, where: RepositoryName, head: str) -> PullRequest | None:
        listed = await self._calls.ask(
            LIST_PULLS,
            where,
            head=f"{where.owner}:{head}",
            state="all",
            sort="created",
            direction="desc",
            per_page=100,
        )
        own = [one for one in items_of(listed) if _is_from(one, where, head)]
        return await self._whole(where, own[0]) if own else None

    async def _whole(self, where: RepositoryName, data: JsonValue) -> PullRequest:
        """Tools leave out the commit of a merge, which REST then tells."""
        pull = pull_request_of(data)
        if pull.state != "merged" or pull.merge_commit or not self._calls.rest.usable:
            return pull
        path = f"{where.path}/pulls/{pull.number}"
        return pull_request_of(await self._calls.rest.send("GET", path, READ_PULL.what))

    async def _read(self, where: RepositoryName, number: int) -> PullRequest:
        return await self._whole(where, await self._calls.ask(READ_PULL, where, number=number))

    async def _open(self, where: RepositoryName, new: NewPullRequest) -> PullRequest:
        found = await self._find(where, new.head)
        if found is not None and found.state == "open":
            return found
        await self._calls.ask(
            OPEN_PULL, where, title=new.title, head=new.head, base=new.base, body=new.body
        )
        opened = await self._find(where, new.head)
        if opened is None or opened.state != "open":
            raise Unavailable(
                f"The pull request from {new.head} of {where} was opened, but is not listed yet.",
                hint="Try again in a moment.",
            )
        return opened

    async def _ask_reviewers(
        self, where: RepositoryName, number: int, reviewers: Sequence[str]
    ) -> None:
        """All at once, else one by one: GitHub refuses all for one that it does not know."""
        if reviewers and not await self._asked(where, number, reviewers) and len(reviewers) > 1:
            for one in reviewers:
                await self._asked(where, number, [one])

    async def _asked(self, where: RepositoryName, number: int, reviewers: Sequence[str]) -> bool:
        wanted: list[JsonValue] = [one.removeprefix("@") for one in reviewers]
        try:
            await repeated(
                partial(self._calls.ask, ASK_REVIEWERS, where, number=number, reviewers=wanted)
            )
        except (Conflict, NotFound):
            return False
        return True

    async def _close(self, where: RepositoryName, number: int, comment: str) -> PullRequest:
        pull = await self._read(where, number)
        if pull.state != "open":
            return pull
        if comment and not await self._is_said(where, number, comment):
            await self._calls.ask(COMMENT, where, number=number, body=comment)
        await self._calls.ask(CLOSE_PULL, where, number=number, state="closed")
        return await self._read(where, number)

    async def _is_said(self, where: RepositoryName, number: int, comment: str) -> bool:
        if self._calls.rest.usable:
            path = f"{where.path}/issues/{number}/comments"
            listed: JsonValue = await self._calls.rest.pages(path, LIST_COMMENTS.what)
        else:
            listed = await self._calls.ask(LIST_COMMENTS, where, number=number, per_page=100)
        return any(text_of(one, "body").strip() == comment.strip() for one in items_of(listed))

    async def _merge(self, where: RepositoryName, number: int, head_commit: str) -> PullRequest:
        pull = await self._read(where, number)
        if pull.head_commit != head_commit:
            raise _moved(pull, head_commit)
        if pull.state == "merged":
            return pull
        if pull.state == "closed":
            raise Conflict(
                f"The pull request {pull.url} is closed.", hint="Open it again, or leave it out."
            )
        try:
            await self._ask_to_merge(where, number, head_commit)
        except Conflict as refused:
            return await self._after_refusal(where, number, head_commit, refused)
        merged = await self._read(where, number)
        if merged.head_commit != head_commit:
            raise _moved(merged, head_commit)
        return merged

    async def _ask_to_merge(self, where: RepositoryName, number: int, head_commit: str) -> None:
        method = await self._method(where)
        if self._calls.rest.usable or await self._calls.serves_by_tool(MERGE_PULL):
            await self._calls.ask(
                MERGE_PULL, where, number=number, merge_method=method, sha=head_commit
            )
        else:
            await self._calls.ask(MERGE_UNCOMPARED, where, number=number, merge_method=method)

    async def _method(self, where: RepositoryName) -> str:
        """What the repository allows; a token that may not see that is given `merge`."""
        if not self._calls.rest.usable:
            return "merge"
        allowed = fields_of(await self._calls.ask(READ_REPOSITORY, where))
        return next((name for name, flag in _METHODS.items() if allowed.get(flag)), "merge")

    async def _after_refusal(
        self, where: RepositoryName, number: int, head_commit: str, refused: Conflict
    ) -> PullRequest:
        pull = await self._read(where, number)
        if pull.head_commit != head_commit:
            raise _moved(pull, head_commit) from refused
        if pull.state == "merged":
            return pull
        if _BASE_MOVED in refused.message:
            raise Unavailable(refused.message, hint="Try again.") from refused
        missing = await missing_checks(self._calls, where, head_commit)
        raise Conflict(
            f"{refused.message} {missing}".rstrip(),
            hint=f"See what is missing at {pull.url}, then resume.",
            details={"url": pull.url},
        ) from refused


def _is_from(data: JsonValue, where: RepositoryName, head: str) -> bool:
    """Whether it is from the repository's own branch, not from one of that name in a fork."""
    branch = fields_of(fields_of(data).get("head"))
    full_name = text_of(branch.get("repo"), "full_name")
    return branch.get("ref") == head and full_name.lower() in ("", str(where).lower())


def _moved(pull: PullRequest, head_commit: str) -> Stale:
    was = "was merged" if pull.state == "merged" else "stands"
    return Stale(
        f"The pull request {pull.url} {was} at {pull.head_commit}, not at {head_commit}.",
        hint="Somebody pushed to its branch; look at what, then make the plan anew.",
        details={"present": pull.head_commit, "expected": head_commit},
    )
