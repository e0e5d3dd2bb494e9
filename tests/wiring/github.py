"""A project whose repository is on a small GitHub; its runs are carried out by the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.services import Services, open_services
from tests.factories.git import git
from tests.factories.runs import Project, open_project, run_settings
from tests.fakes.github_rest import TOKEN, GitHubFake, Hosted

GITHUB = "https://example.org"
"""In place of github.com, since the repositories of tests come from there."""


class OnGitHub(NamedTuple):
    """The project, and what GitHub holds of it."""

    project: Project
    fake: GitHubFake
    hosted: Hosted

    async def push(self) -> str:
        """Let GitHub have what is committed; returns the commit."""
        await git(self.project.path, "push", "--quiet", "--tags", str(self.hosted.git.path), "main")
        return self.hosted.git.ref("refs/heads/main") or ""

    @property
    def services(self) -> Services:
        return self.project.services


@asynccontextmanager
async def on_github(
    settings: Settings, folder: Path, runs_in: Path, **changes: object
) -> AsyncIterator[OnGitHub]:
    fake = GitHubFake(folder / "github")
    hosted = fake.add("acme/tool")
    async with fake.serve() as url:
        given: dict[str, object] = {
            **run_settings(runs_in),
            "github_url": GITHUB,
            "github_api_url": url,
            "github_token": SecretStr(TOKEN),
            **changes,
        }
        opened = open_services(settings.model_copy(update=given))
        async with opened as services, open_project(services, folder / "project") as project:
            yield OnGitHub(project, fake, hosted)
