"""A gate as its definition states it: one question about a commit, and what its answer means."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    model_validator,
)

from gitops_auditor.formats.findings import Severity
from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import MAX_TEXT, glob
from gitops_auditor.formats.written import (
    Duration,
    Name,
    Part,
    Percent,
    SeverityField,
    Text,
    Texts,
    Tolerance,
    WorkspacePath,
    several,
)
from gitops_auditor.quality.expressions import Condition, parse_check
from gitops_auditor.quality.gate_rules import (
    GateKind,
    Stated,
    broken_rule,
    stated_kind,
    unfit_value,
    with_one_spelling,
)

GateType = Literal["pre_commit", "pre_merge", "pre_deploy", "post_phase"]
GATE_TYPES: Final[tuple[GateType, ...]] = ("pre_commit", "pre_merge", "pre_deploy", "post_phase")

ScanPart = Literal["static", "secrets", "dependencies"]
DEFAULT_THRESHOLD: Final[Severity] = "medium"


def _understood_check(text: str) -> str:
    parse_check(text)
    return text


def _understood_glob(text: str) -> str:
    try:
        glob(text)
    except PatternError as error:
        message = f"`files` has {text!r}, which is no pattern: {error.message}"
        raise ValueError(message) from error
    return text


def _exact(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    unfit = unfit_value(value)
    if unfit is not None:
        raise ValueError(f"`arguments` has {unfit}, which JSON cannot hold exactly.")
    return value


def _report_form(value: object) -> str:
    return "path" if isinstance(value, str) else "mapping"


Flag = Annotated[bool, Field(strict=True)]
Line = Annotated[Text, Field(max_length=2_000)]
Expression = Annotated[Text, Field(min_length=1, max_length=1_000)]
FilePattern = Annotated[WorkspacePath, AfterValidator(_understood_glob)]
FilePatterns = Annotated[
    tuple[FilePattern, ...],
    Field(max_length=100),
    BeforeValidator(several, json_schema_input_type=FilePattern | list[FilePattern]),
]
ScanParts = Annotated[
    tuple[ScanPart, ...],
    BeforeValidator(several, json_schema_input_type=ScanPart | list[ScanPart]),
]


class CommandReport(Part):
    """A report that a command writes: its findings count, whatever the exit code says."""

    format: Literal["sarif", "junit"]
    path: WorkspacePath


Report = Annotated[
    Annotated[CommandReport, Tag("mapping")] | Annotated[WorkspacePath, Tag("path")],
    Discriminator(_report_form),
]


class Gate(Part):
    """One gate. What it is about shows in the one of its fields that its kind is named after.

    `required` left out means what QUALITY_GATE_ENFORCEMENT says: required under strict.
    `fail_threshold` (also written `severity` or `level`) is the least severity that fails the gate.
    `files` are patterns of the files that it is about, empty for all: `*` and `?` stay within a
    folder, `**` goes through any. `timeout` is in seconds. `fix` tells people what to do. The
    `command` of a gate about coverage or a benchmark writes what is measured. `new_issues_only`
    left out means what the `baseline` of its file says, else all issues. A value that is the
    default counts as not written; one that means nothing for the kind is refused.
    """

    name: Name
    description: Line = ""
    required: Flag | None = None
    timeout: Duration | None = None
    files: FilePatterns = ()
    fix: Line = ""

    mcp: Name | None = None
    action: Name | None = None
    arguments: Annotated[dict[str, JsonValue], AfterValidator(_exact)] = Field(default_factory=dict)
    config: WorkspacePath | None = None
    tools: Texts = ()
    fail_threshold: SeverityField | None = None
    new_issues_only: Flag | None = None

    scan: ScanParts = ()
    required_tools: Texts = ()

    command: Expression | None = None
    report: Report | None = None
    network: Literal["full", "none"] = "none"

    minimum: Percent | None = None
    new_code_minimum: Percent | None = None

    check: Annotated[Expression, AfterValidator(_understood_check)] | None = None

    baseline: Name | None = None
    tolerance: Tolerance | None = None
    metrics: WorkspacePath | None = None

    pipeline: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_once(cls, value: object) -> object:
        return with_one_spelling(value) if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _says_what_it_asks(self) -> Self:
        problem = broken_rule(self._stated())
        if problem is not None:
            raise problem
        return self

    def _stated(self) -> Stated:
        """The fields that say something, those whose value is not the default."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if getattr(self, name) != field.get_default(call_default_factory=True)
        }

    @cached_property
    def kind(self) -> GateKind:
        """What the gate asks. One that says nothing is a pipeline of its own name."""
        return stated_kind(self._stated())

    @property
    def threshold(self) -> Severity:
        """The least severity that fails the gate."""
        return self.fail_threshold or DEFAULT_THRESHOLD

    @property
    def pipeline_name(self) -> str:
        """The pipeline that a gate of this kind runs: the one named, else that of its own name."""
        return self.pipeline or self.name

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What its `check` states, empty for gates of other kinds."""
        return parse_check(self.check) if self.check else ()

    def concerns(self, file: str) -> bool:
        """Whether it is about a file of this path, relative to the root and with slashes."""
        if not self.files:
            return True
        if len(file) > MAX_TEXT:
            return True  # one file too many is better than one that nobody looks at
        return any(glob(pattern).search(file) for pattern in self.files)

    def canonical(self) -> dict[str, JsonValue]:
        """The definition in one spelling, without defaults and sorted; it reads back as itself."""
        stated = self.model_dump(mode="json", exclude_defaults=True)
        return dict(sorted(stated.items()))

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of the canonical form as canonical JSON (RFC 8785)."""
        import rfc8785  # noqa: PLC0415 - most commands compare no definitions

        return hashlib.sha256(rfc8785.dumps(self.canonical())).hexdigest()
