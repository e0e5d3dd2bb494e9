"""Which files of a commit are looked at, and which commit they are compared with."""

from pathlib import Path
from typing import Final, NamedTuple

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.written import inside_repository
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revision, Revisions

MOST_FILES: Final = 10_000


class Comparison(NamedTuple):
    """`files` are the paths to look at, None for all; some may be gone from the commit.

    `base` is the newest commit that both the commit and the base that was asked for contain.
    `worktree` is the user's own folder, where that is what is validated.
    """

    base: str | None
    files: tuple[str, ...] | None
    worktree: Path | None


class Changes:
    """Finds out what a validation is about."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    async def of(
        self, repository: Repository, revision: Revision, request: ValidationRequest
    ) -> Comparison:
        """What a request is about.

        Raises NotFound for the base, InvalidRequest for files that lead out of the repository, for
        changes that cannot be told, and for an index beside anything but STAGED alone.
        """
        _check_index(revision, request)
        is_here = revision.commit in (WORKTREE, STAGED)
        worktree = None
        if is_here:
            worktree = await self._revisions.worktree(repository, request.index)
        base = await self._base(repository, revision, request.base)
        files = request.files
        if files is None and request.changed_only:
            files = await self._changed(repository, revision, base, request.index)
        return Comparison(base, None if files is None else _checked(files), worktree)

    async def renamed(self, repository: Repository, base: str, commit: str) -> dict[str, str]:
        """The new paths of files that a commit, WORKTREE or STAGED renamed, by those in the base.

        Raises NotFound for an unknown commit, Unavailable, TooLarge.
        """
        return await self._revisions.renamed_paths(repository, base, commit)

    async def _base(
        self, repository: Repository, revision: Revision, base: str | None
    ) -> str | None:
        if base is None:
            return None
        named = (await self._revisions.resolve(repository, base)).commit
        head = revision.commit
        if head in (WORKTREE, STAGED):
            head = (await self._revisions.checked_out(repository)).commit
        common = await self._revisions.merge_base(repository, named, head)
        if common is None:
            raise InvalidRequest(
                f"{base} and what is validated have no commit in common.",
                hint="Name the branch that the change is for, or fetch more of the history.",
            )
        return common

    async def _changed(
        self, repository: Repository, revision: Revision, base: str | None, index: Path | None
    ) -> tuple[str, ...]:
        if revision.commit == STAGED:
            return tuple(await self._revisions.staged_paths(repository, index))
        if revision.commit == WORKTREE:
            return tuple(await self._revisions.worktree_changed_paths(repository, base))
        if base is None:
            raise InvalidRequest(
                "Without a base nobody knows which files changed.",
                hint="Name the branch that the change is for as the base.",
            )
        found = await self._revisions.changed_paths(repository, base, revision.commit)
        if found is None:
            raise InvalidRequest(
                "So much changed that it is not listed.", hint="Look at the whole repository."
            )
        return tuple(found)


def _check_index(revision: Revision, request: ValidationRequest) -> None:
    if request.index is None:
        return
    if revision.commit != STAGED:
        raise InvalidRequest("Only STAGED is read from an index.", hint="Leave the index out.")
    if request.base is not None:
        raise InvalidRequest(
            "What another index than the usual holds is not compared with a base.",
            hint="Leave the base out: changes are told since HEAD.",
        )


def _checked(files: tuple[str, ...]) -> tuple[str, ...]:
    if len(files) > MOST_FILES:
        raise InvalidRequest(
            f"{len(files)} files are named; at most {MOST_FILES} can be.",
            hint="Leave the files out, and the whole repository is looked at.",
        )
    for file in files:
        try:
            inside_repository(file)
        except ValueError as wrong:
            raise InvalidRequest(
                str(wrong), hint="Give paths relative to the repository."
            ) from None
    return tuple(dict.fromkeys(files))
