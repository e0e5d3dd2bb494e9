from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.quality.store import results
from gitops_auditor.quality.store.overrides import insert_override
from gitops_auditor.quality.store.results import MOST_KEPT, Filter, packed, unpacked
from gitops_auditor.storage.database import Database
from tests.quality.asked import REPOSITORY
from tests.quality.kept import GATE, OVERRIDE, finding, hour, keep, report, result

FULL = result(
    status="failed",
    reason="2 findings (1 critical, 1 low).",
    fix="Correct them.",
    score=30.5,
    counts={"critical": 1, "low": 1},
    new=1,
    findings=[finding("critical", fingerprint="f" * 32, column=2), finding("low", file="ü.py")],
    tools=[ToolReport(tool="ruff", status="failed", version="0.9", files=2, counts={"low": 1})],
    metrics={"covered": 81.5, "source": "report", "none": None},
    duration_seconds=0.25,
)


async def test_a_report_is_read_as_it_was_kept(database: Database) -> None:
    made = report(1, FULL, base="b" * 40, files=["a.py"], notes=["One file is not read."], score=30)
    await keep(database, made)
    bare = made.gates[0].model_copy(update={"findings": [], "tools": []})
    async with database.read() as connection:
        assert await results.report(connection, "v01") == made.model_copy(update={"gates": [bare]})
        assert await results.result(connection, "r01") == made.gates[0]
        assert await results.report(connection, "v02") is None
        assert await results.result(connection, "r02") is None


async def test_a_report_without_gates_is_kept(database: Database) -> None:
    made = report(1, status="skipped", passed=False)
    await keep(database, made)
    async with database.read() as connection:
        assert await results.report(connection, "v01") == made


async def test_pages_begin_with_the_newest(database: Database) -> None:
    other = {"repository_id": "acme/other"}
    await keep(
        database,
        report(1, result(1)),
        report(2, result(2, status="failed"), status="failed"),
        report(3, result(3, **other), **other),
        report(4, result(4, gate_type="pre_commit"), gate_type="pre_commit"),
    )
    async with database.read() as connection:
        newest = await results.reports(connection, None, None, None, 2)
        mine = await results.reports(connection, REPOSITORY, "pre_merge", None, 9)
        older = await results.reports(connection, None, None, "v03", 9)
        assert [one.id for one in newest] == ["v04", "v03"]
        assert [one.id for one in mine] == ["v02", "v01"]
        assert [one.id for one in older] == ["v02", "v01"]
        for wanted, found in (
            (Filter(), ["r04", "r03", "r02", "r01"]),
            (Filter(repository_id=REPOSITORY), ["r04", "r02", "r01"]),
            (Filter(status="failed"), ["r02"]),
            (Filter(gate_type="pre_commit", gate_id=GATE.id), ["r04"]),
            (Filter(gate_id="another"), []),
        ):
            page = await results.page(connection, wanted, None, 9)
            assert [one.id for one in page] == found
        assert [one.id for one in await results.page(connection, Filter(), "r03", 1)] == ["r02"]


async def test_the_newest_answer_to_a_question_is_found(database: Database) -> None:
    made = report(2, FULL.model_copy(update={"id": "r02", "validation_id": "v02"}))
    await keep(database, report(1, result(1)), made, key="k")
    await keep(database, report(3, result(3)), key="another")
    await keep(database, report(4, result(4)))
    async with database.read() as connection:
        assert await results.cached(connection, "k") == made.gates[0]
        assert await results.cached(connection, "unknown") is None


async def test_what_was_overridden_is_no_answer(database: Database) -> None:
    await keep(database, report(1, result(1, status="warning", override=OVERRIDE)), key="k")
    async with database.write() as transaction:
        await insert_override(transaction, OVERRIDE)
    async with database.read() as connection:
        assert await results.cached(connection, "k") is None


async def test_old_validations_go_with_all_that_they_said(database: Database) -> None:
    await keep(database, report(1, FULL), report(2, result(2)), report(3, result(3)))
    async with database.write() as transaction:
        assert await results.any_before(transaction, hour(3))
        assert await results.delete_before(transaction, hour(3)) == 2
        assert await results.delete_before(transaction, hour(3)) == 0
        assert not await results.any_before(transaction, hour(3))
        assert [one.id for one in await results.page(transaction, Filter(), None, 9)] == ["r03"]
        assert await results.result(transaction, "r01") is None


async def test_the_worst_findings_are_kept_when_there_are_too_many(database: Database) -> None:
    worst = [finding("critical"), *[finding("low", line=at) for at in range(1, MOST_KEPT + 9)]]
    await keep(database, report(1, result(findings=worst)))
    async with database.read() as connection:
        found = await results.result(connection, "r01")
    assert found is not None
    assert found.findings == worst[:MOST_KEPT]


def test_findings_of_tools_are_kept_once() -> None:
    found = [finding()]
    tool = ToolReport(tool="ruff", status="failed", files=1, findings=tuple(found))
    assert unpacked(packed(found, [tool])) == (found, [tool.model_copy(update={"findings": ()})])
