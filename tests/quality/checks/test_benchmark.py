"""Figures are compared with a baseline; without one nothing passes."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.quality.checks.benchmark import BenchmarkCheck
from gitops_auditor.quality.checks.benchmark_metrics import (
    Better,
    Metric,
    MetricsError,
    changes,
    read_metrics,
)
from gitops_auditor.quality.checks.ports import Baseline
from gitops_auditor.quality.checks.producing import Producer
from tests.quality.checks.subjects import COMMIT, Commands, gate, look


@dataclass
class Recorded:
    """Figures of one release, if there are any."""

    metrics: Mapping[str, float] | None

    async def find(self, repository_id: str, baseline: str, commit: str) -> Baseline | None:
        assert (repository_id, baseline, commit) == ("r1", "previous_release", COMMIT)
        return None if self.metrics is None else Baseline("v1.2.0", "ba5e", self.metrics)


def checker(commands: Commands, metrics: Mapping[str, float] | None) -> BenchmarkCheck:
    return BenchmarkCheck(Producer(commands.check().lines), Recorded(metrics))


ASKED = gate(baseline="previous_release", tolerance=10)


@pytest.mark.parametrize(
    ("before", "now", "verdict", "words"),
    [
        ({"parse": 100}, {"parse": 110}, "passed", "within 10 % of v1.2.0"),
        ({"parse": 100}, {"parse": 110.1}, "failed", "10.1 % worse"),
        ({"parse": 100}, {"parse": 50}, "passed", ""),
        ({"rate": 100}, {"rate": {"value": 89, "better": "higher"}}, "failed", "11.0 % worse"),
        ({"rate": 100}, {"rate": {"value": 900, "better": "higher"}}, "passed", ""),
        ({"a": 1, "b": 1}, {"a": 1}, "failed", "b is gone"),
        ({"a": 1}, {"a": 1, "b": 9}, "passed", "1 figures"),
        ({"errors": 0}, {"errors": 0}, "passed", ""),
        ({"errors": 0}, {"errors": 1}, "failed", "it was 0"),
        ({"drift": -10}, {"drift": -9.5}, "passed", ""),
        ({"drift": -10}, {"drift": -8}, "failed", "20.0 % worse"),
        ({"a": math.nan}, {"a": 1}, "error", "finite number"),
        (None, {"a": 1}, "skipped", "no baseline previous_release"),
        ({}, {"a": 1}, "skipped", "no baseline"),
    ],
)
async def test_each_figure_is_compared_in_its_direction(
    commands: Commands,
    before: Mapping[str, float] | None,
    now: Mapping[str, object],
    verdict: str,
    words: str,
) -> None:
    subject = commands.subject({"benchmarks.json": json.dumps(now)})
    evidence = await look(checker(commands, before), ASKED, subject)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence
    assert json.dumps(evidence.metrics, allow_nan=False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "no JSON object"),
        ("{}", "no figures"),
        ('{"a": NaN}', "finite"),
        ('{"a": 1e999}', "finite"),
        ('{"a": "1"}', "a number is expected"),
        ('{"a": true}', "a number is expected"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": {"value": 1, "better": "bigger"}}', "lower or higher"),
        ('{"benchmarks": []}', "no figures"),
        ('{"benchmarks": [{"name": "a", "stats": {}}]}', "a number is expected"),
        ("[" * 100_000, "is not JSON"),
        (f'{{"a": 1{"0" * 400}}}', "finite"),
    ],
)
async def test_figures_that_cannot_be_read_are_an_error(
    commands: Commands, content: str, words: str
) -> None:
    subject = commands.subject({"benchmarks.json": content})
    evidence = await look(checker(commands, {"a": 1}), ASKED, subject)
    assert (evidence.verdict, words in evidence.reason) == ("error", True), evidence


async def test_without_figures_there_is_no_verdict(commands: Commands) -> None:
    evidence = await look(checker(commands, {"a": 1}), ASKED, commands.subject({}))
    assert (evidence.verdict, "no figures at benchmarks.json" in evidence.reason) == ("error", True)
    assert "pytest-benchmark" in evidence.fix


async def test_the_worse_a_figure_the_graver_the_finding(commands: Commands) -> None:
    now = {"a": 115, "b": 130, "c": 100}
    subject = commands.subject({"out/speed.json": json.dumps(now)})
    asked = gate(baseline="previous_release", metrics="out/speed.json")
    evidence = await look(checker(commands, dict.fromkeys(now, 100.0)), asked, subject)
    assert [(one.rule, one.severity) for one in evidence.findings] == [
        ("a", "medium"),
        ("b", "high"),
    ]
    assert evidence.metrics["tolerance_percent"] == 10.0


@pytest.mark.parametrize(
    ("command", "verdict"),
    [("""echo '{"a": 1}' > benchmarks.json""", "passed"), ("true", "error"), ("exit 1", "failed")],
)
async def test_only_figures_that_the_command_wrote_count(
    commands: Commands, command: str, verdict: str
) -> None:
    subject = replace(commands.subject({"benchmarks.json": '{"a": 1, "b": 2}'}))
    asked = gate(baseline="previous_release", command=command)
    assert (await look(checker(commands, {"a": 1}), asked, subject)).verdict == verdict


def test_what_benchmark_tools_write_is_read() -> None:
    of_pytest = {"benchmarks": [{"name": "f", "fullname": "t.py::f", "stats": {"mean": 0.5}}]}
    assert read_metrics(json.dumps(of_pytest).encode()) == {"t.py::f": (0.5, "lower", "s")}
    hyperfine = {"results": [{"command": "sleep 1", "mean": 1.0, "stddev": 0.1}]}
    assert read_metrics(json.dumps(hyperfine).encode()) == {"sleep 1": (1.0, "lower", "s")}


FIGURE = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)
DIRECTION = st.sampled_from(["lower", "higher"])


@given(FIGURE, FIGURE, DIRECTION, st.floats(0, 500), st.floats(0, 500))
def test_more_tolerance_never_fails_what_passed(
    before: float, now: float, better: Better, tolerance: float, more: float
) -> None:
    (change,) = changes({"a": before}, {"a": Metric(now, better)})
    if not change.exceeds(tolerance):
        assert not change.exceeds(tolerance + more)


@given(FIGURE, FIGURE, DIRECTION, st.integers(-20, 20), st.floats(0, 500))
def test_the_unit_of_a_figure_makes_no_difference(
    before: float, now: float, better: Better, power: int, tolerance: float
) -> None:
    scale = 2.0**power
    (change,) = changes({"a": before}, {"a": Metric(now, better)})
    (scaled,) = changes({"a": before * scale}, {"a": Metric(now * scale, better)})
    assert change.exceeds(tolerance) == scaled.exceeds(tolerance)


@given(FIGURE, FIGURE, FIGURE, DIRECTION, st.floats(0, 500))
def test_a_worse_figure_never_passes_where_a_better_one_failed(
    before: float, now: float, step: float, better: Better, tolerance: float
) -> None:
    worse = now + abs(step) if better == "lower" else now - abs(step)
    (change,) = changes({"a": before}, {"a": Metric(now, better)})
    (further,) = changes({"a": before}, {"a": Metric(worse, better)})
    assert further.exceeds(tolerance) or not change.exceeds(tolerance)


def test_a_baseline_that_is_no_number_is_refused() -> None:
    with pytest.raises(MetricsError):
        changes({"a": math.inf}, {"a": Metric(1)})
