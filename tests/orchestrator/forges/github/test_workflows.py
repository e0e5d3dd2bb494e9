import pytest

from gitops_auditor.errors import Conflict, NotFound, Refused
from gitops_auditor.orchestrator.forges.github import workflows
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.orchestrator.forges.github.hub import Hub

MARKED = ("release.yml", "main", {"level": "2"}, "plan-1/3")


class TestStarting:
    async def test_one_run_is_started_for_each_marker(self, hub: Hub, forge: GitHubForge) -> None:
        first = await forge.start_workflow(hub.repository, *MARKED)
        again = await forge.start_workflow(hub.repository, *MARKED)
        other = await forge.start_workflow(hub.repository, *MARKED[:3], "plan-1/4")
        assert first == again
        assert other.id != first.id
        assert (first.status, len(hub.hosted.runs)) == ("pending", 2)
        assert hub.hosted.runs[0].display_title == "Release plan-1/3"

    @pytest.mark.parametrize("workflow", ["release.yml", "plain.yml"])
    async def test_an_answer_that_is_lost_leaves_one_run(
        self, hub: Hub, forge: GitHubForge, workflow: str
    ) -> None:
        await forge.start_workflow(hub.repository, "plain.yml", "main", {}, "an older one")
        hub.fake.lose("POST", "/dispatches")
        started = await forge.start_workflow(hub.repository, workflow, "main", {}, "plan-1/3")
        assert started.id == str(hub.hosted.runs[1].id)
        assert len(hub.hosted.runs) == 2

    async def test_a_run_that_never_shows_up_is_not_started_again(
        self, hub: Hub, forge: GitHubForge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workflows, "_SHOWN_AFTER", (0.0, 0.0))
        hub.fake.answer_next("POST", "/dispatches", 500, "Server Error")
        with pytest.raises(Conflict, match="shows no run of it"):
            await forge.start_workflow(hub.repository, *MARKED)
        assert hub.fake.asked("POST", "/dispatches") == 1

    async def test_what_it_does_not_take_is_refused(self, hub: Hub, forge: GitHubForge) -> None:
        with pytest.raises(Conflict, match="Unexpected inputs"):
            await forge.start_workflow(hub.repository, "plain.yml", "main", {"no": "1"}, "m")
        with pytest.raises(NotFound):
            await forge.start_workflow(hub.repository, "none.yml", "main", {}, "m")
        with pytest.raises(NotFound, match="has no branch gone"):
            await forge.start_workflow(hub.repository, "plain.yml", "gone", {}, "m")

    async def test_actions_are_driven_only_where_that_is_allowed(self, hub: Hub) -> None:
        async with hub.forge(github_actions_enabled=False) as forge:
            with pytest.raises(Refused, match="may not be driven"):
                await forge.start_workflow(hub.repository, *MARKED)


class TestFollowing:
    async def test_a_failed_run_shows_the_end_of_its_failed_jobs(
        self, hub: Hub, forge: GitHubForge
    ) -> None:
        hub.fake.run_ends = "failure"
        run = (await forge.start_workflow(hub.repository, *MARKED)).id
        hub.hosted.runs[0].logs = {"build": "x" * 5000 + "the reason\n", "other": "fine\n"}
        ended = await forge.workflow_run(hub.repository, run)
        assert (ended.status, ended.reason) == ("failed", "GitHub says: failure.")
        log = await forge.workflow_log(hub.repository, run, 100)
        assert len(log) == 100
        assert log.endswith("xthe reason")

    async def test_a_good_run_shows_all_of_its_jobs(self, hub: Hub, forge: GitHubForge) -> None:
        run = (await forge.start_workflow(hub.repository, *MARKED)).id
        hub.hosted.runs[0].logs["other"] = "fine\n"
        assert (await forge.workflow_run(hub.repository, run)).status == "success"
        log = await forge.workflow_log(hub.repository, run, 1000)
        assert log == "== build ==\nstarted\nended\n== other ==\nfine"

    async def test_a_run_is_cancelled_once(self, hub: Hub, forge: GitHubForge) -> None:
        run = (await forge.start_workflow(hub.repository, *MARKED)).id
        await forge.cancel_workflow(hub.repository, run)
        await forge.cancel_workflow(hub.repository, run)
        assert (await forge.workflow_run(hub.repository, run)).status == "cancelled"
