import pytest

from gitops_auditor.errors import Conflict, Stale
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.fakes.github_services import MERGER
from tests.orchestrator.forges.github.hub import PLAN, Hub, proposal


def theirs_on_top(hub: Hub) -> str:
    """Somebody else pushes to the plan's branch."""
    made = hub.hosted.git.write_commit(hub.rendered, [hub.rendered], "theirs", MERGER, MERGER)
    hub.hosted.git.update(f"refs/heads/{PLAN}", made, hub.rendered)
    return made


class TestOpening:
    async def test_it_is_opened_once_and_found_by_its_branch(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        assert await forge.find_pull_request(hub.repository, PLAN) is None
        opened = await hub.opened(forge)
        assert (opened.state, opened.head_commit, opened.base) == ("open", hub.rendered, "main")
        assert opened.merge_commit == ""
        assert await forge.open_pull_request(hub.repository, proposal()) == opened
        assert await forge.find_pull_request(hub.repository, PLAN) == opened
        assert "Depends-On: octo/lib" in hub.hosted.pulls[0].body

    async def test_an_answer_that_is_lost_leaves_one(self, hub: Hub, forge: GitHubForge) -> None:
        hub.fake.lose("POST", "/pulls")
        opened = await hub.opened(forge)
        assert opened.number == 1
        assert len(hub.hosted.pulls) == 1
        assert hub.fake.asked("POST", "/pulls") == 1

    async def test_reviewers_that_github_does_not_know_are_left_out(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        await forge.move_branch(hub.repository, PLAN, None, hub.rendered)
        await forge.open_pull_request(
            hub.repository, proposal("@ada", "nobody", "octo/core", "grace")
        )
        assert hub.hosted.pulls[0].reviewers == ["ada", "octo/core", "grace"]


class TestClosing:
    async def test_it_is_closed_with_one_comment(self, hub: Hub, forge: GitHubForge) -> None:
        opened = await hub.opened(forge)
        hub.hosted.pulls[0].comments += [f"older {number}" for number in range(150)]
        hub.hosted.pulls[0].comments.append("Undone.")
        hub.fake.lose("PATCH", "/pulls/1")
        closed = await forge.close_pull_request(hub.repository, opened.number, "Undone.")
        assert closed.state == "closed"
        assert hub.hosted.pulls[0].comments.count("Undone.") == 1

    async def test_one_that_is_closed_stays_as_it_is(self, hub: Hub, forge: GitHubForge) -> None:
        opened = await hub.opened(forge)
        await forge.close_pull_request(hub.repository, opened.number, "Undone.")
        await forge.close_pull_request(hub.repository, opened.number, "Again.")
        assert hub.hosted.pulls[0].comments == ["Undone."]


class TestMerging:
    @pytest.mark.parametrize("squash_only", [False, True])
    async def test_it_is_merged_as_the_repository_allows(
        self, hub: Hub, forge: GitHubForge, squash_only: bool
    ) -> None:
        hub.hosted.squash_only = squash_only
        opened = await hub.opened(forge)
        merged = await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
        assert merged.state == "merged"
        assert merged.merge_commit == hub.hosted.git.branches()["main"]
        assert hub.hosted.git.ref("main^{tree}") == hub.hosted.git.ref(f"{hub.rendered}^{{tree}}")

    async def test_an_answer_that_is_lost_leaves_one_merge(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        opened = await hub.opened(forge)
        hub.fake.lose("PUT", "/merge")
        merged = await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
        assert merged.state == "merged"
        assert hub.fake.asked("PUT", "/merge") == 1
        assert await forge.merge_pull_request(hub.repository, 1, hub.rendered) == merged

    async def test_what_somebody_pushed_to_its_branch_is_not_merged(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        opened = await hub.opened(forge)
        theirs = theirs_on_top(hub)
        with pytest.raises(Stale) as stale:
            await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
        assert stale.value.details["present"] == theirs
        assert hub.hosted.git.branches()["main"] == hub.base

    async def test_a_merge_just_before_it_does_not_fail_it(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        opened = await hub.opened(forge)
        hub.fake.answer_next("PUT", "/merge", 405, "Base branch was modified. Try again.")
        merged = await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
        assert merged.state == "merged"

    async def test_a_missing_status_is_named(self, hub: Hub, forge: GitHubForge) -> None:
        opened = await hub.opened(forge)
        hub.hosted.required.add("gate")
        hub.hosted.statuses[hub.rendered] = [{"context": "gate", "state": "pending"}]
        with pytest.raises(Conflict, match="Not passed: gate: pending"):
            await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)

    async def test_a_closed_one_is_not_merged(self, hub: Hub, forge: GitHubForge) -> None:
        opened = await hub.opened(forge)
        await forge.close_pull_request(hub.repository, opened.number, "")
        with pytest.raises(Conflict, match="is closed"):
            await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
