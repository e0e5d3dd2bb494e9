"""The sections of the latest reports: verdict, gates and failures of each. Pure."""

from gitops_auditor.quality.reports.document import Block, Cell, Column, Section, Statement, Table
from gitops_auditor.quality.reports.issues import issues
from gitops_auditor.quality.reports.wording import (
    GATE_TYPE_WORDS,
    STATUS_WORDS,
    count,
    legible,
    moment,
    score,
    seconds,
    several,
)
from gitops_auditor.quality.results import GateResult, QualityReport


def report_section(report: QualityReport) -> Section:
    """One validation: what it says and why, its gates, and every failure."""
    blocks: list[Block] = [Statement(_verdict(report), STATUS_WORDS[report.status], report.status)]
    blocks += [Statement(legible(note)) for note in report.notes]
    blocks.append(_gates(report))
    found = issues(report)
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
    reason = legible(one.reason)
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
