"""ruff check: its JSON says what it found, its log which files it looked at.

Exit codes say little: 1 is a finding, a syntax error, and a file that is missing (a finding E902).
Files that its configuration excludes are left out as the repository wants it.
"""

from pathlib import Path, PurePosixPath
from typing import Any, Final

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.rebasing import all_asked, asked, given
from gitops_auditor.linters.severities import RUFF as SEVERITIES
from gitops_auditor.linters.severities import severity_of
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
from gitops_auditor.linters.tools.json_output import list_in
from gitops_auditor.linters.tools.ruff_log import CHECKED, logged

_ENDINGS: Final = frozenset({".py", ".pyi", ".pyw"})
_NOT_READ: Final = "E902"
_FOUND: Final = {0: False, 1: True}


class Ruff:
    """Lints Python."""

    name: Final = "ruff"
    purpose: Final[Purpose] = "lint"
    languages: Final = ("Python",)
    programs: Final = ("ruff",)
    install: Final = "install it with: pip install ruff"

    def takes(self, file: str) -> bool:
        """Python's modules and stubs."""
        return PurePosixPath(file).suffix in _ENDINGS

    def is_wanted(self, root: Path) -> bool:  # noqa: ARG002 - it has rules of its own
        """Always."""
        return True

    def survey(self, program: Program, request: Request) -> Invocation:
        """Let its configuration exclude files, and log what is left."""
        return self._check(program, request, "--force-exclude", "--exit-zero")

    def surveyed(self, ended: Ended, request: Request) -> tuple[str, ...]:
        """What it logs."""
        list_in(ended.stdout)
        if ended.exit_code != 0:
            raise UnreadableOutput("ruff failed.")
        return logged(ended, request, CHECKED)

    def command(self, program: Program, request: Request) -> Invocation:
        """Look at all files that are named."""
        return self._check(program, request, "--no-force-exclude")

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when it logs all files and they agree with the exit code."""
        findings = [_finding(item, request) for item in list_in(ended.stdout)]
        if _FOUND.get(ended.exit_code) is not bool(findings):
            raise UnreadableOutput("ruff failed.")
        return Reading(findings, files=all_asked(logged(ended, request, CHECKED), request))

    def fix(self, program: Program, request: Request) -> Invocation:
        """Its safe corrections only."""
        options = ("check", "--fix-only", "--no-cache", "--force-exclude", *_config(request))
        argv = (str(program.path), *options, "--", *given(request))
        return Invocation(argv, writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """With `--fix-only` it fails only when it could not do its work."""
        if ended.exit_code != 0:
            raise UnreadableOutput(ended.stderr.decode(errors="replace").strip()[-300:])

    def _check(self, program: Program, request: Request, *options: str) -> Invocation:
        fixed = ("check", "--no-fix", "--no-cache", "--output-format=json", "--verbose")
        return Invocation(
            (str(program.path), *fixed, *options, *_config(request), "--", *given(request))
        )


def _config(request: Request) -> tuple[str, ...]:
    config = config_for(request, "pyproject.toml", "*ruff*.toml")
    return (f"--config={config}",) if config else ()


def _finding(item: dict[str, Any], request: Request) -> Finding:
    rule = item["code"] or "invalid-syntax"
    if rule == _NOT_READ:
        raise UnreadableOutput(f"It could not read {item['filename']}: {item['message']}.")
    fix = item["fix"] or {}
    return Finding(
        tool="ruff",
        rule=rule,
        severity=severity_of(rule, SEVERITIES),
        message=item["message"],
        file=asked(item["filename"], request),
        line=item["location"]["row"],
        column=item["location"]["column"],
        end_line=item["end_location"]["row"],
        fix=fix.get("message") or "",
    )


RUFF: Final = Ruff()
