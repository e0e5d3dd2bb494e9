"""What Biome's linter prints: a line of JSON, then the files that it processed.

The JSON alone cannot be trusted: `unchanged` counts files that do not exist in its workspace,
ignored files are not mentioned, and only twenty diagnostics are told unless it is asked for all.
"""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.linters.rebasing import asked
from gitops_auditor.linters.tool import Ended, Reading, Request, UnreadableOutput
from gitops_auditor.linters.tools.biome_output import ignored_in
from gitops_auditor.linters.tools.outputs import (
    Told,
    require_agreement,
    require_exit,
    said,
    validated,
)

RULES: Final = ("lint/", "suppressions/", "plugin", "parse")
"""How the categories of findings begin; any other tells of a file that could not be looked at."""


class _Point(Told):
    line: int = Field(ge=0)
    column: int = Field(ge=0)


class _Location(Told):
    path: str
    start: _Point
    end: _Point


class _Advice(Told):
    text: str = ""


class _Diagnostic(Told):
    severity: Literal["fatal", "error", "warning", "information", "info", "hint"]
    message: str
    category: str
    location: _Location
    advices: tuple[_Advice, ...] = ()


class _Summary(Told):
    errors: int = Field(ge=0)
    warnings: int = Field(ge=0)
    infos: int = Field(ge=0)
    not_printed: int = Field(alias="diagnosticsNotPrinted")


class _Report(Told):
    summary: _Summary
    diagnostics: list[_Diagnostic]
    command: Literal["lint"]


_REPORT = TypeAdapter(_Report)


def reading(ended: Ended, request: Request, severities: Mapping[str, Severity]) -> Reading:
    """What it found, with severities by rule or by group; what is in neither is low."""
    require_exit(ended, (0, 1), "biome")
    first, _, rest = ended.stdout.decode("utf-8", "replace").partition("\n")
    if not first:
        raise UnreadableOutput(f"biome failed: {said(ended)}")
    report = validated(_REPORT, first, "biome")
    _require_whole(report)
    ignored = ignored_in(rest, request)
    if len(ignored) < len(request.files):
        require_agreement(ended, "biome", found=report.summary.errors > 0)
    findings = [_finding(each, request, severities) for each in report.diagnostics]
    return Reading(findings, files=len(request.files) - len(ignored), ignored=len(ignored))


def _require_whole(report: _Report) -> None:
    broken = [each for each in report.diagnostics if not each.category.startswith(RULES)]
    if broken:
        first = broken[0]
        raise UnreadableOutput(
            f"biome could not look at {first.location.path}:{first.location.start.line}:"
            f" {first.message} ({first.category})"
        )
    summary = report.summary
    told = summary.errors + summary.warnings + summary.infos
    if summary.not_printed or told != len(report.diagnostics):
        raise UnreadableOutput(f"biome counts {told} and tells {len(report.diagnostics)}.")


def _finding(told: _Diagnostic, request: Request, severities: Mapping[str, Severity]) -> Finding:
    start, end = told.location.start, told.location.end
    group = told.category.rpartition("/")[0]
    return Finding(
        tool="biome",
        rule=told.category,
        severity=severities.get(told.category) or severities.get(group, "low"),
        message=told.message,
        file=asked(told.location.path, request),
        line=start.line or None,
        column=start.column or None,
        end_line=end.line or None,
        fix=_fix(told),
    )


def _fix(told: _Diagnostic) -> str:
    """The command when Biome calls the change safe, else the change that it advises."""
    advices = [one.text for one in told.advices]
    if any(text.startswith("Safe fix") for text in advices):
        return "npx @biomejs/biome lint --write"
    return next((text for text in advices if text.startswith("Unsafe fix")), "")
