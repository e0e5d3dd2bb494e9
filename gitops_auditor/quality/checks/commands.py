"""Gates of the kind `command`: a command line of the user's, and what it says."""

import hashlib
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio.to_thread
from typing_extensions import override

from gitops_auditor.formats.findings import Finding, ToolReport, ToolStatus, at_least, counted
from gitops_auditor.linters.lines import with_fingerprints
from gitops_auditor.quality.checks.asking import Asked, ask
from gitops_auditor.quality.checks.command_line import CommandLine, read_command_line
from gitops_auditor.quality.checks.judging import Judgement, explains, judge, unable
from gitops_auditor.quality.checks.known_commands import known_calls
from gitops_auditor.quality.checks.output import tail
from gitops_auditor.quality.checks.printed_findings import printed_findings
from gitops_auditor.quality.checks.running import CommandLines, Ran, require_command
from gitops_auditor.quality.checks.written_report import (
    Reported,
    ReportError,
    Stamp,
    junit_findings,
    read_new,
    sarif_findings,
    stamp,
)
from gitops_auditor.quality.evidence import Check, Evidence, Subject
from gitops_auditor.quality.gate import CommandReport, Gate

_SELF_CONTAINED: Final = frozenset(
    {
        *("ruff check", "ruff format", "black", "isort", "bandit", "vulture", "yamllint"),
        *("shellcheck", "hadolint", "gitleaks dir", "detect-secrets scan", "detect-secrets-hook"),
        *(f"biome {word}" for word in ("check", "lint", "ci", "format")),
    }
)
"""What these say depends on nothing but themselves and the files, unlike tests, plugins, types of
packages, and advisories.
"""


@dataclass(frozen=True, slots=True)
class CommandCheck(Check):
    """Runs the command and judges what it says."""

    lines: CommandLines

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        command = require_command(gate)
        line = read_command_line(command)
        asked = await anyio.to_thread.run_sync(partial(ask, gate, line, subject))
        if asked.skipped:
            return Evidence("skipped", asked.skipped)
        report = gate.report if isinstance(gate.report, CommandReport) else None
        before = Stamp()
        if report is not None:
            before = await anyio.to_thread.run_sync(stamp, subject.root, report.path)
        wanted = gate.model_copy(update={"command": asked.script})
        ran = await self.lines.run(wanted, subject, seconds, asked.arguments)
        answer = partial(_answer, gate, subject, line, asked, ran, before)
        return await anyio.to_thread.run_sync(answer)

    @override
    async def identity(self, gate: Gate) -> str | None:
        line = read_command_line(gate.command or "")
        names = {known.name for _, known in known_calls(line)}
        if gate.network == "full" or not line.is_single or not names & _SELF_CONTAINED:
            return None
        path = self.lines.inherited.get("PATH")
        return await anyio.to_thread.run_sync(_identity, line, path)


def _answer(
    gate: Gate,
    subject: Subject,
    line: CommandLine,
    asked: Asked,
    ran: Ran,
    before: Stamp,
) -> Evidence:
    tool = _tool(line)
    if not isinstance(gate.report, CommandReport):
        judgement = judge(ran, line)
        findings: list[Finding] = []
        if judgement.verdict == "failed":
            findings = printed_findings(ran.output, tool, subject.root)
        return _evidence(gate, subject, tool, ran, judgement, findings)
    judgement, findings = _of_report(gate, gate.report, subject, line, asked, ran, before)
    return _evidence(gate, subject, tool, ran, judgement, findings)


def _of_report(
    gate: Gate,
    report: CommandReport,
    subject: Subject,
    line: CommandLine,
    asked: Asked,
    ran: Ran,
    before: Stamp,
) -> tuple[Judgement, list[Finding]]:
    broke = unable(ran, line)
    if broke is not None:
        return broke, []
    try:
        content = read_new(subject.root, report.path, before)
        reported = _reported(report, content, subject, asked)
    except ReportError as error:
        ended = f" The command ended with exit code {ran.exit_code}." if ran.exit_code else ""
        return Judgement("error", f"{error}{ended}"), []
    return _of_findings(gate, line, reported, ran), reported.findings


def _reported(report: CommandReport, content: bytes, subject: Subject, asked: Asked) -> Reported:
    if report.format == "junit":
        return junit_findings(content, subject.root)
    return sarif_findings(content, subject.root, asked.files)


def _of_findings(gate: Gate, line: CommandLine, reported: Reported, ran: Ran) -> Judgement:
    bad = sum(1 for one in reported.findings if at_least(one.severity, gate.threshold))
    if bad:
        return Judgement("failed", f"{bad} findings are {gate.threshold} or worse.")
    if ran.exit_code == 0 or (reported.findings and explains(ran, known_calls(line))):
        return Judgement("passed", f"The report has {reported.counted}.")
    sentence = f"The report is clean, but the command ended with exit code {ran.exit_code}."
    return Judgement("failed", sentence)


def _evidence(
    gate: Gate, subject: Subject, tool: str, ran: Ran, judgement: Judgement, found: list[Finding]
) -> Evidence:
    verdict = judgement.verdict
    status: ToolStatus = verdict
    report = ToolReport(
        tool=tool,
        status=status,
        reason=judgement.reason,
        findings=tuple(found),
        counts=counted(found),
        seconds=round(ran.seconds, 3),
    )
    told = with_fingerprints(report, subject.root)
    return Evidence(
        verdict,
        judgement.reason,
        told.findings,
        (told,),
        {"exit_code": ran.exit_code, "output_tail": tail(ran.output)},
        judgement.fix or gate.fix,
    )


def _tool(line: CommandLine) -> str:
    known = known_calls(line)
    if known:
        return known[0][1].name
    return line.calls[0].program if line.calls and line.calls[0].program else "command"


def _identity(line: CommandLine, path: str | None) -> str | None:
    """Where the program is and what it is; None when it is not found; it blocks."""
    found = shutil.which(line.calls[0].program, path=path)
    if found is None:
        return None
    status = Path(found).resolve().stat()
    known = f"{found}:{status.st_size}:{status.st_mtime_ns}"
    return hashlib.sha256(known.encode()).hexdigest()
