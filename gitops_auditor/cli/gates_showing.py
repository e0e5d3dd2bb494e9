"""What gates said, for a terminal: the worst last, where the eye is."""

from collections.abc import Iterator

from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.formats.findings import SEVERITIES, Finding, Severity, counted
from gitops_auditor.quality.results import GateResult, GateStatus, QualityReport

MOST_SHOWN = 20
"""Findings of one gate that a terminal shows; other formats have all."""

COLOURS: dict[GateStatus, str] = {
    "passed": "green",
    "failed": "red",
    "warning": "yellow",
    "skipped": "dim",
    "error": "magenta",
}
_MARKS: dict[GateStatus, str] = {
    "passed": "✓",
    "failed": "✗",
    "warning": "!",
    "skipped": "-",
    "error": "?",
}
_SEVERITIES: dict[Severity, str] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "dim",
}
_ORDER: tuple[GateStatus, ...] = ("passed", "skipped", "warning", "failed", "error")


def show_report(report: QualityReport) -> None:
    """Every gate with its findings, then the verdict."""
    for gate in sorted(report.gates, key=lambda one: _ORDER.index(one.status)):
        for text in gate_lines(gate):
            line(text)
    for note in report.notes:
        line(f"[yellow]note:[/] {plain(note)}")
    score = f" [dim]score[/dim] {report.score:g}" if report.score is not None else ""
    line(
        f"[{COLOURS[report.status]}]{report.status}[/] [bold]{report.gate_type}[/bold]"
        f" of {plain(report.repository_id)} at {_short(report)}"
        f" in {report.duration_seconds:.1f} s{score} [dim]{report.id}[/dim]"
    )
    line(plain(report.reason))


def gate_lines(gate: GateResult) -> Iterator[str]:
    """One gate: what it said, where, and what to do."""
    required = "" if gate.required else " [dim](advisory)[/dim]"
    seconds = "reused" if gate.cached_from else f"{gate.duration_seconds:.1f} s"
    colour = COLOURS[gate.status]
    yield (
        f"[{colour}]{_MARKS[gate.status]} {plain(gate.gate)}[/]{required}"
        f" [{colour}]{gate.status}[/] [dim]{seconds}[/dim]"
    )
    if gate.reason:
        yield f"    {plain(gate.reason)}"
    if gate.override is not None:
        yield (
            f"    [yellow]let pass by {plain(gate.override.created_by)}:[/]"
            f" {plain(gate.override.reason)}"
        )
    yield from _tool_lines(gate)
    if gate.status in ("failed", "warning", "error"):
        yield from _finding_lines(gate)
        if gate.fix:
            yield f"    [bold]to do:[/bold] {plain(gate.fix)}"
        yield f"    [dim]gitops-auditor gates explain {gate.id}[/dim]"


def _tool_lines(gate: GateResult) -> Iterator[str]:
    for tool in gate.tools:
        if tool.status in ("error", "absent") and tool.reason not in gate.reason:
            yield f"    [magenta]{plain(tool.tool)}:[/] {plain(tool.reason)}"


def _finding_lines(gate: GateResult) -> Iterator[str]:
    for finding in gate.findings[:MOST_SHOWN]:
        yield from finding_lines(finding)
    told = ", ".join(_hidden(gate))
    if told:
        yield f"    [dim]and {told} more[/dim]"


def _hidden(gate: GateResult) -> Iterator[str]:
    """What is not shown; the counts have also what is not kept."""
    shown, kept = counted(gate.findings[:MOST_SHOWN]), counted(gate.findings)
    for severity in SEVERITIES:
        known = max(gate.counts.get(severity, 0), kept.get(severity, 0))
        if left := known - shown.get(severity, 0):
            yield f"{left} {severity}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """One finding: the place that an editor can jump to, and what to do."""
    place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part)
    yield (
        f"    {plain(place or '(repository)')} [{_SEVERITIES[finding.severity]}]"
        f"{finding.severity}[/] {plain(finding.message)}"
        f" [dim]{plain(finding.tool)} {plain(finding.rule)}[/dim]"
    )
    if finding.fix:
        yield f"      [dim]fix:[/dim] {plain(finding.fix)}"


def _short(report: QualityReport) -> str:
    if report.ref in ("WORKTREE", "STAGED"):
        return "the working tree" if report.ref == "WORKTREE" else "what is staged"
    return report.commit[:10]
