"""How validations went day by day, in UTC, with gaps where nothing was measured."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.findings import SEVERITIES
from gitops_auditor.quality.trend_models import QualityTrends, ResultRow, ValidationRow
from gitops_auditor.quality.trends import trends
from tests.quality.test_summaries import result, result_rows, row, validation_rows

LAST = date(2026, 4, 10)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@given(validation_rows(), result_rows(), st.integers(1, 14))
def test_there_is_one_entry_for_each_day_and_they_add_up(
    validations: list[ValidationRow], results: list[ResultRow], days: int
) -> None:
    told = trends(validations, results, LAST, days, by_repository=True)
    assert [one.day for one in told.days] == [
        told.first + timedelta(days=number) for number in range(days)
    ]
    assert told.last == told.days[-1].day == LAST
    inside = [one for one in validations if told.first <= one.executed_at.date() <= LAST]
    kept = [one for one in results if told.first <= one.executed_at.date() <= LAST]
    assert sum(one.validations for one in told.days) == len(inside)
    for one in told.days:
        parts = (one.passed, one.warning, one.failed, one.error, one.skipped)
        assert one.validations == sum(parts)
    whose = {one.repository_id for one in inside} | {one.repository_id for one in kept}
    assert [one.repository_id for one in told.repositories] == sorted(whose)


@given(validation_rows(), result_rows())
def test_the_days_of_repositories_add_up_to_those_of_the_whole(
    validations: list[ValidationRow], results: list[ResultRow]
) -> None:
    told = trends(validations, results, LAST, 14, by_repository=True)
    for number, whole in enumerate(told.days):
        parts = [one.days[number] for one in told.repositories]
        assert whole.validations == sum(one.validations for one in parts)
        assert whole.failed == sum(one.failed for one in parts)
        for severity in SEVERITIES:
            found = sum(one.findings.get(severity, 0) for one in parts)
            assert whole.findings.get(severity, 0) == found


@given(validation_rows(), result_rows(), st.data())
def test_the_order_of_rows_does_not_matter(
    validations: list[ValidationRow], results: list[ResultRow], data: st.DataObject
) -> None:
    shuffled = trends(
        data.draw(st.permutations(validations)),
        data.draw(st.permutations(results)),
        LAST,
        14,
        by_repository=True,
    )
    assert shuffled == trends(validations, results, LAST, 14, by_repository=True)


@given(validation_rows())
def test_a_day_has_a_score_only_when_a_validation_of_it_had_one(
    validations: list[ValidationRow],
) -> None:
    scored = {one.executed_at.date() for one in validations if one.score is not None}
    for one in trends(validations, [], LAST, 14).days:
        assert (one.score is not None) == (one.day in scored)
        if not one.validations:
            assert one.seconds_median is one.seconds_p95 is None


def test_days_without_validations_are_there_without_a_score() -> None:
    rows = [row(1, score=80.0, executed_at=at(LAST - timedelta(days=2)))]
    told = trends(rows, [], LAST, 3)
    assert [one.score for one in told.days] == [80.0, None, None]
    assert [one.validations for one in told.days] == [1, 0, 0]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process lives where clocks change; the place of before is set back."""
    known = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    assert os.environ.get("TZ") == known
    time.tzset()


def _around_the_change(zone: ZoneInfo | None) -> QualityTrends:
    """A validation each hour of the three days around a change of clocks, in one zone's terms."""
    first = datetime(2026, 10, 24, tzinfo=UTC)
    moments = [(first + timedelta(hours=hour)).astimezone(zone) for hour in range(72)]
    rows = [row(number, executed_at=moment) for number, moment in enumerate(moments)]
    return trends(rows, [], date(2026, 10, 26), 3)


@pytest.mark.usefixtures("berlin")
def test_a_change_of_clocks_makes_no_day_longer() -> None:
    expected = _around_the_change(ZoneInfo("UTC"))
    assert [one.validations for one in expected.days] == [24, 24, 24]
    for zone in (None, ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")):
        assert _around_the_change(zone) == expected


def test_findings_are_those_of_the_last_result_of_each_gate() -> None:
    noon, later = at(LAST), at(LAST, 18)
    rows = [
        result(2, gate_id="lint", counts={"high": 1}, executed_at=later),
        result(1, gate_id="lint", counts={"high": 9, "low": 4}, executed_at=noon),
        result(3, gate_id="scan", counts={"high": 2}, executed_at=noon),
        result(4, gate_id="lint", repository_id="b", counts={"low": 3}, executed_at=noon),
    ]
    (day,) = trends([], rows, LAST, 1).days
    assert day.findings == {"high": 3, "low": 3}


def test_findings_stand_until_the_gate_is_asked_again() -> None:
    first = LAST - timedelta(days=3)
    rows = [
        result(1, gate_id="lint", counts={"high": 2}, executed_at=at(first)),
        result(2, gate_id="scan", counts={"low": 1}, executed_at=at(first + timedelta(days=1))),
        result(3, gate_id="lint", counts={}, executed_at=at(LAST)),
    ]
    days = trends([], rows, LAST, 4).days
    both = {"high": 2, "low": 1}
    assert [one.findings for one in days] == [{"high": 2}, both, both, {"low": 1}]


def test_a_gate_that_was_mended_has_no_findings_left_that_day() -> None:
    rows = [
        result(1, counts={"critical": 2}, executed_at=at(LAST, 8)),
        result(2, counts={}, executed_at=at(LAST, 9)),
    ]
    (day,) = trends([], rows, LAST, 1).days
    assert day.findings == {}


def test_times_are_those_of_validations_that_looked() -> None:
    rows = [
        *(
            row(number, duration_seconds=float(number), executed_at=at(LAST))
            for number in range(1, 21)
        ),
        row(99, "skipped", duration_seconds=0.0, executed_at=at(LAST)),
    ]
    (day,) = trends(rows, [], LAST, 1).days
    assert (day.seconds_median, day.seconds_p95) == (10.0, 19.0)


def test_repositories_are_left_out_unless_asked_for() -> None:
    rows = [row(1, executed_at=at(LAST))]
    assert trends(rows, [], LAST, 1).repositories == []
