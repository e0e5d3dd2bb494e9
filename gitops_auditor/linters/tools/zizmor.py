"""zizmor over workflows of GitHub Actions: its JSON has findings, its log the files it came to.

It leaves out workflows that it cannot read unless it is asked to be strict; with SARIF it ends with
0 whatever it finds. Without its own exit codes, any but 0 says that it could not do its work.
"""

import re
from pathlib import PurePosixPath
from typing import Final, Literal

from pydantic import Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity, at_least
from gitops_auditor.linters import severities
from gitops_auditor.linters.rebasing import asked, given
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
    config_for,
)
from gitops_auditor.linters.tools.outputs import Told, require_all, require_exit, validated

_COMPLETED: Final = re.compile(r" INFO audit: zizmor: \S+ completed (.+)")
_VERSION: Final = re.compile(r" INFO zizmor: \S+ zizmor v(\S+)")
_ENDINGS: Final = frozenset({".yml", ".yaml"})


class _Local(Told):
    path: str = Field(alias="verbatim_path")


class _Key(Told):
    local: _Local = Field(alias="Local")


class _Symbolic(Told):
    key: _Key
    annotation: str
    kind: str


class _Point(Told):
    row: int
    column: int


class _Span(Told):
    start: _Point = Field(alias="start_point")
    end: _Point = Field(alias="end_point")


class _Concrete(Told):
    location: _Span


class _Location(Told):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(Told):
    confidence: str
    severity: Literal["Unknown", "Informational", "Low", "Medium", "High"]


class _Audit(Told):
    ident: str
    desc: str
    determinations: _Determinations
    locations: list[_Location] = Field(min_length=1)
    ignored: bool


_AUDITS: Final = TypeAdapter(list[_Audit])


class Zizmor:
    """Finds weaknesses of workflows and actions."""

    name = "zizmor"
    purpose: Purpose = "lint"
    languages = ("GitHub Actions",)
    programs = ("zizmor",)
    install = "install it with: pip install zizmor"

    def takes(self, file: str) -> bool:
        """Workflows where GitHub looks for them, and definitions of actions."""
        path = PurePosixPath(file)
        if path.suffix not in _ENDINGS:
            return False
        return path.stem == "action" or path.parts[:-1] == (".github", "workflows")

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - it has rules of its own
        """Always."""
        return True

    def command(self, program: Program, request: Request) -> Invocation:
        """Without network, and nothing left out."""
        config = config_for(request, "*zizmor.y*ml")
        named = (f"--config={config}",) if config else ()
        fixed = ("--offline", "--strict-collection", "--no-exit-codes", "--no-progress")
        options = ("--format=json-v1", "--color=never", *named)
        return Invocation((str(program.path), *fixed, *options, "--", *given(request)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when it completed all files."""
        require_exit(ended, (0,), self.name)
        audits = validated(_AUDITS, ended.stdout, self.name)
        log = ended.stderr.decode(errors="replace").split("\n")
        done = [found[1] for line in log if (found := _COMPLETED.fullmatch(line))]
        versions = [found[1] for line in log if (found := _VERSION.fullmatch(line))]
        findings = [_finding(each, request) for each in audits if not each.ignored]
        files = require_all(request, done, self.name)
        return Reading(findings, files, version=versions[0] if versions else "")


def _finding(audit: _Audit, request: Request) -> Finding:
    primary = [each for each in audit.locations if each.symbolic.kind == "Primary"]
    place = (primary or audit.locations)[0]
    span = place.concrete.location
    if min(span.start.row, span.start.column, span.end.row) < 0:
        raise UnreadableOutput("It found something before the beginning of a file.")
    return Finding(
        tool="zizmor",
        rule=audit.ident,
        severity=_severity(audit.ident, audit.determinations),
        message=f"{audit.desc}: {place.symbolic.annotation}",
        file=asked(place.symbolic.key.local.path, request),
        line=span.start.row + 1,
        column=span.start.column + 1,
        end_line=span.end.row + 1,
    )


def _severity(rule: str, said: _Determinations) -> Severity:
    judged = severities.ZIZMOR.get((said.severity, said.confidence), "low")
    most = severities.ZIZMOR_RULES.get(rule, judged)
    return most if at_least(judged, most) else judged


ZIZMOR: Final = Zizmor()
