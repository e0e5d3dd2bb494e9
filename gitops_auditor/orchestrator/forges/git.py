"""Publishing by git alone: branches of folders on this machine and of clone URLs."""

from collections.abc import Sequence
from typing import Final

from gitops_auditor.repositories.branch_moves import BranchMove
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.publishing import Publishing


class GitForge:
    """A forge that has branches and nothing else.

    What is registered by its folder is changed in that folder: its local branches, also when it is
    a checkout of some origin. What is registered by a clone URL is changed there.
    """

    name: Final = "git"
    moves_back: Final = True

    def __init__(self, publishing: Publishing) -> None:
        self._publishing = publishing

    async def heads(self, repository: Repository, branches: Sequence[str]) -> dict[str, str | None]:
        """Where branches stand now, None for one that is not there."""
        return await self._publishing.heads(repository, branches)

    async def move_branch(
        self, repository: Repository, branch: str, expected: str | None, commit: str | None
    ) -> str | None:
        """Move a branch by compare and swap; see `Publishing.move`. No hook runs in a folder."""
        return await self._publishing.move(repository, BranchMove(branch, expected, commit))
