"""What has to be read: where each repository stands against where it was last read."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread

from gitops_auditor.dependencies.names import repository_identity
from gitops_auditor.dependencies.resolution import Place
from gitops_auditor.dependencies.snapshots import NO_COMMITS, UNREADABLE, reader_version
from gitops_auditor.dependencies.store import SnapshotHead
from gitops_auditor.errors import GitOpsError
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_directory import UnresolvedHead
from gitops_auditor.repositories.models import Repository


class Standing(NamedTuple):
    """A repository, the commit at its HEAD (or NO_COMMITS, UNREADABLE), and why it is so."""

    repository: Repository
    commit: str
    reason: str = ""

    @property
    def path(self) -> Path:
        """The folder to read; only for a repository that is readable."""
        return Path(self.repository.path or "")


def identity_of(repository: Repository) -> str:
    """`host/owner/name` of where the repository came from, in lower case; empty when unknown."""
    return repository_identity(repository.origin_url or repository.clone_url or "")


def place_of(repository: Repository) -> Place:
    """What names relative to the repository are relative to."""
    return Place(repository.id, identity_of(repository), repository.path or "")


def reading_version(repository: Repository) -> str:
    """Another one means that the same commit may be read or matched otherwise than before."""
    text = f"{reader_version()}\0{identity_of(repository)}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_unchanged(standing: Standing, stored: SnapshotHead | None) -> bool:
    """Whether the snapshot is of this very commit, read by this very code."""
    return (
        stored is not None
        and stored.commit == standing.commit
        and standing.commit != UNREADABLE
        and stored.reader_version == reading_version(standing.repository)
    )


async def standings(git: Git, repositories: Sequence[Repository]) -> list[Standing]:
    """Where each repository stands, mostly without starting git."""
    found = await anyio.to_thread.run_sync(_from_files, repositories)
    return [item if isinstance(item, Standing) else await _from_git(git, item) for item in found]


def gone(stored: Mapping[str, SnapshotHead], registered: Iterable[Repository]) -> list[str]:
    """Ids of snapshots whose repository is not registered any more."""
    return sorted(set(stored) - {repository.id for repository in registered})


def _from_files(repositories: Sequence[Repository]) -> list[Standing | Repository]:
    return [_from_file(repository) for repository in repositories]


def _from_file(repository: Repository) -> Standing | Repository:
    """The standing, or the repository itself when only git can tell."""
    if repository.path is None:
        return Standing(repository, UNREADABLE, "It has not been cloned yet.")
    layout = git_directory.locate(Path(repository.path))
    if layout is None:
        return Standing(repository, UNREADABLE, f"{repository.path} is no git repository any more.")
    try:
        return Standing(repository, git_directory.head_commit(layout) or NO_COMMITS)
    except UnresolvedHead:
        return repository


async def _from_git(git: Git, repository: Repository) -> Standing:
    try:
        commit = await git.head_commit(Path(repository.path or ""))
    except GitOpsError as error:
        return Standing(repository, UNREADABLE, error.message)
    return Standing(repository, commit or NO_COMMITS)
