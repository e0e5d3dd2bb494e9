"""Bandit: what is dangerous in Python.

A file that it cannot parse, or that does not exist, is a line among its `errors` with exit code 0.
`metrics` names each file that it read.
"""

import re
from pathlib import PurePosixPath
from typing import Final, Literal

from pydantic import Field, TypeAdapter

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
from gitops_auditor.linters.tools.outputs import (
    Told,
    require_agreement,
    require_all,
    require_exit,
    validated,
)

SEVERITIES: Final[dict[str, Severity]] = {
    "B105": "medium",
    "B106": "medium",
    "B107": "medium",
    "B110": "low",
    "B112": "low",
    "B307": "high",
    "B324": "medium",
    "B506": "high",
    "B608": "high",
}
"""Where we think otherwise than Bandit does: a weak hash is often none that guards anything."""

NAMES: Final[frozenset[str]] = frozenset({"B105", "B106", "B107"})
"""Guesses by the name of what a text is given to, such as `secret_key = None`."""

OF_TESTS: Final[frozenset[str]] = NAMES | {"B104", "B108", "B113", "B201"}
"""Low in code of tests, which nobody reaches from outside; asserts are what tests are made of."""

_ASSERT = "B101"
_NO_SECRET: Final = re.compile(r"Possible hardcoded password: '(?:None|null|true|false)?'")

FIXES: Final[dict[str, str]] = {
    "B101": "Raise an exception; asserts are gone under `python -O`.",
    "B105": "Read it from the environment or a secret store.",
    "B106": "Read it from the environment or a secret store.",
    "B107": "Read it from the environment or a secret store.",
    "B301": "Read a format without code in it, such as JSON.",
    "B307": "Use ast.literal_eval for values.",
    "B311": "Use the module `secrets` where it must not be guessed.",
    "B324": "Use hashlib.sha256, or say usedforsecurity=False.",
    "B501": "Leave verify=True, and name the authority's certificate.",
    "B506": "Use yaml.safe_load.",
    "B602": "Pass a list of arguments, without shell=True.",
    "B605": "Use subprocess.run with a list of arguments.",
    "B608": "Pass values as parameters of the query.",
}

_TOTALS = "_totals"


class _Issue(Told):
    file: str = Field(alias="filename")
    rule: str = Field(alias="test_id")
    name: str = Field(alias="test_name")
    text: str = Field(alias="issue_text")
    severity: Literal["LOW", "MEDIUM", "HIGH", "UNDEFINED"] = Field(alias="issue_severity")
    line: int = Field(alias="line_number", ge=0)
    lines: list[int] = Field(alias="line_range")
    column: int = Field(alias="col_offset", ge=-1)


class _Failure(Told):
    file: str = Field(alias="filename")
    reason: str


class _Report(Told):
    errors: list[_Failure]
    metrics: dict[str, dict[str, int]]
    results: list[_Issue]


_REPORT = TypeAdapter(_Report)


class Bandit:
    """Takes a configuration only when it is asked to: its own look-up begins in other folders."""

    name: Final = "bandit"
    purpose: Final[Purpose] = "static"
    languages: Final = ("Python",)
    programs: Final = ("bandit",)
    install: Final = "install it with: pip install bandit"

    def takes(self, file: str) -> bool:
        """Python files."""
        return file.endswith((".py", ".pyi"))

    def is_wanted(self, request: Request) -> bool:  # noqa: ARG002 - needs no configuration
        """Always."""
        return True

    def command(self, program: Program, request: Request) -> Invocation:
        """Look at the given files, whatever folder they are in."""
        named = config_for(request, "pyproject.toml", "*bandit*")
        config = (f"--configfile={named}",) if named else ()
        argv = (str(program.path), "--quiet", "--format=json", "--exclude=", *config)
        return Invocation((*argv, *given(request)))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding an issue."""
        require_exit(ended, (0, 1), "bandit")
        report = validated(_REPORT, ended.stdout, "bandit")
        if report.errors:
            first = report.errors[0]
            raise Explained(
                f"bandit could not read {first.file}: {first.reason}. Where it is for a newer"
                " Python than bandit runs with, install bandit with that one."
            )
        looked = (name for name in report.metrics if name != _TOTALS)
        files = require_all(request, looked, "bandit")
        require_agreement(ended, "bandit", found=bool(report.results))
        _require_count(report)
        told = [(one, asked(one.file, request)) for one in report.results]
        found = [_finding(*one) for one in told if not (one[0].rule == _ASSERT and is_test(one[1]))]
        return Reading(found, files=files)


def _require_count(report: _Report) -> None:
    totals = report.metrics.get(_TOTALS, {})
    counted = sum(count for key, count in totals.items() if key.startswith("SEVERITY."))
    if counted != len(report.results):
        raise UnreadableOutput(f"bandit counts {counted} and tells {len(report.results)}.")


def is_test(file: str) -> bool:
    """Whether a file is code of tests, by the names that test runners look for."""
    path = PurePosixPath(file)
    is_named = path.stem == "conftest" or path.stem.startswith("test_")
    return is_named or path.stem.endswith("_test") or bool({"test", "tests"} & set(path.parts[:-1]))


def _severity(told: _Issue, file: str) -> Severity:
    if told.rule in OF_TESTS and is_test(file):
        return "low"
    if told.rule in NAMES and _NO_SECRET.fullmatch(told.text):
        return "low"
    levels: dict[str, Severity] = {"HIGH": "high", "MEDIUM": "medium"}
    return SEVERITIES.get(told.rule) or levels.get(told.severity, "low")


def _finding(told: _Issue, file: str) -> Finding:
    return Finding(
        tool="bandit",
        rule=told.rule,
        severity=_severity(told, file),
        message=f"{told.text} ({told.name})",
        file=file,
        line=told.line or None,
        column=told.column + 1 or None,
        end_line=max(told.lines, default=0) or None,
        fix=FIXES.get(told.rule, f"Where it is safe: `# nosec {told.rule}` with the reason."),
    )


BANDIT: Final = Bandit()
