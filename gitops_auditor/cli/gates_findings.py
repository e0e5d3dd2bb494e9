"""Findings for a terminal: a place that an editor can jump to, how bad it is, what to do."""

from collections.abc import Iterator, Sequence
from typing import Final

from gitops_auditor.cli.terminal import folded_lines, plain, visible
from gitops_auditor.formats.findings import Finding, Severity

_COLOURS: Final[dict[Severity, str]] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "dim",
}
_WIDEST_PLACE: Final = 48
_NARROWEST_TEXT: Final = 32


def finding_lines(findings: Sequence[Finding], width: int | None) -> Iterator[str]:
    """Findings in columns, or one below the other where a terminal is too narrow for columns.

    What to do about a rule is said with its first finding. `width` is None where no line is folded.
    """
    places = [_place(one) for one in findings]
    place = min(max(map(len, places), default=0), _WIDEST_PLACE)
    severity = max((len(one.severity) for one in findings), default=0)
    indent = 2 + place + 2 + severity + 2
    is_narrow = width is not None and width - indent < _NARROWEST_TEXT
    told: set[str] = set()
    for finding, where in zip(findings, places, strict=True):
        mark = f"[{_COLOURS[finding.severity]}]{finding.severity:<{severity}}[/]"
        head = f"  {plain(f'{where:<{place}}')}  {mark}"
        if is_narrow:
            yield head
            texts, at = _texts(finding, width, 4, told), 4
            yield from (" " * at + text for text in texts)
        else:
            first, *others = _texts(finding, width, indent, told)
            yield f"{head}  {first}"
            yield from (" " * indent + text for text in others)


def _texts(finding: Finding, width: int | None, indent: int, told: set[str]) -> list[str]:
    """What is said of a finding, line by line: the message, the rule, what to do."""
    room = None if width is None else width - indent
    message = folded_lines(finding.message, room) or [""]
    rule = f"{visible(finding.tool)} {visible(finding.rule)}"
    lines = [plain(one) for one in message]
    if room is None or len(message[-1]) + 2 + len(rule) <= room:
        lines[-1] += f"  [dim]{plain(rule)}[/dim]"
    else:
        lines.append(f"[dim]{plain(rule)}[/dim]")
    if finding.fix and finding.fix not in told:
        told.add(finding.fix)
        fix = folded_lines(f"fix: {finding.fix}", room)
        lines += [f"[cyan]{plain(one)}[/cyan]" for one in fix]
    return lines


def _place(finding: Finding) -> str:
    parts = (finding.file, finding.line, finding.column)
    return visible(":".join(str(part) for part in parts if part)) or "(repository)"
