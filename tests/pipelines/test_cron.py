from datetime import UTC, datetime

import pytest

from gitops_auditor.pipelines.cron import check_cron, next_time


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("*/15 * * * *", "UTC", (2026, 1, 1, 0, 0), (2026, 1, 1, 0, 15)),
        ("0 3 * * 1-5", "UTC", (2026, 3, 27, 12, 0), (2026, 3, 30, 3, 0)),
        ("0 3 * * *", "Europe/Berlin", (2026, 7, 1, 0, 0), (2026, 7, 1, 1, 0)),
        ("30 2 * * *", "Europe/Berlin", (2026, 3, 28, 12, 0), (2026, 3, 29, 1, 0)),
        ("30 2 * * *", "Europe/Berlin", (2026, 10, 24, 12, 0), (2026, 10, 25, 0, 30)),
        ("30 2 * * *", "Europe/Berlin", (2026, 10, 25, 0, 30), (2026, 10, 26, 1, 30)),
        ("30 2 * * *", "Europe/Berlin", (2026, 10, 25, 1, 0), (2026, 10, 26, 1, 30)),
    ],
)
def test_the_next_time_is_found_across_changes_of_the_clock(
    expression: str, zone: str, after: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    year, month, day, hour, minute = after
    start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    found = next_time(expression, zone, start)
    assert (found.year, found.month, found.day, found.hour, found.minute) == expected


@pytest.mark.parametrize(
    ("expression", "zone", "words"),
    [
        ("* * *", "UTC", "five fields"),
        ("@daily", "UTC", "five fields"),
        ("0 0 * * * *", "UTC", "five fields"),
        ("61 * * * *", "UTC", "bad minute"),
        ("0 0 30 2 *", "UTC", "bad day"),
        ("0 0 * * *", "Moon/Base", "no time zone"),
        ("0 0 * * *", "../etc/passwd", "no time zone"),
    ],
)
def test_a_schedule_that_is_not_understood_is_refused(
    expression: str, zone: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        check_cron(expression, zone)
