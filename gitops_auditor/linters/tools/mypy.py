"""mypy, for folders that configure it: one JSON object a line, and nothing about clean files.

A file of ours with a known fault goes with the others; mypy looks at none of them when it does not
complain of that one. What keeps it from checking at all (exit code 2: a syntax error, a file that
is missing, two modules of one name) is an error.

Packages beside mypy are not those of the repository, so it looks at none. What it says of a file
that imports a package is low therefore: types that it does not know make it err. Strict options
that complain of such types are off. A repository that installs its packages can have a command as
its gate. Plugins that its configuration names are code of the repository.
"""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import TypeAdapter

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters import severities
from gitops_auditor.linters.rebasing import asked, given
from gitops_auditor.linters.severities import severity_of
from gitops_auditor.linters.tool import (
    Ended,
    Explained,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
    config_for,
)
from gitops_auditor.linters.tools import mypy_config
from gitops_auditor.linters.tools.outputs import Told, require_exit, validated

_PLANTED: Final = "gitops_auditor_planted.py"
_FAULT: Final = '# mypy: enable-error-code="name-defined"\ngitops_auditor_unknown\n'
_IMPORT: Final = "import"
_SYNTAX: Final = "syntax"
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
        return mypy_config.section(request.root) is not None

    def selected(self, request: Request) -> tuple[str, ...]:
        """Those that its configuration is about, unless the request names another one."""
        if _config(request):
            return request.files
        return mypy_config.concerned(mypy_config.section(request.root) or {}, request.files)

    def command(self, program: Program, request: Request) -> Invocation:
        """With a file of ours, of which mypy tells after those that do not need each other."""
        planted = str(request.scratch / _PLANTED)
        argv = (str(program.path), *_OPTIONS, *_config(request), "--", planted, *given(request))
        return Invocation(argv, planted={_PLANTED: _FAULT})

    def read(self, ended: Ended, request: Request) -> Reading:
        """Its findings, when the known one is among them."""
        _require_checked(ended)
        _require_understood(ended.stderr)
        messages = [validated(_MESSAGE, line, self.name) for line in ended.stdout.splitlines()]
        planted = str(request.scratch / _PLANTED)
        ours = [one for one in messages if one.file == planted]
        if [one.code for one in ours] != ["name-defined"] or ended.exit_code != 1:
            raise UnreadableOutput("mypy does not report a fault that it was shown.")
        theirs = [one for one in messages if one.file != planted]
        _require_parsed(theirs)
        unsure = {one.file for one in theirs if (one.code or "").startswith(_IMPORT)}
        findings = [_finding(one, request, is_sure=one.file not in unsure) for one in theirs]
        return Reading(findings, len(request.files))


def _config(request: Request) -> tuple[str, ...]:
    config = config_for(request, "*mypy*.ini", "setup.cfg", "pyproject.toml")
    return (f"--config-file={config}",) if config else ()


def _require_checked(ended: Ended) -> None:
    """With exit code 2 it tells of one file, and checks none."""
    if ended.exit_code not in (0, 1):
        for line in ended.stdout.splitlines()[:1]:
            told = validated(_MESSAGE, line, "mypy")
            raise Explained(
                f"mypy checks nothing, because of {told.file}: {told.message}. Its configuration"
                " can name with `files` what it is for."
            )
    require_exit(ended, (0, 1), "mypy")


def _require_parsed(messages: Sequence[_Message]) -> None:
    """Where it cannot parse one file, what it says of others that import it is not true either."""
    for one in messages:
        if one.code == _SYNTAX:
            raise Explained(
                f"mypy could not parse {one.file}:{one.line}: {one.message}. Where that is for a"
                " newer Python than mypy runs with, install mypy with that one."
            )


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


MYPY: Final = Mypy()
