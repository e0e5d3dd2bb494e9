"""Both dialects of GitHub's MCP servers; each test starts its server once."""

import sys

import pytest

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.errors import Refused, Stale
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from tests.factories.emulator import github_server
from tests.fakes import FOLDER
from tests.fakes.github_mcp import AGENT
from tests.fakes.github_rest import TOKEN
from tests.orchestrator.forges.github.hub import PLAN, Hub, proposal
from tests.orchestrator.forges.github.test_pull_requests import theirs_on_top

NPM = "modelcontextprotocol"
OURS = "gitops-auditor"


def official_server(hub: Hub) -> ServerSettings:
    return ServerSettings.model_validate(
        {
            "command": [sys.executable, "-m", "tests.fakes.github_mcp", hub.url],
            "cwd": FOLDER.parents[1],
            "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": TOKEN},
        }
    )


async def ways(forge: GitHubForge) -> dict[str, str]:
    """The tool of each capability, else `rest` or `none`."""
    return {one.name: one.tool or one.way for one in await forge.capabilities()}


class TestTheServerOnNpm:
    async def test_a_pull_request_is_made_by_its_tools_and_the_rest_over_rest(
        self, hub: Hub
    ) -> None:
        async with hub.forge(server=github_server(hub.url)) as forge:
            found = {one.name: one for one in await forge.capabilities()}
            hub.fake.lose("POST", "/pulls")
            opened = await hub.opened(forge)
            await forge.close_pull_request(hub.repository, opened.number, "Undone.")
        assert found["open a pull request"].tool == "create_pull_request"
        assert found["close a pull request"].way == "rest"
        assert found["create a branch"].reason == "the tool create_branch takes no `sha`."
        assert found["merge a pull request"].reason == "the tool merge_pull_request takes no `sha`."
        assert found["set the status of a commit"].reason.endswith("no tool for it.")
        assert len(hub.hosted.pulls) == hub.fake.asked("POST", "/pulls", NPM) == 1
        assert hub.fake.asked("POST", "/comments", NPM) == 1
        assert hub.fake.asked("PATCH", "/pulls/1", OURS) == 1
        assert hub.hosted.pulls[0].state == "closed"

    async def test_its_refusals_have_the_meaning_that_github_gave_them(self, hub: Hub) -> None:
        async with hub.forge(server=github_server(hub.url)) as forge:
            hub.fake.answer_next("GET", "/pulls", 401, "Bad credentials")
            with pytest.raises(Refused, match="does not accept the token"):
                await forge.find_pull_request(hub.repository, PLAN)


class TestAServerThatDoesNotStart:
    async def test_with_a_token_everything_goes_over_rest(self, hub: Hub) -> None:
        broken = ServerSettings.model_validate({"command": [sys.executable, "-c", "exit(3)"]})
        async with hub.forge(server=broken) as forge:
            assert (await hub.opened(forge)).state == "open"
            found = await forge.capabilities()
        assert {one.way for one in found} == {"rest"}
        assert "MCP server github ended" in found[0].reason


class TestTheOfficialServer:
    async def test_pull_requests_and_workflows_go_by_its_tools(self, hub: Hub) -> None:
        hub.fake.run_ends = "failure"
        async with hub.forge(server=official_server(hub)) as forge:
            served = await ways(forge)
            opened = await hub.opened(forge)
            await forge.open_pull_request(hub.repository, proposal("nobody", "ada"))
            run = await forge.start_workflow(
                hub.repository, "release.yml", "main", {"level": "2"}, "plan-1/3"
            )
            ended = await forge.workflow_run(hub.repository, run.id)
            log = await forge.workflow_log(hub.repository, run.id, 1000)
            await forge.cancel_workflow(hub.repository, run.id)
            merged = await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
        assert served["start a workflow"] == "actions_run_trigger"
        assert served["read the log of a job"] == "get_job_logs"
        assert served["read a pull request"] == "pull_request_read"
        assert served["merge a pull request"] == "rest"
        assert hub.hosted.pulls[0].reviewers == ["ada"]
        assert hub.hosted.runs[0].inputs == {"level": "2", "gitops_marker": "plan-1/3"}
        assert (ended.status, log) == ("failed", "== build ==\nstarted\nended")
        assert hub.fake.asked("POST", "/dispatches", AGENT) == 1
        assert merged.merge_commit == hub.hosted.git.branches()["main"]

    async def test_without_a_token_its_tools_still_make_and_merge_pull_requests(
        self, hub: Hub
    ) -> None:
        hub.hosted.git.git("fetch", "--quiet", str(hub.clone), f"{PLAN}:{PLAN}")
        async with hub.forge(token="", server=official_server(hub)) as forge:
            assert (await ways(forge))["set the status of a commit"] == "none"
            opened = await forge.open_pull_request(hub.repository, proposal())
            with pytest.raises(Stale):
                await forge.merge_pull_request(hub.repository, opened.number, hub.base)
            await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
            await forge.close_pull_request(hub.repository, opened.number, "Too late.")
        assert hub.fake.asked("GET", "/", OURS) == 0
        assert hub.hosted.pulls[0].merged_at is not None
        assert hub.hosted.pulls[0].comments == []

    async def test_what_is_merged_of_another_head_is_told(self, hub: Hub) -> None:
        hub.hosted.git.git("fetch", "--quiet", str(hub.clone), f"{PLAN}:{PLAN}")
        async with hub.forge(token="", server=official_server(hub)) as forge:
            opened = await forge.open_pull_request(hub.repository, proposal())
            theirs_on_top(hub)
            with pytest.raises(Stale, match="Somebody pushed"):
                await forge.merge_pull_request(hub.repository, opened.number, hub.rendered)
