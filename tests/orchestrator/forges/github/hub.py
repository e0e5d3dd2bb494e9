"""A repository on a GitHub, its clone here, and a forge that publishes from one to the other."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.connections.service import Connections
from gitops_auditor.orchestrator.forges.forge import NewPullRequest, PullRequest
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from gitops_auditor.orchestrator.forges.github.local_commits import LocalCommits
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions
from tests.connections.wiring import connected
from tests.factories.git import commit, git, make_repository
from tests.fakes.github_rest import TOKEN, GitHubFake, Hosted

NOW = datetime(2026, 1, 31, tzinfo=UTC)
PLAN = "gitops-auditor/plan-1"
WORKFLOW = """\
run-name: Release ${{ inputs.gitops_marker }}
on:
  workflow_dispatch:
    inputs: {gitops_marker: {}, level: {}}
jobs: {}
"""
FILES: dict[str, str | bytes] = {
    "README.md": "one\n",
    "src/old.py": "gone = True\n",
    "src/kept.py": "kept = True\n",
    ".github/workflows/release.yml": WORKFLOW,
    ".github/workflows/plain.yml": "on: workflow_dispatch\njobs: {}\n",
}


class Elsewhere:
    """In place of the forge that pushes with git, for which GitHub itself would have to be there.

    It notes down what it is asked.
    """

    name = "git"
    moves_back = True

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    async def heads(self, repository: Repository, branches: Sequence[str]) -> dict[str, str | None]:
        self.asked.append((repository.path, repository.clone_url, *branches))
        return dict.fromkeys(branches)

    async def move_branch(
        self, repository: Repository, branch: str, expected: str | None, commit: str | None
    ) -> str | None:
        self.asked.append((repository.path, repository.clone_url, branch, expected, commit))
        return commit


class Hub(NamedTuple):
    """`base` is where main stands on both sides, `rendered` a commit on it that is only here."""

    fake: GitHubFake
    hosted: Hosted
    repository: Repository
    clone: Path
    base: str
    rendered: str
    url: str
    elsewhere: Elsewhere

    @asynccontextmanager
    async def forge(
        self, *, token: str = TOKEN, server: ServerSettings | None = None, **changes: object
    ) -> AsyncIterator[GitHubForge]:
        settings = hub_settings(self.url, token, **changes)
        servers = {} if server is None else {"github": server}
        async with connected(**servers) as connections:
            made = make_forge(settings, connections, self.clone, self.elsewhere)
            async with made.open() as forge:
                yield forge

    async def opened(self, forge: GitHubForge) -> PullRequest:
        """A pull request from the plan's branch, which is made for it."""
        await forge.move_branch(self.repository, PLAN, None, self.rendered)
        return await forge.open_pull_request(self.repository, proposal())


def proposal(*reviewers: str) -> NewPullRequest:
    body = "Because.\n\nGitOps-Plan: plan-1\nDepends-On: octo/lib"
    return NewPullRequest(PLAN, "main", "Bump lib", body, reviewers)


def hub_settings(url: str, token: str, **changes: object) -> Settings:
    given: dict[str, object] = {"github_actions_enabled": True, **changes}
    settings = load_settings({}, github_api_url=url, github_token=SecretStr(token))
    return settings.model_copy(update=given)


def make_forge(
    settings: Settings, connections: Connections, folder: Path, elsewhere: Elsewhere
) -> GitHubForge:
    mirrors = Mirrors(Git(), folder.parent / "mirrors", ("file",), allow_private_hosts=True)
    local = LocalCommits(Git(), Revisions(Git(), Locations(mirrors, Boundaries(()))))
    return GitHubForge(settings, connections, local, elsewhere)


def registered(path: Path | None, origin: str) -> Repository:
    place = str(path) if path is not None else None
    return Repository(
        id="app", name="app", path=place, origin_url=origin, created_at=NOW, updated_at=NOW
    )


async def make_clone(clone: Path, bare: Path) -> tuple[str, str]:
    """The commit of main, pushed, and one on the plan's branch that is not."""
    base = await make_repository(clone, FILES, origin="https://github.com/octo/app.git")
    await git(clone, "push", "--quiet", str(bare), "main")
    await git(clone, "checkout", "--quiet", "-b", PLAN)
    (clone / "src/old.py").unlink()
    (clone / "link").symlink_to("README.md")
    tool = clone / "bin" / "tool"
    tool.parent.mkdir()
    tool.write_bytes(b"\x7fELF\0\xff")
    tool.chmod(0o755)
    changed = {"README.md": "two\r\nthree", "src/é ü.txt": "", "deep/er/new.txt": "new\n"}
    rendered = await commit(clone, changed, "Bump lib\n\nGitOps-Plan: plan-1\nDepends-On: octo/lib")
    return base, rendered
