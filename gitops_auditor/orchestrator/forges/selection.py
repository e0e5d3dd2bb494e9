"""Chooses where a repository is published."""

from gitops_auditor.orchestrator.forges.forge import Forge
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from gitops_auditor.repositories.models import Repository


class ForgeSelection:
    """GitHub for the repositories that are on it, while it can be asked; git itself for others."""

    def __init__(self, git: Forge, github: GitHubForge) -> None:
        self._git = git
        self._github = github

    async def of(self, repository: Repository) -> Forge:
        """The forge of a repository; what it can do beside branches its protocols say."""
        return self._github if self._github.serves(repository) else self._git
