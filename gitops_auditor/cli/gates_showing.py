"""What gates said, for a terminal: what did not pass comes last, where the eye is."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gitops_auditor.cli.gates_findings import finding_lines
from gitops_auditor.cli.terminal import line, paragraph, plain, terminal_width
from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.results import GateResult, GateStatus, QualityReport

MOST_SHOWN: Final = 20
"""Findings of one gate that a terminal shows; other formats have all."""

MOST_OF_A_RULE: Final = 5
"""Findings of one rule that are shown where there are too many to show."""

MOST_RULES: Final = 3

COLOURS: Final[dict[GateStatus, str]] = {
    "passed": "green",
    "failed": "red",
    "warning": "yellow",
    "skipped": "dim",
    "error": "magenta",
}
_MARKS: Final[dict[GateStatus, str]] = {
    "passed": "✓",
    "failed": "✗",
    "warning": "!",
    "skipped": "-",
    "error": "?",
}
_SAID: Final[dict[GateStatus, str]] = {
    "passed": "passed",
    "failed": "failed",
    "warning": "warns",
    "skipped": "was skipped",
    "error": "could not look",
}
_VERDICTS: Final[dict[GateStatus, str]] = {
    **_SAID,
    "warning": "passed with warnings",
    "error": "could not be decided",
}
_ORDER: Final[tuple[GateStatus, ...]] = ("skipped", "passed", "warning", "failed", "error")


def show_report(report: QualityReport) -> None:
    """Every gate, with its findings where it did not pass, then the verdict."""
    width = terminal_width()
    gates = sorted(report.gates, key=lambda one: _ORDER.index(one.status))
    quiet = [one for one in gates if one.status in ("passed", "skipped")]
    loud = [one for one in gates if one.status not in ("passed", "skipped")]
    for gate in quiet:
        _print(_quiet_lines(gate, width))
    for gate in loud:
        if quiet or gate is not loud[0]:
            line()
        _print(_loud_lines(gate, width))
    if loud or len(quiet) > 1:
        line()
    for note in report.notes:
        _print(paragraph(f"Note: {note}", width, style="yellow"))
    _print(_verdict_lines(report, width))


def _print(lines: Iterable[str]) -> None:
    for one in lines:
        line(one)


def _quiet_lines(gate: GateResult, width: int | None) -> Iterator[str]:
    yield _heading(gate)
    yield from paragraph(gate.reason, width, indent=2, style="dim") if gate.reason else ()


def _loud_lines(gate: GateResult, width: int | None) -> Iterator[str]:
    yield _heading(gate, gate.id)
    if gate.reason:
        yield from paragraph(gate.reason, width, indent=2)
    broken = [one for one in gate.tools if one.status in ("error", "absent")]
    for tool in broken:
        if tool.reason not in gate.reason:
            yield from paragraph(f"{tool.tool}: {tool.reason}", width, indent=2, style="magenta")
    yield from _finding_lines(gate, width)
    if gate.fix:
        yield from paragraph(f"To do: {gate.fix}", width, indent=2, style="bold")


def _heading(gate: GateResult, identity: str = "") -> str:
    required = "" if gate.required else " [dim](advisory)[/dim]"
    seconds = "reused" if gate.cached_from else f"{gate.duration_seconds:.1f} s"
    aside = f"{seconds} {identity}".rstrip()
    by = ""
    if gate.override is not None:
        who, why = plain(gate.override.created_by), plain(gate.override.reason)
        by = f" [yellow]let pass by {who}: {why}[/]"
    return (
        f"[{COLOURS[gate.status]}]{_MARKS[gate.status]} [bold]{plain(gate.gate)}[/bold]"
        f" {_SAID[gate.status]}[/]{required}{by} [dim]{aside}[/dim]"
    )


def _finding_lines(gate: GateResult, width: int | None) -> Iterator[str]:
    shown = _chosen(gate.findings)
    told = [one for one in shown if one.line or one.message != gate.reason]
    yield from finding_lines(told, width)
    hidden = max(sum(gate.counts.values()), len(gate.findings)) - len(shown)
    if hidden:
        rest = Counter(map(_rule, gate.findings)) - Counter(map(_rule, shown))
        named = [f"{count} of {rule}" for rule, count in rest.most_common(MOST_RULES)]
        others = hidden - sum(count for _, count in rest.most_common(MOST_RULES))
        named += [f"{others} of other rules"] if others else []
        yield from paragraph(f"and {hidden} more: {', '.join(named)}", width, indent=2, style="dim")
        yield f"  [dim]gitops-auditor gates explain {gate.id}[/dim]"


def _chosen(findings: Sequence[Finding]) -> list[Finding]:
    """The findings to show, the worst first: of many, only some of each rule."""
    if len(findings) <= MOST_SHOWN:
        return list(findings)
    chosen: list[Finding] = []
    seen = Counter[str]()
    for finding in findings:
        seen[_rule(finding)] += 1
        if seen[_rule(finding)] <= MOST_OF_A_RULE and len(chosen) < MOST_SHOWN:
            chosen.append(finding)
    return chosen


def _rule(finding: Finding) -> str:
    return f"{finding.tool} {finding.rule}"


def _verdict_lines(report: QualityReport, width: int | None) -> Sequence[str]:
    colour = COLOURS[report.status]
    score = f", score {report.score:g}" if report.score is not None else ""
    verdict = (
        f"[{colour}]{_MARKS[report.status]} [bold]{report.gate_type}"
        f" {_VERDICTS[report.status]}[/bold][/] for {_place(report)}"
        f" [dim]{report.duration_seconds:.1f} s{score}[/dim]"
    )
    told = [verdict, *paragraph(report.reason, width, indent=2)]
    if not report.passed:
        told.append(f"  [dim]gitops-auditor gates show {report.id}[/dim]")
    return told


def _place(report: QualityReport) -> str:
    repository = plain(report.repository_id)
    if report.ref in ("WORKTREE", "STAGED"):
        what = "the working tree" if report.ref == "WORKTREE" else "what is staged"
        return f"{what} of {repository}"
    return f"{repository} at {report.commit[:10]}"
