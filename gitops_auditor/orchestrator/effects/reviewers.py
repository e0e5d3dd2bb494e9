"""Whom a repository wants to review a change."""

from collections.abc import Sequence

from gitops_auditor.orchestrator.forges.codeowners import MOST_BYTES, PLACES, parse_codeowners
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

MOST_REVIEWERS = 15
"""GitHub takes no more for one pull request."""


class CodeOwnerReviewers:
    """The owners that CODEOWNERS names for the paths of a change."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    async def __call__(
        self, repository: Repository, commit: str, paths: Sequence[str]
    ) -> Sequence[str]:
        """Users, and teams as `owner/team`, by the file of a commit; none without one.

        Raises NotFound for an unknown commit, TooLarge for a file that GitHub does not read.
        """
        for place in PLACES:
            content = await self._revisions.file(repository, commit, place, MOST_BYTES)
            if content is not None:
                return parse_codeowners(content).reviewers(paths)[:MOST_REVIEWERS]
        return ()
