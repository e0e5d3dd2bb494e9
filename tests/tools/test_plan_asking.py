"""Plans that need approval, executed by clients whose person can be asked for it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult, ElicitResult, TextContent

from gitops_auditor.app import catalog_for
from gitops_auditor.config import Settings
from gitops_auditor.identity import LOCAL
from gitops_auditor.operations import no_progress
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.services import Services
from gitops_auditor.tools.plan_asking import COMMENT
from tests.factories.git import commit, git, make_repository
from tests.factories.runs import run_settings, runs_carried_out
from tests.server.person import NO, YES, Person

SECONDS = 40
CHANGE = {"kind": "bump", "name": "left-pad", "version": "2.0.0"}


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    local = {"plan_local_approval": True, "plan_approval": "always"}
    return settings.model_copy(update={**run_settings(runs_in), **local})


@pytest.fixture(params=["legacy", "auto"])
def era(request: pytest.FixtureRequest) -> str:
    mode: str = request.param
    return mode


@pytest.fixture
async def shop(services: Services, tmp_path: Path) -> Path:
    """A bare repository that a plan publishes in."""
    package = {"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "^1.2.0"}}
    await make_repository(tmp_path / "work", {"package.json": json.dumps(package) + "\n"})
    bare = tmp_path / "shop.git"
    await git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "work"), str(bare))
    await git(bare, "remote", "set-url", "origin", "https://example.org/acme/shop.git")
    async with services.audit.operation("test", "register_repository", {}):
        await services.repositories.register_path(bare, LOCAL)
    return bare


async def planned(services: Services, asker: str = LOCAL.name) -> Plan:
    request = PlanRequest.model_validate({"change": CHANGE, "check_gates": False})
    async with services.audit.operation(asker, "create_execution_plan", {}):
        return await services.plans.planner.plan(request, asker, no_progress)


def server_of(services: Services) -> AuditorServer:
    return create_server(catalog_for(services.settings).for_mcp(), services)


async def executed(
    services: Services, era: str, person: Person | None, plan: Plan
) -> CallToolResult:
    async with (
        runs_carried_out(services),
        Client(server_of(services), mode=era, elicitation_callback=person) as client,
    ):
        return await client.call_tool("execute_plan", {"plan_id": plan.id, "wait_seconds": SECONDS})


def refusal_of(result: CallToolResult) -> str:
    assert result.is_error, result
    first = result.content[0]
    assert isinstance(first, TextContent)
    return first.text.replace("\n", " ")


async def test_a_yes_is_kept_as_an_unprotected_approval_and_the_plan_is_executed(
    services: Services, shop: Path, era: str
) -> None:
    plan, person = await planned(services), Person(YES)
    result = await executed(services, era, person, plan)
    assert not result.is_error, result
    assert result.structured_content["status"] == "completed"
    (question,) = person.asked
    assert question.startswith(f"Approve plan {plan.id} with hash {plan.hash}?")
    (approval,) = (await services.plans.plans.get(plan.id)).approvals
    assert (approval.approved_by, approval.unprotected) == ("local", True)
    assert (approval.hash, approval.comment) == (plan.hash, COMMENT)


@pytest.mark.parametrize(
    "answers", [None, NO, ElicitResult(action="cancel")], ids=["unable", "declined", "cancelled"]
)
async def test_without_a_yes_the_call_is_refused_as_ever(
    services: Services, shop: Path, era: str, answers: ElicitResult | None
) -> None:
    plan, person = await planned(services), None if answers is None else Person(answers)
    said = refusal_of(await executed(services, era, person, plan))
    assert "needs the approval of somebody other than local" in said
    present = await services.plans.plans.get(plan.id)
    assert (present.status, present.approvals) == ("planned", [])


async def test_nobody_is_asked_where_the_answer_cannot_count(
    services: Services, shop: Path
) -> None:
    own, person = await planned(services), Person()
    strict = services.settings.model_copy(update={"plan_local_approval": False})
    refused = await executed(replace(services, settings=strict), "auto", person, own)
    foreign = await executed(services, "auto", person, await planned(services, "agent"))
    await commit(shop.parent / "work", {"more": ""})
    await git(shop.parent / "work", "push", "--quiet", str(shop), "main")
    stale = await executed(services, "auto", person, own)
    said = [refusal_of(one) for one in (refused, foreign, stale)]
    assert ["approve" in one for one in said[:2]] == [True, True], said
    assert person.asked == []
    assert (await services.plans.plans.get(own.id)).approvals == []


async def test_who_approved_a_plan_is_not_asked_again(services: Services, shop: Path) -> None:
    plan, person = await planned(services), Person(YES)
    await executed(services, "legacy", person, plan)
    again = await executed(services, "legacy", person, plan)
    assert not again.is_error
    assert len(person.asked) == 1


async def test_a_plan_to_be_executed_at_once_is_asked_about_while_its_caller_waits(
    services: Services, shop: Path, era: str
) -> None:
    person = Person(YES)
    async with (
        runs_carried_out(services),
        Client(server_of(services), mode=era, elicitation_callback=person) as client,
    ):
        wanted = {"change": CHANGE, "check_gates": False, "execute": True, "wait_seconds": SECONDS}
        made = await client.call_tool("create_execution_plan", wanted)
    assert not made.is_error, made
    outline: dict[str, Any] = made.structured_content["result"]
    # Stateless clients would begin the planning anew with the answer.
    can_be_asked = era == "legacy"
    assert (outline["status"] != "planned") is can_be_asked
    assert len(person.asked) == int(can_be_asked)
