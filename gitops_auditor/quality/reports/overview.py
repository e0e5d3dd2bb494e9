"""The sections of a report that a summary gives. Pure."""

from collections.abc import Iterable

from gitops_auditor.quality.reports.document import (
    Block,
    Cell,
    Column,
    Figure,
    Figures,
    Section,
    Table,
    Tone,
)
from gitops_auditor.quality.reports.wording import (
    GATE_TYPE_WORDS,
    MINUS,
    STATUS_WORDS,
    count,
    legible,
    moment,
    percent,
    score,
    seconds,
    several,
)
from gitops_auditor.quality.trend_models import GateSummary, QualitySummary

_STEADY = 0.05
"""A difference of scores that is none when both are written with one digit."""


def lead(summary: QualitySummary) -> str:
    """The period in two sentences."""
    if not summary.validations:
        return "Nothing was validated in this period."
    asked = several(summary.validations, "validation")
    whose = several(summary.repositories, "repository", "repositories")
    share = summary.pass_percent
    told = "none of which looked at anything" if share is None else f"{percent(share)} may go on"
    return f"{asked} of {whose}: {told}. {_movement(summary)}".strip()


def figures(summary: QualitySummary) -> list[Section]:
    """The key figures; none for a period without validations."""
    return [Section("At a glance", (_figures(summary),))] if summary.validations else []


def attention(summary: QualitySummary) -> list[Section]:
    """What to look at first; nothing for a period without validations."""
    blocks: list[Block] = [
        _worst(summary),
        _rules(summary),
        _erring(summary),
        _slowest(summary),
    ]
    return [Section("What needs attention", tuple(blocks))] if summary.validations else []


def _movement(summary: QualitySummary) -> str:
    now, before = summary.score, summary.score_before
    if now is None:
        return ""
    if before is None:
        return f"The mean score is {score(now)}; there is none from before to compare it with."
    if abs(now - before) < _STEADY:
        return f"The mean score stayed at {score(now)}."
    word = "rose" if now > before else "fell"
    return f"The mean score {word} by {score(abs(now - before))} to {score(now)}."


def _figures(summary: QualitySummary) -> Figures:
    return Figures(
        (
            Figure("Mean score", score(summary.score), _difference(summary)),
            Figure("May go on", percent(summary.pass_percent), "skipped left out"),
            Figure(
                "Validations",
                count(summary.validations),
                f"of {several(summary.repositories, 'repository', 'repositories')}",
            ),
            _verdict("Failed", summary.failed, summary, "failed"),
            _verdict("Errors", summary.error, summary, "error"),
            Figure("Overrides", count(summary.overrides), "results let pass"),
        )
    )


def _difference(summary: QualitySummary) -> str:
    if summary.score is None or summary.score_before is None:
        return "nothing to compare with"
    return f"{summary.score - summary.score_before:+.1f} since before".replace("-", MINUS)


def _verdict(label: str, value: int, summary: QualitySummary, tone: Tone) -> Figure:
    share = percent(100 * value / summary.validations)
    return Figure(label, count(value), f"{share} of validations", tone if value else "plain")


def _worst(summary: QualitySummary) -> Table:
    return Table(
        "Repositories with most trouble",
        (
            Column("Repository", "name", share=3),
            Column("Last verdict", "badge"),
            Column("Validations", "number"),
            Column("Failed", "number"),
            Column("Errors", "number"),
            Column("Score", "number"),
            Column("Last look"),
        ),
        tuple(
            (
                Cell(legible(one.repository_id)),
                Cell(STATUS_WORDS[one.last_status], one.last_status),
                Cell(count(one.validations)),
                Cell(count(one.failed)),
                Cell(count(one.error)),
                Cell(score(one.score)),
                Cell(moment(one.last_at)),
            )
            for one in summary.worst_repositories
        ),
        empty="Every repository that was looked at passed each time.",
    )


def _rules(summary: QualitySummary) -> Table:
    return Table(
        "Rules broken most often",
        (
            Column("Rule", "name", share=3),
            Column("Tool", "name", share=1),
            Column("Severity", "badge"),
            Column("Findings", "number"),
        ),
        tuple(
            (
                Cell(legible(one.rule)),
                Cell(legible(one.tool)),
                Cell(one.severity.capitalize(), one.severity),
                Cell(count(one.count)),
            )
            for one in summary.failing_rules
        ),
        empty="No rule was broken in this period.",
    )


def _erring(summary: QualitySummary) -> Table:
    return Table(
        "Gates that could not look",
        (
            *_GATE,
            Column("Errors", "number"),
            Column("Results", "number"),
            Column("Overridden", "number"),
        ),
        tuple(
            (
                *_gate(one),
                Cell(count(one.errors)),
                Cell(count(one.results)),
                Cell(count(one.overridden)),
            )
            for one in summary.erring_gates
        ),
        empty="Every gate could look each time.",
        note="An error is never a pass: a tool was missing, broke, or did not look at all files.",
    )


def _slowest(summary: QualitySummary) -> Table:
    return Table(
        "Slowest gates",
        (
            *_GATE,
            Column("Median", "number"),
            Column("95 % within", "number"),
            Column("Results", "number"),
        ),
        tuple(_slow(summary.slowest_gates)),
        empty="No gate ran in this period.",
    )


_GATE = (Column("Gate", share=3), Column("Repository", "name", share=2), Column("Asked", share=1))


def _gate(one: GateSummary) -> tuple[Cell, ...]:
    repository = Cell(legible(one.repository_id) or "several")
    return Cell(legible(one.gate)), repository, Cell(GATE_TYPE_WORDS[one.gate_type])


def _slow(gates: Iterable[GateSummary]) -> Iterable[tuple[Cell, ...]]:
    for one in gates:
        times = Cell(seconds(one.seconds_median)), Cell(seconds(one.seconds_p95))
        yield (*_gate(one), *times, Cell(count(one.results)))
