"""Runs as they are shown, made of rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_auditor.pipelines.records import Run
from gitops_auditor.pipelines.views import figures, progress_of, run_view, steps_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def row(**more: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "pipeline_id": "p1",
        "pipeline_name": "build",
        "repository_id": "acme/tool",
        "run_number": 3,
        "revision": 1,
        "status": "running",
        "created_at": START,
        "started_at": START,
        "completed_at": None,
        "trigger_data": None,
        "state": None,
        "metrics": None,
        **more,
    }


def job(name: str, status: str, kind: str = "script") -> dict[str, Any]:
    return {
        "job": name,
        "stage": name.partition("/")[0],
        "kind": kind,
        "status": status,
        "attempt": 0 if status == "pending" else 1,
        "log_bytes": None,
        "outputs": None,
        "metrics": None,
    }


def shown(*statuses: str, broken: tuple[str, ...] = ()) -> Run:
    jobs = [job(f"one/{number}", status) for number, status in enumerate(statuses)]
    return run_view(row(state={"broken": list(broken)}), jobs, [])


@pytest.mark.parametrize(
    ("jobs", "stage"),
    [
        (("pending", "pending"), "pending"),
        (("pending", "running"), "running"),
        (("success", "pending"), "running"),
        (("success", "skipped"), "success"),
        (("skipped", "skipped"), "skipped"),
        (("success", "cancelled"), "cancelled"),
        (("success", "failed"), "success"),
    ],
)
def test_a_stage_is_what_its_jobs_are_and_an_allowed_failure_breaks_nothing(
    jobs: tuple[str, ...], stage: str
) -> None:
    assert shown(*jobs).stages[0].status == stage


def test_a_stage_is_failed_by_a_job_that_broke_the_run() -> None:
    assert shown("success", "failed", broken=("one/1",)).stages[0].status == "failed"


def test_what_waits_for_approval_is_named() -> None:
    rows = [job("gate/ask", "running", "approval"), job("gate/build", "running")]
    assert run_view(row(), rows, []).awaiting_approval == ["gate/ask"]


def test_the_time_of_a_run_is_known_at_its_end() -> None:
    assert run_view(row(), [], []).duration_seconds is None
    over = row(status="success", completed_at=START + timedelta(seconds=90))
    assert run_view(over, [], []).duration_seconds == 90


def test_nested_figures_are_named_by_their_path_and_lists_are_left_out() -> None:
    metrics = {
        "seconds": 1.5,
        "tests": {"passed": 3, "by": {"unit": 1}},
        "names": ["a"],
    }
    assert figures(metrics) == {
        "seconds": 1.5,
        "tests.passed": 3,
        "tests.by.unit": 1,
    }


def test_steps_count_what_is_over_and_name_what_runs() -> None:
    assert steps_of(shown("success", "failed", "running", "running", "pending")) == (
        *(2, 5),
        "one/2 and 1 more",
    )
    assert steps_of(shown("pending")) == (0, 1, "running")


def test_progress_names_the_jobs_that_call_for_something() -> None:
    progress = progress_of(shown("failed", "running", "success"))
    assert (progress.failed_jobs, progress.running_jobs) == (["one/0"], ["one/1"])
    assert progress.pipeline_name == "build"
