from itertools import product
from typing import get_args

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import RowMapping, select

from gitops_auditor.errors import NotFound
from gitops_auditor.pipelines.starting.callbacks import (
    Conclusion,
    ReportedEvent,
    ReportedRun,
    RunReport,
    RunReports,
    change_of,
)
from gitops_auditor.pipelines.states import FINAL
from gitops_auditor.pipelines.store.external_runs import KnownRun
from gitops_auditor.storage.pipeline_tables import pipeline_runs
from tests.pipelines.starting.conftest import Node, add_pipeline
from tests.repositories.test_injection import PAYLOADS


@pytest.fixture
async def reports(node: Node) -> RunReports:
    await add_pipeline(node.database)
    return RunReports(node.database, node.events, node.audit)


async def take(node: Node, reports: RunReports, event: str, **fields: str) -> ReportedRun:
    report = RunReport.model_validate({"event": event, "run_id": "77", **fields})
    async with node.audit.operation("github", "report_run", report.model_dump()):
        return await reports.take("p", report, "pipelines:report")


async def rows(node: Node) -> list[RowMapping]:
    async with node.database.read() as connection:
        return [*(await connection.execute(select(pipeline_runs))).mappings()]


async def told(node: Node) -> list[str]:
    return [event.name for event in (await node.events.read(0)).events]


async def test_a_run_elsewhere_is_made_by_its_first_report_and_followed_to_its_end(
    node: Node, reports: RunReports
) -> None:
    started = await take(node, reports, "started")
    assert (started.status, started.run_number, started.external_id) == ("running", 1, "77")
    await take(node, reports, "progress", message="3 of 4 jobs")
    ended = await take(node, reports, "completed", message="All is well.")
    assert ended == started.model_copy(update={"status": "success", "reason": "All is well."})
    assert await told(node) == ["pipeline.started", "pipeline.progress", "pipeline.completed"]
    (row,) = await rows(node)
    assert (row["trigger_type"], row["owner"], row["repository_id"]) == (
        "webhook",
        "external",
        "acme/tool",
    )
    assert row["completed_at"] is not None


@pytest.mark.parametrize(
    ("event", "conclusion", "status", "failure"),
    [
        ("completed", None, "success", None),
        ("completed", "failure", "failed", "failed"),
        ("completed", "timed_out", "failed", "timeout"),
        ("completed", "cancelled", "cancelled", None),
        ("completed", "skipped", "success", None),
        ("failed", None, "failed", "failed"),
        ("failed", "cancelled", "cancelled", None),
    ],
)
async def test_the_conclusion_says_how_it_ended_also_when_it_is_the_first_thing_heard(
    node: Node,
    reports: RunReports,
    event: str,
    conclusion: str | None,
    status: str,
    failure: str | None,
) -> None:
    fields = {"conclusion": conclusion} if conclusion else {}
    assert (await take(node, reports, event, **fields)).status == status
    (row,) = await rows(node)
    assert (row["status"], row["failure_kind"]) == (status, failure)
    assert (await told(node))[0] == "pipeline.started"


async def test_a_report_that_comes_again_or_late_changes_nothing(
    node: Node, reports: RunReports
) -> None:
    for event in ("started", "started", "progress", "failed"):
        await take(node, reports, event, message="once")
    before, heard = await rows(node), await told(node)
    for event in ("started", "progress", "completed", "failed"):
        assert (await take(node, reports, event, message="again")).status == "failed"
    assert (await rows(node), await told(node)) == (before, heard)
    assert heard == ["pipeline.started", "pipeline.failed"]


async def test_reports_at_the_same_moment_make_one_run(node: Node, reports: RunReports) -> None:
    async with anyio.create_task_group() as tasks:
        for event in ("started", "started", "progress"):
            tasks.start_soon(take, node, reports, event)
    assert [row["run_number"] for row in await rows(node)] == [1]


async def test_a_pipeline_that_does_not_exist_is_named(node: Node, reports: RunReports) -> None:
    report = RunReport(event="started", run_id="1")
    async with node.audit.operation("github", "report_run", {}):
        with pytest.raises(NotFound, match="no pipeline 'nobody'"):
            await reports.take("nobody", report, "pipelines:report")


def test_what_is_no_name_of_a_run_is_refused() -> None:
    for payload in PAYLOADS:
        try:
            accepted = RunReport(event="started", run_id=payload).run_id
        except ValidationError:
            continue
        assert accepted.replace(".", "").replace("-", "").isalnum()


REPORTS = [
    RunReport(event=event, run_id="1", conclusion=conclusion)
    for event, conclusion in product(get_args(ReportedEvent), (None, *get_args(Conclusion)))
]


@given(st.lists(st.sampled_from(REPORTS), max_size=8))
def test_whatever_is_reported_a_run_ends_once_and_stays_so(sent: list[RunReport]) -> None:
    known: KnownRun | None = None
    names: list[str] = []
    for report in sent:
        change = change_of(known, report)
        if known is not None and known.status in FINAL:
            assert (change.status, change.events) == (known.status, ())
        names += change.events
        known = KnownRun("r", 1, change.status, change.reason)
    assert names.count("pipeline.started") == bool(sent)
    ends = {"pipeline.completed", "pipeline.failed", "pipeline.cancelled"}
    assert sum(name in ends for name in names) == (known is not None and known.status in FINAL)
