"""What Biome prints: a line of JSON, then the files that it processed.

The JSON alone cannot be trusted: `unchanged` counts files that do not exist in its workspace,
ignored files are not mentioned, and only twenty diagnostics are told unless it is asked for all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.linters.rebasing import asked, given
from gitops_auditor.linters.tool import (
    Ended,
    Program,
    Reading,
    Request,
    UnreadableOutput,
    config_for,
)
from gitops_auditor.linters.tools.javascript import SCRIPTS, uses_biome
from gitops_auditor.linters.tools.outputs import (
    Told,
    left_out,
    listed,
    require_agreement,
    require_exit,
    said,
    validated,
)

ENDINGS: Final = SCRIPTS | {".json", ".jsonc", ".css"}
MOST_BYTES: Final = 16 * 2**20

_UNFORMATTED = "format"
_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json"})
_PROCESSED = re.compile(r"^ *i Files processed:\n *\n((?:  - [^\n]+\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Face:
    """One of the tools that Biome is: its command, its rules' first words, and how bad they are.

    `severities` are by rule or by group; what is not in it is low.
    """

    tool: str
    command: Literal["lint", "format"]
    rules: tuple[str, ...]
    severities: Mapping[str, Severity]


class _Point(Told):
    line: int = Field(ge=0)
    column: int = Field(ge=0)


class _Location(Told):
    path: str
    start: _Point
    end: _Point


class _Advice(Told):
    text: str = ""


class Diagnostic(Told):
    """One thing that Biome says of a file."""

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
    diagnostics: list[Diagnostic]
    command: str


_REPORT = TypeAdapter(_Report)


def takes(file: str) -> bool:
    """Whether Biome reads files of that name."""
    name = file.rpartition("/")[2]
    return name not in _LOCKS and "." + name.rpartition(".")[2] in ENDINGS


def command_line(program: Program, request: Request, face: Face) -> tuple[str, ...]:
    """The command line that makes Biome tell all that it found, and where it looked."""
    return (
        str(program.path),
        face.command,
        "--reporter=json",
        "--reporter=summary",
        "--verbose",
        "--colors=off",
        "--max-diagnostics=none",
        f"--files-max-size={MOST_BYTES}",
        *_config(request),
        "--",
        *given(request),
    )


def correction(program: Program, request: Request, face: Face) -> tuple[str, ...]:
    """The command line that makes Biome write what it corrected."""
    options = ("--write", "--colors=off", *_config(request))
    return (str(program.path), face.command, *options, "--", *given(request))


def corrected(ended: Ended) -> None:
    """Raise UnreadableOutput unless Biome ended by itself; 1 is what it could not correct."""
    require_exit(ended, (0, 1), "biome")


def _config(request: Request) -> tuple[str, ...]:
    config = config_for(request, "*biome*.json", "*biome*.jsonc")
    return (f"--config-path={config}",) if config else ()


def reading(
    ended: Ended,
    request: Request,
    face: Face,
) -> Reading:
    """What Biome found by its rules; raises UnreadableOutput for any other trouble."""
    require_exit(ended, (0, 1), "biome")
    first, _, rest = ended.stdout.decode("utf-8", "replace").partition("\n")
    if not first:
        raise UnreadableOutput(f"biome failed: {said(ended)}")
    report = validated(_REPORT, first, "biome")
    _require_whole(report, face)
    looked = [line[4:] for found in _PROCESSED.findall(rest) for line in found.splitlines()]
    ignored = left_out(request, looked)
    if ignored and not (_config(request) or uses_biome(request.root)):
        raise UnreadableOutput(f"biome did not look at {listed(ignored)}.")
    if len(ignored) < len(request.files):
        require_agreement(ended, "biome", found=report.summary.errors > 0)
    findings = [_finding(each, request, face) for each in report.diagnostics]
    return Reading(findings, files=len(request.files) - len(ignored), ignored=len(ignored))


def _require_whole(report: _Report, face: Face) -> None:
    """A diagnostic that is no rule's says that a file was not looked at, or not to its end."""
    if report.command != face.command:
        raise UnreadableOutput(f"biome was asked to {face.command} and did {report.command!r}.")
    broken = [each for each in report.diagnostics if not each.category.startswith(face.rules)]
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


def _finding(told: Diagnostic, request: Request, face: Face) -> Finding:
    start, end = told.location.start, told.location.end
    if told.category == _UNFORMATTED:
        return _unformatted(asked(told.location.path, request), face)
    return Finding(
        tool=face.tool,
        rule=told.category,
        severity=_severity(told.category, face.severities),
        message=told.message,
        file=asked(told.location.path, request),
        line=start.line or None,
        column=start.column or None,
        end_line=end.line or None,
        fix=_fix(told),
    )


def _fix(told: Diagnostic) -> str:
    """The command when Biome calls the change safe, else the change that it advises."""
    advices = [one.text for one in told.advices]
    if any(text.startswith("Safe fix") for text in advices):
        return "npx @biomejs/biome lint --write"
    return next((text for text in advices if text.startswith("Unsafe fix")), "")


def _unformatted(file: str, face: Face) -> Finding:
    return Finding(
        tool=face.tool,
        rule="unformatted",
        severity="low",
        message="The file is not formatted as Biome does it.",
        file=file,
        fix=f"npx @biomejs/biome format --write {file}",
    )


def _severity(category: str, severities: Mapping[str, Severity]) -> Severity:
    """By the rule, else by its group."""
    group = category.rpartition("/")[0]
    return severities.get(category) or severities.get(group, "low")
