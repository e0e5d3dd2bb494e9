from gitops_auditor.quality.store import statistics
from gitops_auditor.quality.store.statistics import Scope
from gitops_auditor.quality.trend_models import FindingCount
from gitops_auditor.storage.database import Database
from tests.quality.asked import REPOSITORY
from tests.quality.kept import GATE, OVERRIDE, finding, hour, keep, report, result

DAY = Scope(hour(0), hour(23))


async def test_rows_are_those_of_the_scope(database: Database) -> None:
    other = {"repository_id": "acme/other"}
    early = {"gate_type": "pre_commit"}
    await keep(
        database,
        report(1, result(1)),
        report(2, result(2, **other), **other, status="failed", score=20.5),
        report(3, result(3, **early), **early),
    )
    async with database.read() as connection:
        for scope, found in (
            (DAY, [1, 2, 3]),
            (Scope(hour(1), hour(3)), [1, 2]),
            (DAY._replace(repositories=("acme/other",)), [2]),
            (DAY._replace(gate_type="pre_commit"), [3]),
        ):
            validations = await statistics.validations(connection, scope)
            rows, _ = await statistics.results(connection, scope)
            assert sorted(one.id for one in validations) == [f"v{number:02}" for number in found]
            assert sorted(one.validation_id for one in rows) == [one.id for one in validations]
        (failed,) = await statistics.validations(
            connection, DAY._replace(repositories=("acme/other",))
        )
    assert (failed.status, failed.score, failed.duration_seconds) == ("failed", 20.5, 1.5)
    assert failed.executed_at == hour(2)


async def test_rules_are_counted_where_somebody_looked(database: Database) -> None:
    broken = [finding(), finding(line=9), finding("low", "W1")]
    counts = {"high": 2, "low": 1}
    seen = result(1, status="warning", findings=broken, counts=counts, override=OVERRIDE)
    reused = result(2, findings=broken, cached_from="r01")
    await keep(database, report(1, seen), report(2, reused), report(3, result(3, findings=broken)))
    async with database.read() as connection:
        rows, rules = await statistics.results(connection, DAY)
    by_id = {one.validation_id: one for one in rows}
    assert [by_id[name].cached for name in ("v01", "v02", "v03")] == [False, True, False]
    assert [by_id[name].overridden for name in ("v01", "v02", "v03")] == [True, False, False]
    assert (by_id["v01"].gate_id, by_id["v01"].counts) == (GATE.id, counts)
    assert {*rules} == {
        FindingCount("ruff", "E1", "high", 4),
        FindingCount("ruff", "W1", "low", 2),
    }


async def test_the_latest_are_one_a_repository_and_type(database: Database) -> None:
    early = {"gate_type": "pre_commit"}
    other = {"repository_id": "acme/another"}
    await keep(database, report(1), report(2, **early), report(3), report(4, **other))
    async with database.read() as connection:
        assert await statistics.latest(connection, DAY) == ["v04", "v02", "v03"]
        scope = Scope(hour(0), hour(3), (REPOSITORY,))
        assert await statistics.latest(connection, scope) == ["v02", "v01"]
