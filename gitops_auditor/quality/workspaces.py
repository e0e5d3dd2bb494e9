"""The folders that gates look at, in quality's own words; who opens gates hands them over."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol


class Folders(NamedTuple):
    """A checkout that is thrown away. `root` holds the files of `commit`, whose tree is `tree`.

    `home` is for what checks leave. Both belong to the user of jobs.
    """

    root: Path
    home: Path
    commit: str
    tree: str


class Workspaces(Protocol):
    """Makes checkouts."""

    def open(
        self, repository_id: str, commit: str, index: Path | None = None, *, history: bool = True
    ) -> AbstractAsyncContextManager[Folders]:
        """A checkout for the length of the block, of a commit, WORKTREE or STAGED.

        `index` is what STAGED is read from instead of the usual one. Without `history` there
        are the files, and nothing by which git could tell more of them.

        Raises NotFound, Unavailable, Refused, TooLarge, InvalidRequest for the index.
        """
