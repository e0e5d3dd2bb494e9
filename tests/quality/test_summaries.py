"""What a period of validations amounts to, whatever the order of its rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_auditor.formats.findings import SEVERITIES
from gitops_auditor.quality.results import GateStatus
from gitops_auditor.quality.summaries import repository_summaries, summarise
from gitops_auditor.quality.trend_models import (
    FindingCount,
    ReportRequest,
    ResultRow,
    ValidationRow,
)
from gitops_auditor.quality.verdict_counts import quantile

UNTIL = datetime(2026, 4, 10, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=10)
Row = TypeVar("Row")
STATUSES: Sequence[GateStatus] = get_args(GateStatus)
MOMENTS = st.integers(-30, 12).map(lambda hours: UNTIL + timedelta(hours=hours * 12))


@st.composite
def validation_rows(draw: st.DrawFn) -> list[ValidationRow]:
    """Validations with ids of their own, around the period and the one before."""
    count = draw(st.integers(0, 25))
    return [
        ValidationRow(
            id=f"v{number}",
            repository_id=draw(st.sampled_from(["a", "b/c", "d"])),
            status=draw(st.sampled_from(STATUSES)),
            score=draw(st.none() | st.floats(0, 100)),
            duration_seconds=draw(st.floats(0, 900)),
            executed_at=draw(MOMENTS),
        )
        for number in range(count)
    ]


@st.composite
def result_rows(draw: st.DrawFn) -> list[ResultRow]:
    """Results with ids of their own; a gate has one name."""
    count = draw(st.integers(0, 25))
    gates = [draw(st.integers(0, 3)) for _ in range(count)]
    return [
        ResultRow(
            validation_id=f"v{number}",
            repository_id=draw(st.sampled_from(["a", "b/c", "d"])),
            gate_id=f"g{gate}",
            gate=f"Gate {gate}",
            gate_type="pre_merge",
            status=draw(st.sampled_from(STATUSES)),
            duration_seconds=draw(st.floats(0, 900)),
            executed_at=draw(MOMENTS),
            counts=draw(st.dictionaries(st.sampled_from(SEVERITIES), st.integers(0, 50))),
            overridden=draw(st.booleans()),
            cached=draw(st.booleans()),
        )
        for number, gate in enumerate(gates)
    ]


FINDINGS = st.lists(
    st.builds(
        FindingCount,
        tool=st.sampled_from(["ruff", "bandit"]),
        rule=st.sampled_from(["E1", "E2"]),
        severity=st.sampled_from(SEVERITIES),
        count=st.integers(1, 90),
    ),
    max_size=12,
)


def row(number: int, status: GateStatus = "passed", **fields: Any) -> ValidationRow:
    known: dict[str, Any] = {
        "id": f"v{number}", "repository_id": "a", "status": status, "score": None,
        "duration_seconds": 1.0, "executed_at": SINCE + timedelta(hours=number),
    }  # fmt: skip
    return ValidationRow(**{**known, **fields})


def result(number: int, status: GateStatus = "passed", **fields: Any) -> ResultRow:
    known: dict[str, Any] = {
        "validation_id": f"v{number}", "repository_id": "a", "gate_id": "g", "gate": "Lint",
        "gate_type": "pre_merge", "status": status, "duration_seconds": 1.0,
        "executed_at": SINCE + timedelta(hours=number),
    }  # fmt: skip
    return ResultRow(**{**known, **fields})


@given(validation_rows(), result_rows(), FINDINGS)
def test_verdicts_add_up_and_each_list_has_its_share(
    validations: list[ValidationRow], results: list[ResultRow], findings: list[FindingCount]
) -> None:
    summary = summarise(validations, results, findings, SINCE, UNTIL, longest=100)
    inside = [one for one in validations if SINCE <= one.executed_at < UNTIL]
    told = (summary.passed, summary.warning, summary.failed, summary.error, summary.skipped)
    assert summary.validations == sum(told) == len(inside)
    assert sum(one.count for one in summary.failing_rules) == sum(one.count for one in findings)
    assert summary.failed == sum(one.failed for one in summary.worst_repositories)
    assert summary.error == sum(one.error for one in summary.worst_repositories)
    kept = [one for one in results if SINCE <= one.executed_at < UNTIL]
    broken = sum(one.status == "error" for one in kept)
    assert broken == sum(gate.errors for gate in summary.erring_gates)
    assert summary.overrides == sum(one.overridden for one in kept)
    assert summary.repositories == len({one.repository_id for one in inside})


@given(validation_rows(), result_rows(), FINDINGS, st.data())
def test_the_order_of_rows_does_not_matter(
    validations: list[ValidationRow],
    results: list[ResultRow],
    findings: list[FindingCount],
    data: st.DataObject,
) -> None:
    def shuffled(rows: list[Row]) -> list[Row]:
        return data.draw(st.permutations(rows))

    assert summarise(validations, results, findings, SINCE, UNTIL) == summarise(
        shuffled(validations), shuffled(results), shuffled(findings), SINCE, UNTIL
    )


@given(validation_rows())
def test_scores_and_shares_stay_within_their_bounds(validations: list[ValidationRow]) -> None:
    summary = summarise(validations, [], [], SINCE, UNTIL)
    for value in (summary.score, summary.score_before, summary.pass_percent):
        assert value is None or 0 <= value <= 100


@given(st.lists(st.floats(0, 1_000), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_the_least_value_that_enough_others_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile([], 0.5) is None


def test_nothing_gives_a_summary_of_nothing() -> None:
    summary = summarise([], [], [], SINCE, UNTIL)
    assert summary.validations == summary.repositories == summary.overrides == 0
    assert summary.pass_percent is summary.score is summary.score_before is None
    assert (summary.worst_repositories, summary.slowest_gates) == ([], [])


def test_what_was_skipped_counts_neither_for_nor_against() -> None:
    rows = [row(1), row(2, "failed"), row(3, "skipped"), row(4, "warning"), row(5, "error")]
    assert summarise(rows, [], [], SINCE, UNTIL).pass_percent == 50.0


def test_a_period_of_skipped_validations_has_no_share() -> None:
    assert summarise([row(1, "skipped")], [], [], SINCE, UNTIL).pass_percent is None


def test_the_score_before_is_that_of_the_period_of_the_same_length() -> None:
    rows = [
        row(1, score=90.0),
        row(2, score=70.0),
        row(3, score=40.0, executed_at=SINCE - timedelta(days=10)),
        row(4, score=0.0, executed_at=SINCE - timedelta(days=10, seconds=1)),
        row(5, score=0.0, executed_at=UNTIL),
    ]
    summary = summarise(rows, [], [], SINCE, UNTIL)
    assert (summary.score, summary.score_before) == (80.0, 40.0)


def test_the_worst_repository_is_that_which_fails_most_of_its_validations() -> None:
    rows = [
        *(row(at, "failed" if at == 0 else "passed", repository_id="busy") for at in range(9)),
        row(20, "failed", repository_id="broken"),
        row(21, "passed", repository_id="fine"),
        row(22, "skipped", repository_id="unseen"),
    ]
    worst = summarise(rows, [], [], SINCE, UNTIL).worst_repositories
    assert [one.repository_id for one in worst] == ["broken", "busy"]


def test_the_last_verdict_of_a_repository_is_its_latest_one() -> None:
    (one,) = repository_summaries([row(5, "failed"), row(2, "passed"), row(4, "error")])
    assert (one.last_status, one.last_at) == ("failed", SINCE + timedelta(hours=5))


def test_a_reused_or_skipped_result_says_nothing_of_a_gates_time() -> None:
    rows = [
        result(1, duration_seconds=4.0),
        result(2, duration_seconds=900.0, cached=True),
        result(3, "skipped", duration_seconds=0.0),
    ]
    (gate,) = summarise([], rows, [], SINCE, UNTIL).slowest_gates
    assert (gate.seconds_median, gate.seconds_p95, gate.results) == (4.0, 4.0, 3)


def test_a_gate_that_only_came_from_the_cache_is_not_among_the_slow_ones() -> None:
    rows = [result(1, cached=True)]
    assert summarise([], rows, [], SINCE, UNTIL).slowest_gates == []


def test_the_same_rule_with_another_severity_is_told_apart() -> None:
    found = [FindingCount("ruff", "S1", "low", 5), FindingCount("ruff", "S1", "high", 5)]
    rules = summarise([], [], found, SINCE, UNTIL).failing_rules
    assert [(one.severity, one.count) for one in rules] == [("high", 5), ("low", 5)]


def test_lists_are_as_long_as_asked_for() -> None:
    found = [FindingCount("ruff", f"E{at}", "low", at + 1) for at in range(40)]
    rules = summarise([], [], found, SINCE, UNTIL, longest=3).failing_rules
    assert [one.rule for one in rules] == ["E39", "E38", "E37"]


@pytest.mark.parametrize(
    "fields",
    [{"days": 0}, {"days": 4_000}, {"format": "docx"}, {"repositories": [""]}, {"depth": 1}],
)
def test_a_request_that_means_nothing_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReportRequest.model_validate(fields)
