"""detect-secrets, where there is no gitleaks: secrets in files of text.

Its exit code is always 0. A file that is missing or cannot be read it passes over without a word;
only its log names those that it looked at. Nothing in its output tells a run that found nothing
from one that did not search, so a secret of ours is planted beside copies of the files: it looks
only at what is in the folder that it is started in.
"""

import re
from typing import Final

from pydantic import Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.linters import programs
from gitops_auditor.linters.rebasing import asked, given
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
)
from gitops_auditor.linters.tools import in_copies, own_script
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from gitops_auditor.linters.tools.outputs import Told, left_out, listed, require_exit, validated

SEVERITIES: Final[dict[str, Severity]] = {
    "Base64 High Entropy String": "medium",
    "Hex High Entropy String": "medium",
    "Secret Keyword": "medium",
    "Public IP (ipv4)": "low",
    "Private Key": "critical",
    "AWS Access Key": "critical",
    "GitHub Token": "critical",
}
"""Guesses by entropy are medium; other detectors know whose secret it is: high."""

FIX: Final = (
    "Revoke the secret, since history keeps it; read it from the environment or a secret store."
    " A false alarm is marked with `pragma: allowlist secret` on its line."
)

_COPIES = "copies"
_PLANTED = ".planted-by-the-auditor"
_FAULT = "password = " + "'planted" + "-by-the-auditor-1'\n"
"""In pieces, so that nobody's scanner finds it in this file."""

_CHECKED = re.compile(r"^\[scan\]\tINFO\tChecking file: (.+)$", re.MULTILINE)
_SKIPPED = re.compile(r'^\[scan\]\tINFO\tSkipping "(.+)" due to `detect_secrets\.', re.MULTILINE)


class _Secret(Told):
    kind: str = Field(alias="type")
    file: str = Field(alias="filename")
    line: int = Field(alias="line_number", ge=0)


class _Report(Told):
    version: str
    plugins: list[dict[str, object]] = Field(alias="plugins_used", min_length=1)
    results: dict[str, list[_Secret]]


_REPORT = TypeAdapter(_Report)


class DetectSecrets:
    """Runs without asking services on the network whether a secret is valid."""

    name: Final = "detect-secrets"
    purpose: Final[Purpose] = "secrets"
    languages: Final = ("all text files",)
    programs: Final = ("detect-secrets",)
    install: Final = "install it with: pip install detect-secrets"

    def takes(self, file: str) -> bool:  # noqa: ARG002 - a secret can be anywhere
        """Any file."""
        return True

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - the same for every repository
        """Where there is no gitleaks."""
        return programs.find(GITLEAKS.programs, None) is None

    def command(self, program: Program, request: Request) -> Invocation:
        """Scan the named files."""
        copies = str(request.scratch / _COPIES)
        copying = (str(request.root), copies, str(len(request.files)), *request.files)
        scan = (str(program.path), "-v", "scan", "--no-verify", *given(request), _PLANTED)
        return Invocation(
            own_script.started(in_copies, (*copying, *scan)),
            readable=own_script.readable(),
            planted={f"{_COPIES}/{_PLANTED}": _FAULT},
        )

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a line and kind of secret; several kinds may mean the same one."""
        require_exit(ended, (0,), "detect-secrets")
        report = validated(_REPORT, ended.stdout, "detect-secrets")
        if not report.results.pop(_PLANTED, None):
            raise UnreadableOutput("detect-secrets did not find the secret that we planted.")
        log = ended.stderr.decode("utf-8", "replace")
        ignored = left_out(request, (name for name in _CHECKED.findall(log) if name != _PLANTED))
        skipped = {asked(name, request) for name in _SKIPPED.findall(log)}
        if missed := [file for file in ignored if file not in skipped]:
            raise UnreadableOutput(f"detect-secrets did not look at {listed(missed)}.")
        findings = [_finding(one, request) for told in report.results.values() for one in told]
        files = len(request.files) - len(ignored)
        return Reading(findings, files=files, ignored=len(ignored), version=report.version)


def _finding(told: _Secret, request: Request) -> Finding:
    return Finding(
        tool="detect-secrets",
        rule=told.kind.lower().replace(" ", "-"),
        severity=SEVERITIES.get(told.kind, "high"),
        message=f"This looks like a secret: {told.kind}.",
        file=asked(told.file, request),
        line=told.line or None,
        fix=FIX,
    )


DETECT_SECRETS: Final = DetectSecrets()
