"""Gates of the kind `coverage`: how many lines tests reach, of all and of those that changed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import anyio.to_thread
from typing_extensions import override

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.coverage import USUAL_PLACES
from gitops_auditor.formats.coverage_reading import CoverageError
from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.checks import coverage_reports as reports
from gitops_auditor.quality.checks.coverage_lines import Share, missed_lines, worst_files
from gitops_auditor.quality.checks.coverage_reports import Read
from gitops_auditor.quality.checks.ports import ChangedLines, CoverageSource
from gitops_auditor.quality.checks.producing import Producer
from gitops_auditor.quality.checks.written_report import Stamp
from gitops_auditor.quality.evidence import Check, Evidence, Subject, Verdict
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.small_changes import new_code_coverage, not_applied

_HOW: Final = (
    "Let the gate's `command` run the tests, name the place with `report`, or run a pipeline that"
    f" measures it. Usual places are {', '.join(USUAL_PLACES[:4])}."
)


class Part(NamedTuple):
    """The answer to one of the two questions of a gate."""

    verdict: Verdict
    sentence: str
    findings: list[Finding]
    metrics: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class CoverageCheck(Check):
    """Looks for a report, which it never takes from elsewhere than the repository."""

    producer: Producer
    source: CoverageSource
    changes: ChangedLines

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        began = time.monotonic()
        before: Mapping[str, Stamp] | None = None
        if gate.command is not None:
            stamps = partial(reports.stamps, gate, subject.root)
            before = await anyio.to_thread.run_sync(stamps)
            failure = await self.producer.run(gate, subject, seconds)
            if failure is not None:
                return failure
        left = max(seconds - (time.monotonic() - began), 0.0)
        with anyio.fail_after(left):
            return await self._answer(gate, subject, before)

    @override
    async def identity(self, gate: Gate) -> str | None:
        return None

    async def _answer(
        self, gate: Gate, subject: Subject, before: Mapping[str, Stamp] | None
    ) -> Evidence:
        try:
            read = await anyio.to_thread.run_sync(_read, gate, subject, before)
        except CoverageError as error:
            return Evidence("error", str(error), fix=gate.fix or _HOW)
        if read is None:
            return await self._measured(gate, subject)
        parts = [_whole(gate.minimum, read)] if gate.minimum is not None else []
        if gate.new_code_minimum is not None:
            parts.append(await self._new(gate, gate.new_code_minimum, subject, read))
        return _together(gate, parts, {"report": read.report.place, "source": read.report.where})

    async def _measured(self, gate: Gate, subject: Subject) -> Evidence:
        """By what a pipeline measured at this commit."""
        found = await self.source.measured(subject.repository_id, subject.commit)
        if found is None:
            return Evidence("error", "There is no coverage report.", fix=gate.fix or _HOW)
        if found.total <= 0 or not 0 <= found.covered <= found.total:
            return Evidence("error", f"{found.source} measured nothing that makes sense.", fix=_HOW)
        if gate.new_code_minimum is not None or gate.files or gate.minimum is None:
            reason = f"{found.source} measured all lines together; the gate needs its report."
            return Evidence("error", reason, fix=gate.fix or _HOW)
        part = _judged(gate.minimum, Share(found.covered, found.total), found.source)
        return _together(gate, [part], {"source": found.source})

    async def _new(self, gate: Gate, minimum: float, subject: Subject, read: Read) -> Part:
        if subject.base is None:
            return Part("skipped", "There is no base to tell new code from old.", [], {})
        if not read.matched.hits:
            sentence = "The report names no lines, so that those of new code cannot be told."
            return Part("error", sentence, [], {})
        changed = await self.changes.changed_lines(
            subject.repository_id, subject.base, subject.commit
        )
        concerned = {path: lines for path, lines in changed.items() if gate.concerns(path)}
        found = new_code_coverage(concerned, read.matched.hits)
        metrics: dict[str, JsonValue] = {
            "new_code_percent": None if found.percent is None else round(found.percent, 2),
            "new_code_lines": found.code,
            "not_in_report": list(found.unlisted[:20]),
        }
        why_not = not_applied(found)
        if why_not is not None:
            return Part("skipped", why_not, [], metrics)
        figures = (
            f"Tests reach {found.percent:.2f} % of new code ({found.covered} of {found.code})."
        )
        if found.reaches(minimum):
            return Part("passed", figures, [], metrics)
        sentence = f"{figures} That is less than the {minimum:g} % asked for."
        return Part("failed", sentence, missed_lines(found.missed), metrics)


def _read(gate: Gate, subject: Subject, before: Mapping[str, Stamp] | None) -> Read | None:
    report = reports.find(gate, subject, before)
    return None if report is None else reports.read(gate, subject, report)


def _whole(minimum: float, read: Read) -> Part:
    part = _judged(minimum, read.share, read.report.place)
    foreign: JsonValue = list(read.matched.foreign[:20])
    metrics = {**part.metrics, "foreign_files": foreign}
    findings = worst_files(read.matched) if part.verdict == "failed" else []
    return part._replace(findings=findings, metrics=metrics)


def _judged(minimum: float, share: Share, source: str) -> Part:
    metrics: dict[str, JsonValue] = {
        "coverage_percent": round(share.percent, 2),
        "covered_lines": share.covered,
        "lines": share.total,
    }
    reached = f"{share.covered} of {share.total}"
    figures = f"Tests reach {share.percent:.2f} % of lines ({reached}, {source})."
    if share.reaches(minimum):
        return Part("passed", figures, [], metrics)
    return Part("failed", f"{figures} That is less than the {minimum:g} % asked for.", [], metrics)


def _together(gate: Gate, parts: list[Part], metrics: Mapping[str, JsonValue]) -> Evidence:
    told = {part.verdict for part in parts}
    order: tuple[Verdict, ...] = ("error", "failed", "passed", "skipped")
    verdict = next(one for one in order if one in told)
    every = {name: value for part in parts for name, value in part.metrics.items()}
    return Evidence(
        verdict,
        " ".join(part.sentence for part in parts),
        tuple(finding for part in parts for finding in part.findings),
        metrics={**metrics, **every},
        fix=gate.fix,
    )
