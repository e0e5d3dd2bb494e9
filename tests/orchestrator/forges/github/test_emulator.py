"""A whole pull request by GitHub's MCP server of npm on npm's emulator, and its webhooks to us.

The emulator makes up the ids of commits, so the branch is made by its REST API, not by a plan.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.orchestrator.forges.forge import NewPullRequest, NewRelease
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.connections.wiring import connected
from tests.factories.emulator import emulator, github_server
from tests.fakes.github_rest import TOKEN
from tests.orchestrator.forges.github.hub import (
    Elsewhere,
    hub_settings,
    make_forge,
    registered,
)

SECRET = "between the two of us"
HEAD = "gitops-auditor/plan-1"
APP = "/repos/octo/app"


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulator(tmp_path_factory.mktemp("emulator")) as url:
        yield url


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"github_webhook_secret": SecretStr(SECRET)})


@pytest.fixture
async def api(emulated: str) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(base_url=emulated, headers=headers, trust_env=False) as client:
        yield client


async def push_branch(api: httpx2.AsyncClient) -> str:
    """A commit on main, on another branch."""
    base = (await api.get(f"{APP}/git/ref/heads/main")).json()["object"]["sha"]
    await api.post(f"{APP}/git/refs", json={"ref": f"refs/heads/{HEAD}", "sha": base})
    change = {"message": "Bump", "content": "MgA=", "branch": HEAD}
    await api.put(f"{APP}/contents/version", json=change)
    return str((await api.get(f"{APP}/git/ref/heads/{HEAD}")).json()["object"]["sha"])


async def hook(api: httpx2.AsyncClient, url: str, secret: str) -> str:
    config = {"url": url, "content_type": "json", "secret": secret}
    wanted = {"config": config, "events": ["pull_request", "push"]}
    return str((await api.post(f"{APP}/hooks", json=wanted)).json()["id"])


async def delivered(api: httpx2.AsyncClient, number: str, action: str) -> int:
    """What the platform answered to a delivery of a pull request."""
    with anyio.fail_after(20):
        while True:
            listed = (await api.get(f"{APP}/hooks/{number}/deliveries")).json()
            for one in listed:
                if (one["event"], one["action"]) == ("pull_request", action):
                    return int(one["status_code"])


async def publish(forge: GitHubForge, head: str) -> None:
    """Everything from a branch to a release, each of it once."""
    repository = registered(None, "https://github.com/octo/app")
    new = NewPullRequest(HEAD, "main", "Bump", "Depends-On: octo/lib", ["ada", "nobody"])
    opened = await forge.open_pull_request(repository, new)
    assert opened.head_commit == head
    assert await forge.open_pull_request(repository, new) == opened
    merged = await forge.merge_pull_request(repository, opened.number, head)
    assert merged.state == "merged"
    assert await forge.find_pull_request(repository, HEAD) == merged
    await forge.move_branch(repository, HEAD, head, None)
    assert (await forge.heads(repository, [HEAD, "main"])) == {
        HEAD: None,
        "main": merged.merge_commit,
    }
    release = NewRelease("v1", merged.merge_commit, "One", "Notes")
    made = await forge.create_release(repository, release)
    assert made == await forge.find_release(repository, "v1")


async def test_a_pull_request_is_merged_and_the_platform_hears_of_it(
    emulated: str, api: httpx2.AsyncClient, live_server: str, tmp_path: Path
) -> None:
    head = await push_branch(api)
    ours = await hook(api, f"{live_server}/api/webhooks/github", SECRET)
    forged = await hook(api, f"{live_server}/api/webhooks/github", "something else")
    async with connected(github=github_server(emulated)) as connections:
        settings = hub_settings(emulated, TOKEN)
        made = make_forge(settings, connections, tmp_path / "none", Elsewhere())
        async with made.open() as forge:
            served = {one.name: one.tool for one in await forge.capabilities()}
            await publish(forge, head)
    assert served["open a pull request"] == "create_pull_request"
    pulls = (await api.get(f"{APP}/pulls?state=all")).json()
    assert len(pulls) == 1
    assert [one["login"] for one in pulls[0]["requested_reviewers"]] == ["ada"]
    assert await delivered(api, ours, "opened") == 202
    assert await delivered(api, ours, "closed") == 202
    assert await delivered(api, forged, "opened") == 401
