"""ruff check: its JSON says what it found, its log which files it looked at.

Exit codes say little: 1 is a finding, a syntax error, and a file that is missing (a finding E902).
Files that its configuration excludes are left out as the repository wants it.
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
from gitops_auditor.linters.tools.ruff_log import CHECKED, logged

_NOT_READ: Final = "E902"


class Ruff:
    """Lints Python."""

    name = "ruff"
    purpose: Purpose = "lint"
    languages = ("Python",)
    programs = ("ruff",)
    install = ruff_output.INSTALL
    reads_all: Final = True

    def takes(self, file: str) -> bool:
        """Python's modules and stubs."""
        return ruff_output.takes(file)

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - it has rules of its own
        """Always."""
        return True

    def may_leave_out(self, request: Request) -> bool:  # noqa: ARG002 - so without one, too
        """Always: it leaves out some folders by itself."""
        return True

    def survey(self, program: Program, request: Request) -> Invocation:
        """Let its configuration exclude files, and log what is left."""
        return self._check(program, request, "--force-exclude", "--exit-zero")

    def surveyed(self, ended: Ended, request: Request) -> tuple[str, ...]:
        """What it logs."""
        require_exit(ended, (0,), self.name)
        validated(ruff_output.DIAGNOSTICS, ended.stdout, self.name)
        return logged(ended, request, CHECKED)

    def command(self, program: Program, request: Request) -> Invocation:
        """Look at the files that are named, unless its configuration excludes them."""
        return self._check(program, request, "--force-exclude")

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when it logs all files and they agree with the exit code."""
        require_exit(ended, (0, 1), self.name)
        found = validated(ruff_output.DIAGNOSTICS, ended.stdout, self.name)
        require_agreement(ended, self.name, found=bool(found))
        for each in found:
            if each.rule == _NOT_READ:
                raise ruff_output.unread(self.name, each, request)
        files = require_all(request, logged(ended, request, CHECKED), self.name)
        return Reading([ruff_output.finding(self.name, one, request) for one in found], files)

    def fix(self, program: Program, request: Request) -> Invocation:
        """Its safe corrections only."""
        options = ("check", "--fix-only", "--no-cache", "--force-exclude")
        argv = (*options, *ruff_output.config(request), "--", *given(request))
        return Invocation((str(program.path), *argv), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """With `--fix-only` it fails only when it could not do its work."""
        require_exit(ended, (0,), self.name)

    def _check(self, program: Program, request: Request, *options: str) -> Invocation:
        fixed = ("check", "--no-fix", "--no-cache", "--output-format=json", "--verbose")
        argv = (*fixed, *options, *ruff_output.config(request), "--", *given(request))
        return Invocation((str(program.path), *argv))


RUFF: Final = Ruff()
