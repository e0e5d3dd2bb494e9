"""The repository that a command is called in."""

from pathlib import Path

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call


async def repository_in(platform: Platform, folder: Path) -> str:
    """The id of the repository that the folder is in; it is registered when it is not known."""
    top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
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
