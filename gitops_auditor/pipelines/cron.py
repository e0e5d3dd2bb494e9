"""Times of a cron expression: five fields, minute first, in a time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError


def check_cron(expression: str, timezone: str) -> None:
    """Raise ValueError, with what to write instead, for an expression or zone that is not known."""
    next_time(expression, timezone, datetime(2000, 1, 1, tzinfo=UTC))


def next_time(expression: str, timezone: str, after: datetime) -> datetime:
    """The first time after `after`, in UTC.

    A time that the clock leaps over comes when the leap is made; one that the clock repeats comes
    once. Raises ValueError.
    """
    if len(expression.split()) != 5:
        raise ValueError(f"{expression!r} is not a schedule; write five fields, as in '0 3 * * *'.")
    try:
        times = CronSim(expression, after.astimezone(_zone(timezone)))
        # In an hour that the clock repeats, the first answer may be of the hour's first pass.
        found = next((one for one in times if one.astimezone(UTC) > after), None)
    except CronSimError as error:
        raise ValueError(f"{expression!r} is not a schedule: {str(error).lower()}.") from error
    if found is None:
        raise ValueError(f"{expression!r} never comes; name a day that exists.")
    return found.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"There is no time zone {name!r}; write one such as Europe/Berlin or UTC."
        raise ValueError(message) from error
