"""The sections of the latest reports: verdict, gates and failures of each. Pure."""

from collections.abc import Sequence
from typing import Final

from gitops_auditor.quality.reports.document import Block, Cell, Column, Section, Statement, Table
from gitops_auditor.quality.reports.issues import broken, issues
from gitops_auditor.quality.reports.wording import (
    GATE_TYPE_WORDS,
    STATUS_WORDS,
    count,
    legible,
    moment,
    score,
    seconds,
    several,
    shortened,
)
from gitops_auditor.quality.results import GateResult, QualityReport

MOST_ISSUES: Final = 1_000
"""Failures of a whole report that are shown; JSON and the formats for tools have all."""
FEWEST_ISSUES: Final = 20
_LONGEST_REASON: Final = 300


def latest(reports: Sequence[QualityReport], left_out: int) -> list[Section]:
    """A table of the validations when there are several, then those that did not just pass."""
    most = max(MOST_ISSUES // max(len(reports), 1), FEWEST_ISSUES)
    if len(reports) == 1 and not left_out:
        return [_report(reports[0], most)]
    shown = [_report(report, most) for report in reports if broken(report)]
    return [Section("Latest validations", (_validations(reports, left_out),)), *shown]


def _validations(reports: Sequence[QualityReport], left_out: int) -> Table:
    return Table(
        "",
        (
            Column("Repository", "name", share=3),
            Column("Asked"),
            Column("Verdict", "badge"),
            Column("Score", "number"),
            Column("Commit", "name"),
            Column("Looked at"),
        ),
        tuple(
            (
                Cell(legible(one.repository_id)),
                Cell(GATE_TYPE_WORDS[one.gate_type]),
                Cell(STATUS_WORDS[one.status], one.status),
                Cell(score(one.score)),
                Cell(one.commit[:12]),
                Cell(moment(one.executed_at)),
            )
            for one in reports
        ),
        empty="There is none.",
        note=f"{several(left_out, 'more validation')} not shown." if left_out else "",
    )


def _report(report: QualityReport, most: int) -> Section:
    """One validation: what it says and why, its gates, and its failures."""
    blocks: list[Block] = [Statement(_verdict(report), STATUS_WORDS[report.status], report.status)]
    blocks += [Statement(legible(note)) for note in report.notes]
    blocks.append(_gates(report))
    found = issues(report, most)
    if found.issues:
        blocks.append(found)
    title = f"{legible(report.repository_id)}, {GATE_TYPE_WORDS[report.gate_type]}"
    return Section(title, tuple(blocks))


def _verdict(report: QualityReport) -> str:
    points = "" if report.score is None else f" Score {score(report.score)}."
    what = "the whole repository"
    if report.files is not None:
        what = several(len(report.files), "changed file")
    looked = f"Looked at {what} of {legible(report.ref)} ({report.commit[:12]})"
    when = f"on {moment(report.executed_at)}, in {seconds(report.duration_seconds)}"
    return f"{legible(report.reason)}{points} {looked} {when}."


def _gates(report: QualityReport) -> Table:
    return Table(
        "",
        (
            Column("Gate", share=3),
            Column("Verdict", "badge"),
            Column("Required"),
            Column("Score", "number"),
            Column("Findings", "number"),
            Column("Time", "number"),
            Column("Why", share=4),
        ),
        tuple(_gate(one) for one in report.gates),
        empty="No gate was asked.",
    )


def _gate(one: GateResult) -> tuple[Cell, ...]:
    reason = shortened(legible(one.reason), _LONGEST_REASON)
    if one.override is not None:
        said = f"Let pass by {one.override.created_by}: {one.override.reason}"
        reason = f"{reason} {legible(said)}".strip()
    if one.cached_from is not None:
        reason = f"{reason} From an earlier look at the same files.".strip()
    return (
        Cell(legible(one.gate)),
        Cell(STATUS_WORDS[one.status], one.status),
        Cell("yes" if one.required else "no"),
        Cell(score(one.score)),
        Cell(count(sum(one.counts.values()))),
        Cell(seconds(one.duration_seconds)),
        Cell(reason),
    )
