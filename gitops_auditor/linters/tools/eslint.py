"""The repository's own ESLint: its rules and plugins are code of the repository.

Its JSON lists every file that it was given, clean ones too. A file that it ignores is listed with
exit code 0, and a message that only its text tells from a warning.
"""

import re
from pathlib import Path
from typing import Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.linters.rebasing import asked, given
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
from gitops_auditor.linters.tools import javascript
from gitops_auditor.linters.tools.outputs import (
    Told,
    require_agreement,
    require_all,
    require_exit,
    validated,
)

SEVERITIES: Final[dict[str, Severity]] = {
    "parse": "high",
    "no-eval": "high",
    "no-implied-eval": "high",
    "no-new-func": "high",
    "no-script-url": "high",
    "no-undef": "high",
    "no-debugger": "high",
    "no-dupe-keys": "high",
    "no-unreachable": "high",
    "no-const-assign": "high",
}
"""The repository itself says what is an error (medium) and what a warning (low)."""

_IGNORED = "File ignored "
_NO_PACKAGE: Final = re.compile(r"Cannot find (?:package|module) '([^']+)'")


class _Message(Told):
    rule: str | None = Field(alias="ruleId")
    severity: Literal[1, 2]
    message: str
    fatal: bool = False
    line: int | None = None
    column: int | None = None
    end_line: int | None = Field(None, alias="endLine")
    fix: dict[str, object] | None = None


class _File(Told):
    path: str = Field(alias="filePath")
    messages: list[_Message]
    errors: int = Field(alias="errorCount")
    warnings: int = Field(alias="warningCount")

    @property
    def is_ignored(self) -> bool:
        """Whether ESLint was kept from it by the configuration."""
        return any(not one.rule and one.message.startswith(_IGNORED) for one in self.messages)


_FILES = TypeAdapter(list[_File], config=ConfigDict(defer_build=True))


class ESLint:
    """Runs only for repositories that have a configuration of it."""

    name: Final = "eslint"
    purpose: Final[Purpose] = "lint"
    languages: Final = ("JavaScript", "TypeScript")
    programs: Final = ("eslint",)
    install: Final = "run `npm ci` in the folder before, or npm install --global eslint"

    def takes(self, file: str) -> bool:
        """Scripts of JavaScript and TypeScript."""
        return "." + file.rpartition(".")[2] in javascript.SCRIPTS

    def is_wanted(self, request: Request) -> bool:
        """Whether the repository configures it."""
        return javascript.uses_eslint(request.root)

    def folders(self, request: Request) -> tuple[Path, ...]:
        """The repository's own version goes with its configuration and plugins."""
        return javascript.own_programs(request.root)

    def command(self, program: Program, request: Request) -> Invocation:
        """Lint without writing."""
        argv = (str(program.path), "--format=json", "--no-color", *_config(request))
        return Invocation((*argv, *given(request)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a message; that a file could not be parsed is one too."""
        _require_packages(ended)
        require_exit(ended, (0, 1), "eslint")
        files = validated(_FILES, ended.stdout, "eslint")
        require_all(request, (one.path for one in files), "eslint")
        for one in files:
            _require_whole(one)
        told = [one for one in files if not one.is_ignored]
        require_agreement(ended, "eslint", found=any(one.errors for one in told))
        findings = [_finding(one, each, request) for one in told for each in one.messages]
        return Reading(findings, files=len(told), ignored=len(files) - len(told))

    def fix(self, program: Program, request: Request) -> Invocation:
        """Apply the fixes of the rules."""
        argv = (str(program.path), "--fix", "--format=json", *_config(request))
        return Invocation((*argv, *given(request)), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """What it cannot correct is left as it is."""
        require_exit(ended, (0, 1), "eslint")


def _config(request: Request) -> tuple[str, ...]:
    config = config_for(request, "*eslint*")
    return (f"--config={config}",) if config else ()


def _require_packages(ended: Ended) -> None:
    """A configuration needs its plugins, which a checkout without `npm ci` does not have."""
    missing = _NO_PACKAGE.search(ended.stderr.decode("utf-8", "replace"))
    if ended.exit_code and missing is not None:
        raise Explained(
            f"eslint's configuration needs {missing[1]}, which is not installed in the folder. Ask"
            " it with a gate that has `command: npm ci && npx eslint .` and `network: full`, and"
            " leave it out here with `tools`."
        )


def _require_whole(file: _File) -> None:
    if (file.errors, file.warnings) != (_of(file, 2), _of(file, 1)):
        raise UnreadableOutput(f"eslint counts other messages of {file.path} than it tells.")


def _of(file: _File, severity: int) -> int:
    return sum(1 for one in file.messages if one.severity == severity)


def _finding(file: _File, told: _Message, request: Request) -> Finding:
    rule = "parse" if told.fatal else told.rule or "eslint"
    return Finding(
        tool="eslint",
        rule=rule,
        severity=SEVERITIES.get(rule, "medium" if told.severity == 2 else "low"),
        message=told.message,
        file=asked(file.path, request),
        line=told.line or None,
        column=told.column or None,
        end_line=told.end_line or None,
        fix="npx eslint --fix" if told.fix is not None else "",
    )


ESLINT: Final = ESLint()
