"""The repository that a command is called in."""

from pathlib import Path

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.repositories import git_directory


def top_folder(folder: Path) -> Path:
    """The top folder of the repository that a folder is in.

    Raises InvalidRequest when there is none.
    """
    hint = "Go to one, or name it with --repository."
    if not folder.is_dir():
        raise InvalidRequest(f"There is no folder {folder}.", hint=hint)
    for one in (folder, *folder.parents):
        if git_directory.locate(one) is not None:
            return one
    raise InvalidRequest(f"{folder} is in no git repository.", hint=hint)


async def repository_in(platform: Platform, folder: Path) -> str:
    """The id of the repository that the folder is in; it is registered when it is not known."""
    top = top_folder(folder)
    for known in await platform.services.repositories.all():
        if known.path == str(top):
            return known.id
    registered = await call(platform, "register_repository", path=str(top))
    return str(registered.id)


async def checked_out(platform: Platform, repository_id: str) -> str:
    """The branch or the commit that is checked out there."""
    repository = await platform.services.repositories.get(repository_id)
    revision = await platform.services.repositories.revisions.checked_out(repository)
    return revision.ref
