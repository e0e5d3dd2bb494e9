"""What the files of a repository tell of it: where it came from, its branch, its commit."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.discovery import Found
from gitops_auditor.repositories.git_directory import GitDirectory, UnresolvedHead
from gitops_auditor.repositories.git_urls import without_credentials


class Facts(NamedTuple):
    """A repository as it is on disk. URLs hold no credentials; what is not printable text is None.

    `head_sha` is None without commits, and also when `asks_git`: then only git can tell.
    """

    path: Path
    origin_url: str | None
    default_branch: str | None
    head_sha: str | None
    asks_git: bool = False


def inspect(path: Path, layout: GitDirectory) -> Facts:
    """Read the facts of one repository; blocking, for a worker thread."""
    origin = _printable(git_directory.origin_url(layout))
    branch = _printable(git_directory.default_branch(layout))
    safe_origin = without_credentials(origin) if origin is not None else None
    try:
        return Facts(path, safe_origin, branch, git_directory.head_commit(layout))
    except UnresolvedHead:
        return Facts(path, safe_origin, branch, None, asks_git=True)


def inspect_all(found: Sequence[Found]) -> list[Facts]:
    """Read the facts of many repositories."""
    return [inspect(item.path, item.layout) for item in found]


def _printable(text: str | None) -> str | None:
    return text if text is not None and text and text.isprintable() else None
