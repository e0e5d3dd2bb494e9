import pytest

from gitops_auditor.errors import NotFound, Refused, Stale, Unavailable
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.factories.git import git, make_repository
from tests.orchestrator.forges.github.hub import PLAN, Hub, registered


class TestMoving:
    async def test_a_rendered_commit_has_the_same_id_at_github(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        made = await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        assert made == hub.rendered
        assert hub.hosted.git.branches()[PLAN] == hub.rendered
        assert hub.hosted.git.git("cat-file", "commit", hub.rendered) == await git(
            hub.clone, "cat-file", "commit", hub.rendered
        )

    async def test_what_is_done_already_is_not_done_again(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        before = len(hub.fake.requests)
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        assert {one.method for one in hub.fake.requests[before:]} == {"GET"}

    @pytest.mark.parametrize(
        ("method", "part"),
        [
            ("POST", "/git/trees"),
            ("POST", "/git/commits"),
            ("POST", "/git/refs"),
            ("GET", "/git/ref/"),
        ],
    )
    async def test_an_answer_that_is_lost_leaves_one_branch(
        self, hub: Hub, forge: GitHubForge, method: str, part: str
    ) -> None:
        hub.fake.lose(method, part)
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        assert hub.hosted.git.branches() == {"main": hub.base, PLAN: hub.rendered}

    async def test_a_branch_is_forwarded_and_deleted(self, hub: Hub, forge: GitHubForge) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.base)
        await forge.move_branch(hub.repository, PLAN, hub.base, hub.rendered)
        assert await forge.heads(hub.repository, [PLAN, "main", "none"]) == {
            PLAN: hub.rendered,
            "main": hub.base,
            "none": None,
        }
        hub.fake.lose("POST", "/graphql")
        assert await forge.move_branch(hub.repository, PLAN, hub.rendered, None) is None
        assert PLAN not in hub.hosted.git.branches()

    async def test_a_push_of_somebody_else_stays(self, hub: Hub, forge: GitHubForge) -> None:
        theirs = hub.hosted.git.write_commit(
            hub.base,
            [hub.base],
            "theirs",
            *[{"name": "A", "email": "a@example.org", "date": "2026-01-03T00:00:00+02:00"}] * 2,
        )
        hub.hosted.git.update(f"refs/heads/{PLAN}", theirs, "0" * 40)
        for expected, wanted in [(None, hub.rendered), (hub.base, hub.rendered), (hub.base, None)]:
            with pytest.raises(Stale) as stale:
                await forge.move_branch(hub.repository, PLAN, expected, wanted)
            assert stale.value.details["present"] == theirs
        assert hub.hosted.git.branches()[PLAN] == theirs

    async def test_a_push_in_the_moment_of_a_deletion_stays(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        hub.fake.meanwhile(
            lambda: hub.hosted.git.update(f"refs/heads/{PLAN}", hub.base, hub.rendered)
        )
        with pytest.raises(Stale):
            await forge.move_branch(hub.repository, PLAN, hub.rendered, None)
        assert hub.hosted.git.branches()[PLAN] == hub.base

    async def test_where_there_is_no_graphql_a_branch_is_deleted_over_rest(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        hub.fake.answer_next("POST", "/graphql", 404, "Not Found")
        hub.fake.lose("DELETE", "/git/refs/")
        await forge.move_branch(hub.repository, PLAN, hub.rendered, None)
        assert hub.hosted.git.branches() == {"main": hub.base}

    async def test_a_branch_is_never_moved_back(self, hub: Hub, forge: GitHubForge) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        with pytest.raises(Refused, match="not a fast forward"):
            await forge.move_branch(hub.repository, PLAN, hub.rendered, hub.base)
        assert not forge.moves_back

    async def test_another_id_than_the_rendered_one_publishes_nothing(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        hub.fake.answer_next("POST", "/git/commits", 201, "made another one")
        with pytest.raises(Refused, match="so nothing was published"):
            await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        assert hub.hosted.git.branches() == {"main": hub.base}

    async def test_a_history_that_github_lacks_is_refused(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        other = hub.clone.parent / "other"
        lonely = await make_repository(other, {"a": "b"})
        with pytest.raises(Refused, match="Push the branch"):
            await forge.move_branch(
                registered(other, "https://github.com/octo/app"), PLAN, None, lonely
            )


class TestReaching:
    async def test_a_repository_that_the_token_may_not_see_is_not_found(
        self, forge: GitHubForge
    ) -> None:
        hidden = registered(None, "https://github.com/octo/hidden")
        with pytest.raises(NotFound, match="GITHUB_TOKEN may see"):
            await forge.heads(hidden, ["main"])

    async def test_a_trouble_that_stays_is_unavailable(self, hub: Hub, forge: GitHubForge) -> None:
        for _ in range(3):
            hub.fake.lose("GET", "/git/ref/")
        with pytest.raises(Unavailable, match="status 502"):
            await forge.heads(hub.repository, ["main"])

    async def test_without_a_token_git_pushes(self, hub: Hub) -> None:
        async with hub.forge(token="") as forge:
            await forge.heads(hub.repository, ["main"])
            await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        url = hub.repository.origin_url
        assert hub.elsewhere.asked == [
            (None, url, "main"),
            (None, url, PLAN, None, hub.rendered),
        ]
        assert hub.fake.requests == []
