"""Figures of benchmarks, and what became of them since a baseline.

Known are flat JSON of numbers, JSON of `{value, unit, better}` where `better` is `lower` or
`higher`, and what pytest-benchmark (the `mean`) and hyperfine (the `mean`) write.
"""

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple

MAX_BYTES: Final = 16_000_000
MOST_METRICS: Final = 5_000
_LONGEST_NAME: Final = 300

Better = Literal["lower", "higher"]


class MetricsError(ValueError):
    """The figures cannot be read; the message is a sentence."""


class Metric(NamedTuple):
    """A figure that is a finite number."""

    value: float
    better: Better = "lower"
    unit: str = ""


class Change(NamedTuple):
    """What became of a figure.

    `worse` is by how many percent it is worse than before, negative when it is better, and infinite
    when it was zero and is worse now. `now` is None for one that is gone.
    """

    name: str
    before: float
    now: float | None
    worse: float

    def exceeds(self, tolerance: float) -> bool:
        """Whether it got worse by more than `tolerance` percent."""
        return self.now is None or self.worse > tolerance


def read_metrics(content: bytes) -> dict[str, Metric]:
    """The figures of a file by name, at least one. Raises MetricsError."""
    if len(content) > MAX_BYTES:
        raise MetricsError(f"The file has more than {MAX_BYTES} bytes.")
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise MetricsError(f"The file is not JSON: {str(error)[:200]}.") from error
    if not isinstance(document, dict):
        raise MetricsError("The file is no JSON object of figures by name.")
    found = _figures(document)
    if not found:
        raise MetricsError("The file has no figures.")
    if len(found) > MOST_METRICS:
        raise MetricsError(f"The file has more than {MOST_METRICS} figures.")
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MetricsError("The file names a figure twice.")
    return found


def _figures(document: Mapping[str, object]) -> dict[str, Metric]:
    listed = document.get("benchmarks")
    if isinstance(listed, list):
        return _listed(listed, "fullname", "name", "stats")
    results = document.get("results")
    if isinstance(results, list):
        return _listed(results, "command", "command", None)
    return {_name(name): _metric(name, value) for name, value in document.items()}


def _listed(entries: list[object], name: str, other: str, inside: str | None) -> dict[str, Metric]:
    """The means of a list of results, in seconds."""
    found: dict[str, Metric] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise MetricsError("A result of the file is no object.")
        called = _name(entry.get(name) or entry.get(other))
        stats = entry if inside is None else entry.get(inside)
        if called in found:
            raise MetricsError(f"The file names {called} twice.")
        found[called] = _metric(called, stats.get("mean") if isinstance(stats, dict) else None)
    return {called: metric._replace(unit="s") for called, metric in found.items()}


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        raise MetricsError(f"A figure has no name of up to {_LONGEST_NAME} characters.")
    return value


def _metric(name: str, value: object) -> Metric:
    if isinstance(value, dict):
        better, unit = value.get("better", "lower"), value.get("unit", "")
        if better not in ("lower", "higher"):
            raise MetricsError(f"{name} has `better: {better!r}`; write lower or higher.")
        return Metric(_number(name, value.get("value")), better, str(unit)[:40])
    return Metric(_number(name, value))


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MetricsError(f"{name} has {str(value)[:40]!r} where a number is expected.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise MetricsError(f"{name} has {value!s:.40} where a finite number is expected.")
    return number


def changes(before: Mapping[str, float], now: Mapping[str, Metric]) -> list[Change]:
    """What became of each figure of the baseline, by name. Raises MetricsError.

    The percentage is of the size of the figure before; a baseline that is no finite number is
    refused.
    """
    return [_change(name, before[name], now.get(name)) for name in sorted(before)]


def _change(name: str, before: float, now: Metric | None) -> Change:
    _number(f"The baseline of {name}", before)
    if now is None:
        return Change(name, before, None, math.inf)
    step = Fraction(now.value) - Fraction(before)
    loss = step if now.better == "lower" else -step
    if before == 0:
        return Change(name, before, now.value, math.copysign(math.inf, loss) if loss else 0.0)
    return Change(name, before, now.value, _percent(loss / abs(Fraction(before))))


def _percent(share: Fraction) -> float:
    try:
        return float(100 * share)
    except OverflowError:
        return math.inf if share > 0 else -math.inf
