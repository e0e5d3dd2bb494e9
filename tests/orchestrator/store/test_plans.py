from gitops_auditor.orchestrator.condition import PlanCondition
from gitops_auditor.orchestrator.records import Approval, Goal, Patch
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.orchestrator.store.plans import Filter
from gitops_auditor.storage.database import Database
from tests.orchestrator.plans import NOW, plan_of


async def test_a_plan_is_read_as_it_was_written(database: Database) -> None:
    plan = plan_of(("acme/lib",), ("acme/api", "acme/web"))
    async with database.write() as transaction:
        await store.add(transaction, plan, {})
    async with database.read() as connection:
        assert await store.get(connection, plan.id) == plan
        assert await store.status(connection, plan.id) == "planned"
        assert await store.get(connection, "another") is None


async def test_plans_are_listed_newest_first_by_status_and_repository(database: Database) -> None:
    first = plan_of(("acme/lib",)).model_copy(update={"id": "01"})
    second = plan_of(("acme/lib",), ("acme/api",)).model_copy(update={"id": "02"})
    async with database.write() as transaction:
        for plan in (first, second):
            await store.add(transaction, plan, {})
    async with database.read() as connection:
        listed = await store.page(connection, Filter(repository_id="acme/lib"), None, 10)
        of_api = await store.page(connection, Filter("planned", "acme/api"), None, 10)
        held = await store.page(connection, Filter("held"), None, 10)
        before = await store.page(connection, Filter(), listed[0].id, 10)
    assert [one.id for one in listed] == [second.id, first.id]
    assert [(one.id, one.repositories, one.phases, one.change) for one in of_api] == [
        (second.id, 2, 2, "script")
    ]
    assert held == []
    assert [one.id for one in before] == [first.id]


async def test_a_plan_is_approved_only_with_the_hash_it_has(database: Database) -> None:
    plan = plan_of(("acme/lib",))
    facts = {"plan_id": plan.id, "unprotected": False, "comment": "", "created_at": NOW}
    async with database.write() as transaction:
        await store.add(transaction, plan, {})
        await store.approve(transaction, Approval(hash="0" * 64, approved_by="ann", **facts))
    async with database.read() as connection:
        [listed] = await store.page(connection, Filter(), None, 10)
        known = await store.get(connection, plan.id)
    assert not listed.approved
    assert known is not None
    assert not known.approved
    async with database.write() as transaction:
        await store.approve(transaction, Approval(hash=plan.hash, approved_by="bob", **facts))
    async with database.read() as connection:
        [listed] = await store.page(connection, Filter(), None, 10)
        known = await store.get(connection, plan.id)
    assert listed.approved
    assert known is not None
    assert known.approved


async def test_the_diff_of_a_repository_is_kept_with_its_plan(database: Database) -> None:
    plan = plan_of(("acme/lib",), ("acme/api",))
    diff = Patch("--- a/x\n+++ b/x\n" * 100, truncated=True)
    async with database.write() as transaction:
        await store.add(transaction, plan, {"acme/lib": diff})
    async with database.read() as connection:
        assert await store.patch(connection, plan.id, "acme/lib") == diff
        assert await store.patch(connection, plan.id, "acme/api") is None


async def test_plans_that_no_process_takes_are_told_by_the_health(database: Database) -> None:
    goal = Goal(action="execute", first=1, last=1)
    waiting = plan_of(("acme/lib",)).model_copy(update={"status": "executing", "goal": goal})
    held = plan_of(("acme/api",)).model_copy(update={"status": "held"})
    condition = PlanCondition(database)
    async with database.write() as transaction:
        await store.add(transaction, held, {})
    assert (await condition.health()).status == "healthy"
    async with database.write() as transaction:
        await store.add(transaction, waiting, {})
    health = await condition.health()
    assert health.status == "degraded"
    assert health.reasons == [f"Nobody carries out plan {waiting.id}."]
    assert health.figures == {"plans": 2, "executing": 1, "held": 1}
