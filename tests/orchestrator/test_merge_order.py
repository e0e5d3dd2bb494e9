"""The order in which pull requests of a plan are to be merged."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.orchestrator.effects.branch import BranchEffect
from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.effects.names import ORDER_CONTEXT, branch_of
from gitops_auditor.orchestrator.effects.pull_request import PullRequestEffect
from gitops_auditor.orchestrator.effects.status import StatusEffect
from gitops_auditor.orchestrator.merge_order import (
    MOST_TEXT,
    MergeOrder,
    Provider,
    order_status,
    providers_of,
)
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.repositories.models import Repository
from tests.orchestrator.effects.contexts import (
    context_of,
    make_rendered,
    needs,
    rendered_as,
    repository,
    with_step,
)
from tests.orchestrator.effects.forges import ReviewForge
from tests.orchestrator.plans import plan_of

LIB, WEB, APP = "acme/lib", "acme/web", "acme/app"
EDGES = [needs(WEB, LIB), needs(APP, WEB), needs(LIB, APP), needs(WEB, "acme/other")]
PROVIDERS = st.lists(
    st.builds(
        Provider,
        st.from_regex(r"acme/[a-z]{1,90}#[0-9]{1,4}", fullmatch=True),
        st.sampled_from(["open", "merged", "closed"]),
    )
)


@given(PROVIDERS)
def test_a_pull_request_may_be_merged_only_after_all_that_it_waits_for(
    providers: list[Provider],
) -> None:
    status = order_status(providers)
    assert (status.state == "success") == all(one.state == "merged" for one in providers)
    assert (status.state == "failure") == any(one.state == "closed" for one in providers)
    assert len(status.description) <= MOST_TEXT
    assert status.context == ORDER_CONTEXT


def test_what_is_waited_for_is_named() -> None:
    waits = [Provider("acme/lib#12", "open"), Provider("acme/core#3", "merged")]
    assert order_status(waits).description == "Waits for acme/lib#12"
    many = [Provider(f"acme/r{number}#1", "open") for number in range(4)]
    assert order_status(many).description == "Waits for acme/r0#1, acme/r1#1 and 2 more"


def test_only_repositories_of_earlier_phases_are_waited_for() -> None:
    plan = plan_of((LIB,), (WEB,), (APP,))
    assert providers_of(plan, WEB, EDGES) == [LIB]
    assert providers_of(plan, APP, EDGES) == [WEB]
    assert providers_of(plan, LIB, EDGES) == []
    inputs = plan.inputs.model_copy(update={"links": [(APP, LIB), (LIB, APP)]})
    linked = plan.model_copy(update={"inputs": inputs})
    assert providers_of(linked, APP, EDGES) == [LIB, WEB]


async def test_a_merge_is_told_to_what_waits_for_it_and_an_undo_to_all(tmp_path: Path) -> None:
    commits = {one: await make_rendered(tmp_path / one) for one in (LIB, WEB, APP)}
    forge = ReviewForge({one: tmp_path / one for one in (LIB, WEB, APP)})
    plan = rendered_as(plan_of((LIB,), (WEB,), (APP,)), commits)
    kept: dict[str, Plan] = {}

    async def known(plan_id: str) -> Plan:
        return kept[plan_id]

    order = MergeOrder(forge, found, edges, known)
    status = StatusEffect(forge, order)
    for name in (LIB, WEB, APP):
        plan = await _published(forge, plan, name)
        plan = with_step(plan, name, "status")
        context = context_of(plan, plan.steps[-1])
        pre_image = await status.observe(context)
        result = await status.perform(context, pre_image)
        done = plan.steps[-1].model_copy(update={"status": "done", "result": result})
        plan = plan.model_copy(update={"steps": [*plan.steps[:-1], done]})
    kept[plan.id] = plan
    assert _said(forge) == {LIB: "success", WEB: "pending", APP: "pending"}
    assert forge.statuses[WEB].description == "Waits for acme/lib#1"

    await forge.merge_pull_request(repository(LIB), 1, commits[LIB].rendered)
    assert await order.merged(LIB, branch_of(plan.id)) == [WEB]
    assert _said(forge) == {LIB: "success", WEB: "success", APP: "pending"}
    assert await order.merged(LIB, "feature") == []

    last = context_of(plan, plan.steps[-1])
    assert (await status.undo(last, {}, None)).outcome == "undone"
    assert await status.differs(last, {}) is None
    assert forge.statuses[APP].description == "The plan was undone"
    assert _said(forge)[APP] == "error"


async def _published(forge: ReviewForge, plan: Plan, name: str) -> Plan:
    """The plan with the pull request of a repository opened."""
    plan = with_step(plan, name, "pull_request")
    context: StepContext = context_of(plan, plan.steps[-1])
    await BranchEffect(forge).perform(context, {})
    result = await PullRequestEffect(forge, edges, _nobody).perform(context, {})
    done = plan.steps[-1].model_copy(update={"status": "done", "result": result})
    return plan.model_copy(update={"steps": [*plan.steps[:-1], done]})


def _said(forge: ReviewForge) -> dict[str, str]:
    return {name: one.state for name, one in forge.statuses.items()}


async def edges() -> Sequence[Dependency]:
    return EDGES


async def found(repository_id: str) -> Repository:
    return repository(repository_id)


async def _nobody(_repository: Repository, _commit: str, _paths: Sequence[str]) -> list[str]:
    return []
