"""npm audit: npm's packages with known weaknesses, as the registry says.

A registry that refuses to answer gives exit code 1, as a weakness does, and JSON of another shape:
only `vulnerabilities` tells that there was an audit.
"""

from pathlib import PurePosixPath
from typing import Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
)
from gitops_auditor.linters.tools import npm_audits, own_script
from gitops_auditor.linters.tools.advisory_database import HOW_TO_SET
from gitops_auditor.linters.tools.locked_packages import reader_for
from gitops_auditor.linters.tools.outputs import Told, require_all, require_exit, validated

SEVERITIES: Final[dict[str, Severity]] = {
    "critical": "critical",
    "high": "high",
    "moderate": "medium",
    "low": "low",
    "info": "low",
}
"""As the advisory has it."""

_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json"})
_Level = Literal["critical", "high", "moderate", "low", "info"]


class _Advisory(Told):
    source: int | str
    name: str
    title: str
    url: str = ""
    severity: _Level
    range: str = ""


class _Update(Told):
    name: str
    version: str


class _Package(Told):
    name: str
    via: list[_Advisory | str]
    fix: bool | _Update = Field(alias="fixAvailable")


class _Dependencies(Told):
    total: int


class _Counts(Told):
    total: int


class _Metadata(Told):
    vulnerabilities: _Counts
    dependencies: _Dependencies


class _Report(Told):
    vulnerabilities: dict[str, _Package]
    metadata: _Metadata


class _Audit(Told):
    file: str
    exit: int
    report: str
    said: str


_AUDITS = TypeAdapter(list[_Audit], config=ConfigDict(defer_build=True))
_REPORT = TypeAdapter(_Report)


class NpmAudit:
    """Asks the registry over the network; reads lock files only, and installs nothing."""

    name: Final = "npm-audit"
    purpose: Final[Purpose] = "dependencies"
    languages: Final = ("JavaScript (package-lock.json)",)
    programs: Final = ("npm",)
    install: Final = "install it with Node.js"

    def takes(self, file: str) -> bool:
        """Npm's lock files."""
        return PurePosixPath(file).name in _LOCKS

    def is_wanted(self, request: Request) -> bool:
        """Unless there is a database of our own, which needs no network."""
        return request.advisories is None

    def command(self, program: Program, request: Request) -> Invocation:
        """Audit the package of each lock file."""
        arguments = (str(program.path), str(request.root), *request.files)
        quiet = {"npm_config_fund": "false", "npm_config_update_notifier": "false"}
        argv = own_script.started(npm_audits, arguments)
        shown = own_script.readable()
        return Invocation(argv, environment=quiet, network=True, readable=shown)

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding an advisory and package that it is about."""
        require_exit(ended, (0,), "the audits of npm")
        audits = validated(_AUDITS, ended.stdout, "npm audit")
        files = require_all(request, (one.file for one in audits), "npm audit")
        packages = {one.file: _packages_in(request, one.file) for one in audits}
        findings = [one for audit in audits for one in _findings(audit, packages[audit.file])]
        return Reading(findings, files=files)


def _packages_in(request: Request, file: str) -> dict[str, int]:
    """The line of each package; npm passes lock files that it does not understand."""
    read = reader_for(file)
    try:
        text = (request.root / file).read_text("utf-8")
        return {one.name: one.line for one in read(text)} if read else {}
    except (MalformedDocument, UnicodeDecodeError, OSError) as error:
        raise UnreadableOutput(f"{file} cannot be read: {error}") from error


def _findings(audit: _Audit, packages: dict[str, int]) -> list[Finding]:
    try:
        report = validated(_REPORT, audit.report, "npm audit")
    except UnreadableOutput:
        why = " ".join(audit.said.split()) or "it did not say why."
        raise UnreadableOutput(
            f"npm could not audit {audit.file}, with exit code {audit.exit}: {why} {HOW_TO_SET}"
        ) from None
    weak = report.vulnerabilities
    if (audit.exit, len(weak)) != (int(bool(weak)), report.metadata.vulnerabilities.total):
        raise UnreadableOutput(f"npm counts other weaknesses of {audit.file} than it tells.")
    looked = report.metadata.dependencies.total
    if looked < len(weak) or (packages and not looked):
        raise UnreadableOutput(f"npm did not look at all packages of {audit.file}.")
    return [
        _finding(package, advisory, audit.file, packages.get(package.name))
        for package in weak.values()
        for advisory in package.via
        if isinstance(advisory, _Advisory)
    ]


def _finding(package: _Package, advisory: _Advisory, file: str, line: int | None) -> Finding:
    return Finding(
        tool="npm-audit",
        rule=advisory.url.rpartition("/")[2] or str(advisory.source),
        severity=SEVERITIES[advisory.severity],
        message=f"{advisory.name} {advisory.range}: {advisory.title}",
        file=file,
        line=line,
        fix=_fix(package),
    )


def _fix(package: _Package) -> str:
    if isinstance(package.fix, _Update):
        return f"Update {package.fix.name} to {package.fix.version}."
    if package.fix:
        return "npm audit fix"
    return f"No version of {package.name} is known to be corrected: replace it."


NPM_AUDIT: Final = NpmAudit()
