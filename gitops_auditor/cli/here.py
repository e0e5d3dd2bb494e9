"""The repository that a command is called in."""

from pathlib import Path

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call
from gitops_auditor.errors import Conflict, InvalidRequest
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git_directory import GitDirectory


def layout_of(folder: Path) -> GitDirectory:
    """The repository that a folder is in.

    Raises InvalidRequest when there is none.
    """
    hint = "Go to one, or name it with --repository."
    if not folder.is_dir():
        raise InvalidRequest(f"There is no folder {folder}.", hint=hint)
    for one in (folder, *folder.parents):
        layout = git_directory.locate(one)
        if layout is not None:
            return layout
    raise InvalidRequest(f"{folder} is in no git repository.", hint=hint)


def top_folder(folder: Path) -> Path:
    """The top folder of the repository that a folder is in. Raises InvalidRequest."""
    layout = layout_of(folder)
    return layout.worktree or layout.git_dir


async def repository_in(platform: Platform, folder: Path) -> str:
    """The id of the repository that the folder is in; it is registered when it is not known.

    A linked worktree of a repository that is registered is that repository.
    """
    top = top_folder(folder)
    for known in await platform.services.repositories.all():
        if known.path == str(top):
            return known.id
    try:
        registered = await call(platform, "register_repository", path=str(top))
    except Conflict:
        linked = await _linked_to(platform, layout_of(top))
        if linked is None:
            raise
        return linked
    return str(registered.id)


async def _linked_to(platform: Platform, layout: GitDirectory) -> str | None:
    """The registered repository that has its objects where this one has them."""
    common = layout.common_dir.resolve()
    for known in await platform.services.repositories.all():
        other = git_directory.locate(Path(known.path)) if known.path else None
        if other is not None and other.common_dir.resolve() == common:
            return known.id
    return None


async def checked_out(platform: Platform, repository_id: str) -> str:
    """The branch or the commit that is checked out there."""
    repository = await platform.services.repositories.get(repository_id)
    revision = await platform.services.repositories.revisions.checked_out(repository)
    return revision.ref
