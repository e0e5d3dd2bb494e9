"""What `gitops-auditor gates run` is about: a commit, files as they are, or what is staged."""

import os
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.app import Platform
from gitops_auditor.cli.here import checked_out, layout_of, top_folder
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git_directory import GitDirectory, UnresolvedHead
from gitops_auditor.repositories.models import Repository

STAGED, WORKTREE = "STAGED", "WORKTREE"


class Looked(NamedTuple):
    """A ref, WORKTREE or STAGED; `index_file` is what STAGED is read from, None for the usual."""

    ref: str
    index_file: str | None = None


async def looked_at(
    platform: Platform, repository_id: str, folder: Path, chosen: str | None
) -> Looked:
    """What is looked at in the folder: what was chosen, else what is checked out there.

    Raises InvalidRequest for what cannot be looked at in a linked worktree.
    """
    repository = await platform.services.repositories.get(repository_id)
    layout = layout_of(folder)
    if str(layout.worktree or layout.git_dir) != repository.path:
        return _linked(repository, layout, chosen)
    if chosen == STAGED:
        return Looked(STAGED, _index_of_hook())
    return Looked(chosen or await checked_out(platform, repository_id))


def named_files(files: list[str], folder: Path, *, are_here: bool) -> list[str]:
    """The files by their paths in the repository. Raises InvalidRequest for one that is not there:
    of a mistyped name nothing is found, which must not look like a pass.
    """
    if not files:
        return []
    top, named = top_folder(folder), []
    for file in files:
        path = Path(os.path.normpath(folder / file))
        if not path.is_relative_to(top):
            raise InvalidRequest(f"{file} is not in {top}.", hint="Name files of the repository.")
        if are_here and not path.is_file():
            raise InvalidRequest(
                f"There is no file {file} in {folder}.", hint="Correct the name, or leave it out."
            )
        named.append(path.relative_to(top).as_posix())
    return named


def _index_of_hook() -> str | None:
    """The index that git tells a hook of: another than the usual for `commit -a` and `-p`."""
    told = os.environ.get("GIT_INDEX_FILE", "")
    return told if Path(told).name not in ("", "index") else None


def _linked(repository: Repository, layout: GitDirectory, chosen: str | None) -> Looked:
    """A linked worktree shares everything with the repository but what it has checked out."""
    if chosen == WORKTREE:
        raise InvalidRequest(
            f"{repository.id} is registered at {repository.path}; of its linked worktrees only"
            " what is staged or committed can be looked at.",
            hint="Stage the files and use --staged, or commit them and name the branch with --ref.",
        )
    if chosen == STAGED:
        return Looked(STAGED, str(layout.git_dir.resolve() / (_index_of_hook() or "index")))
    return Looked(chosen or _head(layout))


def _head(layout: GitDirectory) -> str:
    try:
        head = git_directory.head_commit(layout)
    except UnresolvedHead:
        head = None
    if head is None:
        raise InvalidRequest(
            f"What is checked out in {layout.worktree} cannot be told.", hint="Name it with --ref."
        )
    return head
