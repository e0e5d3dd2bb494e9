"""mypy, for folders that configure it: one JSON object a line, and nothing about clean files.

A file of ours with a known fault goes with the others; mypy looks at none of them when it does not
complain of that one. What keeps it from checking at all (exit code 2: a syntax error, a file that
is missing, two modules of one name) is an error.

Packages beside mypy are not those of the repository, so it looks at none. What it says of a file
that imports a package is low therefore: types that it does not know make it err. Strict options
that complain of such types are off. A repository that installs its packages can have a command as
its gate. Plugins that its configuration names are code of the repository.
"""

import configparser
import tomllib
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters import severities
from gitops_auditor.linters.rebasing import asked, given
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
from gitops_auditor.linters.tools.outputs import Told, require_exit, validated

_LARGEST: Final = 2**20
_PLANTED: Final = "gitops_auditor_planted.py"
_FAULT: Final = '# mypy: enable-error-code="name-defined"\ngitops_auditor_unknown\n'
_IMPORT: Final = "import"
_OPTIONS: Final = (
    "--output=json",
    "--cache-dir=/dev/null",
    "--no-site-packages",
    "--follow-imports=silent",
    "--no-error-summary",
    "--hide-error-context",
    "--no-pretty",
    "--allow-subclassing-any",
    "--allow-untyped-decorators",
    "--no-warn-return-any",
    "--no-warn-unused-ignores",
)


class _Message(Told):
    file: str
    line: int
    column: int
    end_line: int
    message: str
    hint: str | None
    code: str | None
    severity: Literal["error", "note"]


_MESSAGE: Final = TypeAdapter(_Message)


class Mypy:
    """Checks the types of Python."""

    name = "mypy"
    purpose: Purpose = "lint"
    languages = ("Python",)
    programs = ("mypy",)
    install = "install it with: pip install mypy"

    def takes(self, file: str) -> bool:
        """Modules and stubs."""
        return file.endswith((".py", ".pyi"))

    def is_wanted(self, request: Request) -> bool:
        """Whether the root has a configuration of mypy."""
        if (request.root / "mypy.ini").is_file() or (request.root / ".mypy.ini").is_file():
            return True
        return _in_setup(request.root / "setup.cfg") or _in_project(request.root / "pyproject.toml")

    def command(self, program: Program, request: Request) -> Invocation:
        """With a file of ours, of which mypy tells after those that do not need each other."""
        config = config_for(request, "*mypy*.ini", "setup.cfg", "pyproject.toml")
        named = (f"--config-file={config}",) if config else ()
        planted = str(request.scratch / _PLANTED)
        argv = (str(program.path), *_OPTIONS, *named, "--", planted, *given(request))
        return Invocation(argv, planted={_PLANTED: _FAULT})

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when the known one is among them."""
        require_exit(ended, (0, 1), self.name)
        _require_understood(ended.stderr)
        messages = [validated(_MESSAGE, line, self.name) for line in ended.stdout.splitlines()]
        planted = str(request.scratch / _PLANTED)
        ours = [one for one in messages if one.file == planted]
        if [one.code for one in ours] != ["name-defined"] or ended.exit_code != 1:
            raise UnreadableOutput("mypy does not report a fault that it was shown.")
        theirs = [one for one in messages if one.file != planted]
        unsure = {one.file for one in theirs if (one.code or "").startswith(_IMPORT)}
        findings = [_finding(one, request, is_sure=one.file not in unsure) for one in theirs]
        return Reading(findings, len(request.files))


def _require_understood(stderr: bytes) -> None:
    """Warnings stand there, and what is wrong with the configuration, which mypy then ignores."""
    for line in stderr.decode(errors="replace").splitlines():
        if line.strip() and not line.startswith("Warning: "):
            raise UnreadableOutput("mypy did not understand its configuration.")


def _finding(told: _Message, request: Request, *, is_sure: bool) -> Finding:
    rule = told.code or told.severity
    is_error = told.severity == "error"
    return Finding(
        tool="mypy",
        rule=rule,
        severity=severity_of(rule, severities.MYPY) if is_error and is_sure else "low",
        message=told.message,
        file=asked(told.file, request),
        line=told.line if told.line > 0 else None,
        column=told.column + 1 if told.column >= 0 else None,
        end_line=told.end_line if told.end_line > 0 else None,
        fix=told.hint or "",
    )


def _in_setup(file: Path) -> bool:
    read = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        read.read_string(_text(file))
    except configparser.Error:
        return False
    return read.has_section("mypy")


def _in_project(file: Path) -> bool:
    try:
        tools = tomllib.loads(_text(file)).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return isinstance(tools, dict) and "mypy" in tools


def _text(file: Path) -> str:
    """Empty for what is no file that could be read."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return ""
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


MYPY: Final = Mypy()
