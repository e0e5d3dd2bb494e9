"""ruff format: its JSON names what is not formatted, its log which files it looked at.

A file that it cannot parse is an error (exit code 2); the linter says what is wrong with it.
"""

from typing import Final

from gitops_auditor.linters.rebasing import given
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
)
from gitops_auditor.linters.tools import ruff_output
from gitops_auditor.linters.tools.outputs import (
    require_agreement,
    require_all,
    require_exit,
    validated,
)
from gitops_auditor.linters.tools.ruff_log import FORMATTED, logged

_UNFORMATTED: Final = "unformatted"


class RuffFormat:
    """Says which Python files are not formatted."""

    name = "ruff-format"
    purpose: Purpose = "format"
    languages = ("Python",)
    programs = ("ruff",)
    install = ruff_output.INSTALL
    reads_all: Final = True

    def takes(self, file: str) -> bool:
        """Python's modules and stubs."""
        return ruff_output.takes(file)

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - it has a style of its own
        """Always."""
        return True

    def may_leave_out(self, request: Request) -> bool:  # noqa: ARG002 - so without one, too
        """Always: it leaves out some folders by itself."""
        return True

    def survey(self, program: Program, request: Request) -> Invocation:
        """Let its configuration exclude files, and log what is left."""
        return self._check(program, request, "--force-exclude")

    def surveyed(self, ended: Ended, request: Request) -> tuple[str, ...]:
        """What it logs; that a file cannot be parsed is for `read` to say."""
        require_exit(ended, (0, 1, 2), self.name)
        validated(ruff_output.DIAGNOSTICS, ended.stdout, self.name)
        return logged(ended, request, FORMATTED)

    def command(self, program: Program, request: Request) -> Invocation:
        """Look at the files that are named, unless excluded, and write none."""
        return self._check(program, request, "--force-exclude")

    def read(self, ended: Ended, request: Request) -> Reading:
        """A finding for each file that is not formatted, at the first place that differs."""
        found = validated(ruff_output.DIAGNOSTICS, ended.stdout, self.name)
        for each in found:
            if each.rule != _UNFORMATTED:
                raise ruff_output.unread(self.name, each, request)
        require_exit(ended, (0, 1), self.name)
        require_agreement(ended, self.name, found=bool(found))
        files = require_all(request, logged(ended, request, FORMATTED), self.name)
        findings = [ruff_output.finding(self.name, one, request) for one in found]
        fix = {"message": "It is not formatted.", "fix": "Run: ruff format"}
        return Reading([one.model_copy(update=fix) for one in findings], files)

    def fix(self, program: Program, request: Request) -> Invocation:
        """Format in place."""
        options = ("format", "--no-cache", "--force-exclude", *ruff_output.config(request))
        return Invocation((str(program.path), *options, "--", *given(request)), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """It fails for files that it cannot parse."""
        require_exit(ended, (0,), self.name)

    def _check(self, program: Program, request: Request, *options: str) -> Invocation:
        fixed = ("format", "--check", "--no-cache", "--output-format=json", "--verbose")
        argv = (*fixed, *options, *ruff_output.config(request), "--", *given(request))
        return Invocation((str(program.path), *argv))


RUFF_FORMAT: Final = RuffFormat()
