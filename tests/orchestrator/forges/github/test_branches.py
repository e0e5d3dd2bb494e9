from pathlib import Path

import pytest

from gitops_auditor.errors import NotFound, Refused, Stale, Unavailable
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from gitops_auditor.orchestrator.forges.github.local_commits import LocalCommits
from gitops_auditor.repositories.git import Git
from tests.connections.wiring import connected
from tests.factories.git import git, make_repository
from tests.fakes.github_rest import TOKEN
from tests.orchestrator.forges.github.hub import PLAN, Hub, hub_settings, registered
from tests.repositories.rendered import MOMENT, open_rendering


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

    @pytest.mark.parametrize(
        ("status", "message"),
        [(404, "Not Found"), (200, "Field 'updateRefs' doesn't exist on type 'Mutation'")],
    )
    async def test_where_graphql_cannot_a_branch_is_deleted_over_rest(
        self, hub: Hub, forge: GitHubForge, status: int, message: str
    ) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        hub.fake.answer_next("POST", "/graphql", status, message)
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

    async def test_what_the_platform_rendered_is_published_from_its_own_store(
        self, hub: Hub, tmp_path: Path
    ) -> None:
        rendering = open_rendering(tmp_path / "data")
        made = await rendering.commits.commit_files(
            hub.repository, hub.base, {"README.md": b"rendered\n"}, "Render it", MOMENT
        )
        local = LocalCommits(Git(), rendering.revisions)
        settings = hub_settings(hub.url, TOKEN)
        async with (
            connected() as connections,
            GitHubForge(settings, connections, local, hub.elsewhere).open() as forge,
        ):
            await forge.move_branch(hub.repository, PLAN, None, made.commit)
        assert hub.hosted.git.branches()[PLAN] == made.commit

    async def test_a_commit_that_github_makes_for_nobody_else_is_refused(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        arguments = ("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--allow-empty", "-qm", "x")
        await git(hub.clone, *arguments)
        odd = await git(hub.clone, "rev-parse", "HEAD")
        with pytest.raises(Refused, match="header encoding"):
            await forge.move_branch(hub.repository, PLAN, None, odd)

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
