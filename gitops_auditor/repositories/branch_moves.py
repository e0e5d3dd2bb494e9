"""The move of a branch from one commit to another, and what can be in its way."""

from typing import NamedTuple

from gitops_auditor.errors import InvalidRequest, Refused, Stale
from gitops_auditor.repositories.checked_names import check_commit, check_ref
from gitops_auditor.repositories.revision_names import BRANCH


class BranchMove(NamedTuple):
    """From `expected`, None to create it, to `commit`, None to delete it; `branch` is short."""

    branch: str
    expected: str | None
    commit: str | None

    @property
    def reference(self) -> str:
        """The full name of the branch."""
        return BRANCH + self.branch

    def check(self) -> None:
        """Raise InvalidRequest for a name or an id that cannot be one."""
        check_names([self.branch])
        for commit in (self.expected, self.commit):
            if commit is not None:
                check_commit(commit)

    def is_done(self, present: str | None) -> bool:
        """Whether nothing is left to do. Raises Stale when the branch stands elsewhere."""
        if present == self.commit:
            return True
        if present != self.expected:
            raise Stale(
                f"The branch {self.branch} {_standing(present)}, not as expected"
                f" {_place(self.expected)}.",
                hint="Somebody else moved it. Look at what is new there, and plan again.",
                details={"present": present},
            )
        return False

    def refused(self, reason: str, hint: str) -> Refused:
        """The branch is where it was expected, and its owner does not let it be moved."""
        return Refused(
            f"The branch {self.branch} may not be moved: {reason}.",
            hint=hint,
            details={"present": self.expected},
        )


def check_names(branches: list[str]) -> None:
    """Raise InvalidRequest for what is no short name of a branch."""
    for branch in branches:
        check_ref(branch)
        if branch == "HEAD":
            raise InvalidRequest("HEAD is not the name of a branch.", hint="Name a branch.")


def _standing(present: str | None) -> str:
    return "is not there" if present is None else f"is at {present}"


def _place(commit: str | None) -> str:
    return "absent" if commit is None else f"at {commit}"
