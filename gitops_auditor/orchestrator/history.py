"""Whether what a plan made is part of what a branch holds by now."""

from gitops_auditor.errors import NotFound
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions


class History:
    """Looks into repositories as they are on this machine; a mirror is fetched when it has to."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    async def contains(self, repository: Repository, head: str, commit: str) -> bool | None:
        """Whether `commit` is `head` or before it; None when what was pushed is not to be had here.

        Raises Unavailable.
        """
        if head == commit:
            return True
        try:
            # Last the commit that a plan made: where that is, there is also what it was made on.
            return await self._revisions.merge_base(repository, head, commit) == commit
        except NotFound:
            return None
