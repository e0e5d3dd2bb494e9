"""Gates of the kind `benchmark`: figures of this commit beside those of a baseline."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio.to_thread
from typing_extensions import override

from gitops_auditor.errors import JsonValue
from gitops_auditor.execution.collecting import read_left
from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.checks.benchmark_metrics import (
    MAX_BYTES,
    Change,
    Metric,
    MetricsError,
    changes,
    read_metrics,
)
from gitops_auditor.quality.checks.ports import Baseline, Baselines
from gitops_auditor.quality.checks.producing import Producer
from gitops_auditor.quality.checks.written_report import ReportError, Stamp, read_new, stamp
from gitops_auditor.quality.evidence import Check, Evidence, Subject
from gitops_auditor.quality.gate import Gate

USUAL_PLACE: Final = "benchmarks.json"
DEFAULT_TOLERANCE: Final = 10.0
_MOST_SHOWN: Final = 200
_HOW: Final = (
    "Let the gate's `command` write the figures, or name their file with `metrics`:"
    ' {"name": number}, {"name": {"value": 1, "better": "lower"}}, pytest-benchmark or hyperfine.'
)


@dataclass(frozen=True, slots=True)
class BenchmarkCheck(Check):
    """Compares figures; without a baseline nothing is compared, and nothing passes."""

    producer: Producer
    baselines: Baselines

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        began = time.monotonic()
        place = gate.metrics or USUAL_PLACE
        before: Stamp | None = None
        if gate.command is not None:
            before = await anyio.to_thread.run_sync(stamp, subject.root, place)
            failure = await self.producer.run(gate, subject, seconds)
            if failure is not None:
                return failure
        left = max(seconds - (time.monotonic() - began), 0.0)
        with anyio.fail_after(left):
            return await self._compared(gate, subject, place, before)

    @override
    async def identity(self, gate: Gate) -> str | None:
        return None

    async def _compared(
        self, gate: Gate, subject: Subject, place: str, before: Stamp | None
    ) -> Evidence:
        read = partial(_read, subject.root, place, before)
        try:
            figures = await anyio.to_thread.run_sync(read)
        except (MetricsError, ReportError) as error:
            return Evidence("error", f"{place}: {error}", fix=gate.fix or _HOW)
        if figures is None:
            return Evidence("error", f"There are no figures at {place}.", fix=gate.fix or _HOW)
        wanted = gate.baseline or ""
        known = await self.baselines.find(subject.repository_id, wanted, subject.commit)
        if known is None or not known.metrics:
            reason = f"There is no baseline {wanted} to compare with."
            shown: dict[str, JsonValue] = {name: one.value for name, one in figures.items()}
            fix = "Record the figures of a release as its baseline."
            return Evidence("skipped", reason, metrics={"figures": shown}, fix=fix)
        try:
            return _judged(gate, known, figures)
        except MetricsError as error:
            return Evidence("error", f"The baseline {known.label} cannot be compared: {error}")


def _read(root: Path, place: str, before: Stamp | None) -> dict[str, Metric] | None:
    if before is not None:
        return read_metrics(read_new(root, place, before))
    if stamp(root, place) == Stamp():
        return None
    return read_metrics(read_left(root, place, max_bytes=MAX_BYTES))


def _judged(gate: Gate, baseline: Baseline, figures: dict[str, Metric]) -> Evidence:
    tolerance = DEFAULT_TOLERANCE if gate.tolerance is None else gate.tolerance
    told = changes(baseline.metrics, figures)
    worse = [one for one in told if one.exceeds(tolerance)]
    shown: dict[str, JsonValue] = {one.name: _shown(one) for one in told[:_MOST_SHOWN]}
    added: JsonValue = list(sorted(set(figures) - set(baseline.metrics))[:_MOST_SHOWN])
    metrics: dict[str, JsonValue] = {
        "baseline": baseline.label,
        "baseline_commit": baseline.commit,
        "tolerance_percent": tolerance,
        "compared": len(told),
        "new": added,
        "changes": shown,
        "figures": {name: one.value for name, one in figures.items()},
    }
    if not worse:
        reason = f"{len(told)} figures are within {tolerance:g} % of {baseline.label}."
        return Evidence("passed", reason, metrics=metrics)
    findings = tuple(_finding(one, tolerance, baseline.label) for one in worse)
    reason = f"{len(worse)} of {len(told)} figures are worse than {baseline.label}"
    first = findings[0].message
    return Evidence(
        "failed", f"{reason} by more than {tolerance:g} %: {first}", findings, (), metrics, gate.fix
    )


def _shown(change: Change) -> dict[str, JsonValue]:
    """Percentages that JSON has no number for are None."""
    finite = abs(change.worse) < float("inf")
    percent = round(change.worse, 3) if finite else None
    return {"before": change.before, "now": change.now, "worse_percent": percent}


def _finding(change: Change, tolerance: float, label: str) -> Finding:
    if change.now is None:
        message = f"{change.name} is gone; {label} has {change.before:g}."
    elif change.before == 0:
        message = f"{change.name} is {change.now:g}; it was 0."
    else:
        message = (
            f"{change.name} is {change.now:g}, which is {change.worse:.1f} % worse than"
            f" {change.before:g}."
        )
    return Finding(
        tool="benchmark",
        rule=change.name,
        severity="high" if change.exceeds(2 * tolerance) else "medium",
        message=message,
    )
