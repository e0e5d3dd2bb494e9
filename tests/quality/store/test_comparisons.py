"""Figures, findings of bases and overrides are kept and found again."""

from datetime import timedelta

from gitops_auditor.quality.records import Baseline
from gitops_auditor.quality.store import baselines, overrides
from gitops_auditor.storage.database import Database
from tests.quality.asked import NOW, REPOSITORY
from tests.quality.kept import GATE, OVERRIDE, TREE, finding, keep


def baseline(name: str, speed: float = 1.5, repository_id: str = REPOSITORY) -> Baseline:
    return Baseline(
        repository_id=repository_id,
        name=name,
        commit="c" * 40,
        metrics={"speed": speed},
        recorded_at=NOW,
        recorded_by="somebody",
    )


async def test_figures_replace_those_of_the_same_name(database: Database) -> None:
    others = [baseline("v2"), baseline("v1", repository_id="acme/other")]
    async with database.write() as transaction:
        for one in (baseline("v1"), *others, baseline("v1", 2.5)):
            await baselines.put(transaction, one)
        assert await baselines.get(transaction, REPOSITORY, "v1") == baseline("v1", 2.5)
        assert await baselines.get(transaction, REPOSITORY, "v3") is None
        found = await baselines.of_repository(transaction, REPOSITORY)
        assert found == [baseline("v1", 2.5), baseline("v2")]
        assert await baselines.remove(transaction, REPOSITORY, "v1")
        assert not await baselines.remove(transaction, REPOSITORY, "v1")
        assert await baselines.get(transaction, "acme/other", "v1") == others[1]


async def test_a_base_without_findings_is_not_one_that_nobody_looked_at(
    database: Database,
) -> None:
    async with database.write() as transaction:
        await baselines.put_base_findings(transaction, "clean", [], NOW)
        await baselines.put_base_findings(transaction, "k", [], NOW)
        await baselines.put_base_findings(transaction, "k", [finding()], NOW)
        assert await baselines.base_findings(transaction, "clean") == []
        assert await baselines.base_findings(transaction, "k") == [finding()]
        assert await baselines.base_findings(transaction, "unknown") is None


async def test_findings_of_bases_are_forgotten_when_they_are_old(database: Database) -> None:
    async with database.write() as transaction:
        await baselines.put_base_findings(transaction, "old", [], NOW - timedelta(days=1))
        await baselines.put_base_findings(transaction, "new", [], NOW)
        await baselines.delete_base_findings(transaction, NOW)
        assert await baselines.base_findings(transaction, "old") is None
        assert await baselines.base_findings(transaction, "new") == []


async def test_the_newest_override_of_a_gate_holds_for_its_tree(database: Database) -> None:
    newer = OVERRIDE.model_copy(update={"id": "o2", "reason": "It is still known."})
    other = OVERRIDE.model_copy(update={"id": "o3", "tree": "8" * 40})
    await keep(database)
    async with database.write() as transaction:
        for one in (newer, OVERRIDE, other):
            await overrides.insert_override(transaction, one)
        found = await overrides.of_tree(transaction, REPOSITORY, TREE, [GATE.id, "x"])
        assert found == {GATE.id: newer}
        assert await overrides.of_tree(transaction, REPOSITORY, TREE, []) == {}
        assert await overrides.of_tree(transaction, "acme/other", TREE, [GATE.id]) == {}
        assert await overrides.page(transaction, None, None, 2) == [other, newer]
        assert await overrides.page(transaction, REPOSITORY, "o3", 9) == [newer, OVERRIDE]
        assert await overrides.page(transaction, "acme/other", None, 9) == []
