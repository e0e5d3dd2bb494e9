"""What ruff prints as JSON, for its linter and its formatter alike."""

from typing import Final

from pydantic import TypeAdapter

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.rebasing import asked
from gitops_auditor.linters.severities import RUFF, severity_of
from gitops_auditor.linters.tool import Explained, Request, config_for
from gitops_auditor.linters.tools.outputs import Told

INSTALL: Final = "install it with: pip install ruff"
FOUND: Final = {0: False, 1: True}
"""Whether there are findings, by exit code."""


class Place(Told):
    """A line and a column, from 1."""

    row: int
    column: int


class Fix(Told):
    """How ruff corrects it itself."""

    message: str | None


class Diagnostic(Told):
    """One thing that ruff found; a syntax error had no code in earlier versions."""

    code: str | None
    filename: str
    message: str
    location: Place | None
    end_location: Place | None
    fix: Fix | None

    @property
    def rule(self) -> str:
        """Its name."""
        return self.code or "invalid-syntax"


DIAGNOSTICS: Final = TypeAdapter(list[Diagnostic])


def takes(file: str) -> bool:
    """Python's modules and stubs."""
    return file.endswith((".py", ".pyi", ".pyw"))


def config(request: Request) -> tuple[str, ...]:
    """The option for the configuration, when there is one for ruff."""
    named = config_for(request, "pyproject.toml", "*ruff*.toml")
    return (f"--config={named}",) if named else ()


def unread(tool: str, told: Diagnostic, request: Request) -> Explained:
    """That a file could not be read; ruff then says nothing of what is in it."""
    return Explained(
        f"{tool} could not read {asked(told.filename, request)}: {told.message}. What it is not"
        " for can be named with `extend-exclude` in ruff's configuration."
    )


def finding(tool: str, told: Diagnostic, request: Request) -> Finding:
    """As the platform has it."""
    return Finding(
        tool=tool,
        rule=told.rule,
        severity=severity_of(told.rule, RUFF),
        message=told.message,
        file=asked(told.filename, request),
        line=told.location.row if told.location else None,
        column=told.location.column if told.location else None,
        end_line=told.end_location.row if told.end_location else None,
        fix=(told.fix.message if told.fix else None) or "",
    )
