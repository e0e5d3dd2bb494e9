"""Statuses and releases."""

import pytest

from gitops_auditor.errors import Conflict
from gitops_auditor.orchestrator.forges.forge import CommitStatus, NewRelease
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.orchestrator.forges.github.hub import Hub

PENDING = CommitStatus(
    "gitops-auditor/order", "pending", "Waits for octo/lib.", "https://a.example"
)


class TestStatuses:
    async def test_the_same_word_is_said_once(self, hub: Hub, forge: GitHubForge) -> None:
        hub.fake.lose("POST", "/statuses/")
        await forge.set_status(hub.repository, hub.base, PENDING)
        await forge.set_status(hub.repository, hub.base, PENDING)
        other = CommitStatus("another", "success", "x" * 141)
        done = PENDING._replace(state="success")
        for status in (other, done, PENDING):
            await forge.set_status(hub.repository, hub.base, status)
        said = hub.hosted.statuses[hub.base]
        assert [one["state"] for one in said] == ["pending", "success", "success", "pending"]
        assert said[0]["target_url"] == "https://a.example"
        assert len(said[1]["description"]) == 140

    async def test_nothing_is_said_where_that_is_switched_off(self, hub: Hub) -> None:
        async with hub.forge(github_status_updates=False) as forge:
            await forge.set_status(hub.repository, hub.base, PENDING)
        assert hub.fake.requests == []


class TestReleases:
    async def test_one_is_made_for_a_tag(self, hub: Hub, forge: GitHubForge) -> None:
        two = NewRelease("v2", hub.base, "Two", "Notes")
        assert await forge.find_release(hub.repository, "v2") is None
        hub.fake.lose("POST", "/releases")
        made = await forge.create_release(hub.repository, two)
        assert (made.tag, made.commit, made.title) == ("v2", hub.base, "Two")
        assert await forge.create_release(hub.repository, two) == made
        assert hub.fake.asked("POST", "/releases") == 1
        assert hub.hosted.git.ref("refs/tags/v2") == hub.base

    async def test_a_tag_of_another_commit_is_a_conflict(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        hub.hosted.git.git("fetch", "--quiet", str(hub.clone), hub.rendered)
        hub.hosted.git.update("refs/tags/v1", hub.rendered, "0" * 40)
        with pytest.raises(Conflict, match=hub.rendered):
            await forge.create_release(hub.repository, NewRelease("v1", hub.base, "One", ""))

    async def test_an_annotated_tag_is_taken_for_the_commit_that_it_names(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        hub.hosted.git.git(*person, "tag", "-a", "-m", "Three", "v3", hub.base)
        made = await forge.create_release(
            hub.repository, NewRelease("v3", hub.base, "Three", "Notes")
        )
        assert (made.tag, made.commit) == ("v3", hub.base)
