"""One GitHub for each test: a fake that starts in milliseconds, on real repositories."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.factories.owned import owned
from tests.fakes.github_rest import GitHubFake
from tests.orchestrator.forges.github.hub import Elsewhere, Hub, make_clone, registered


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    fake = GitHubFake(tmp_path / "github")
    hosted, clone = fake.add("octo/app"), tmp_path / "clone"
    base, rendered = await make_clone(clone, hosted.git.path)
    repository = registered(clone, "git@github.com:octo/app.git")
    async with owned(fake.serve()) as url:
        yield Hub(fake, hosted, repository, clone, base, rendered, url, Elsewhere())


@pytest.fixture
async def forge(hub: Hub) -> AsyncIterator[GitHubForge]:
    async with owned(hub.forge()) as opened:
        yield opened
