"""A gate as its definition states it: one question about a commit, and what its answer means."""

from functools import cached_property
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, model_validator

from gitops_auditor.formats.findings import Severity
from gitops_auditor.formats.written import (
    Duration,
    Name,
    Part,
    Percent,
    SeverityField,
    Text,
    Texts,
    WorkspacePath,
)

GateType = Literal["pre_commit", "pre_merge", "pre_deploy", "post_phase"]
GATE_TYPES: Final[tuple[GateType, ...]] = ("pre_commit", "pre_merge", "pre_deploy", "post_phase")

GateKind = Literal["mcp", "scan", "command", "coverage", "check", "benchmark", "pipeline"]
ScanPart = Literal["static", "secrets", "dependencies"]
SCANNER: Final = "security-scanner"
DEFAULT_THRESHOLD: Final[Severity] = "medium"

Expression = Annotated[Text, Field(min_length=1, max_length=1_000)]


class CommandReport(Part):
    """A report that a command writes: its findings count, whatever the exit code says."""

    format: Literal["sarif", "junit"]
    path: WorkspacePath


class Gate(Part):
    """One gate. What it is about shows in the one of its fields that its kind is named after.

    `required` left out means what QUALITY_GATE_ENFORCEMENT says: required under strict.
    `fail_threshold` is the least severity that fails the gate. `files` are patterns of the files
    that it is about, empty for all. `timeout` is in seconds. `fix` tells people what to do.
    """

    name: Name
    description: str = ""
    required: bool | None = None
    timeout: Duration | None = None
    files: Texts = ()
    fix: str = ""

    mcp: Name | None = None
    action: Name | None = None
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    config: WorkspacePath | None = None
    tools: Texts = ()
    fail_threshold: SeverityField | None = None
    new_issues_only: bool = False

    scan: tuple[ScanPart, ...] = ()
    required_tools: Texts = ()

    command: Expression | None = None
    report: CommandReport | WorkspacePath | None = None
    network: Literal["full", "none"] = "none"

    minimum: Percent | None = None
    new_code_minimum: Percent | None = None

    check: Expression | None = None

    baseline: Name | None = None
    tolerance: Annotated[float, Field(ge=0, le=1_000)] | None = None
    metrics: WorkspacePath | None = None

    pipeline: Name | None = None

    @model_validator(mode="after")
    def _says_what_it_asks(self) -> Self:
        """Refuse fields that mean nothing for the kind."""
        return self

    @cached_property
    def kind(self) -> GateKind:
        """What the gate asks. One that says nothing is a pipeline of its own name."""
        if self.scan or self.mcp == SCANNER:
            return "scan"
        if self.mcp is not None:
            return "mcp"
        if self.minimum is not None or self.new_code_minimum is not None:
            return "coverage"
        if self.check is not None:
            return "check"
        if self.baseline is not None:
            return "benchmark"
        return "command" if self.command is not None else "pipeline"

    @property
    def threshold(self) -> Severity:
        """The least severity that fails the gate."""
        return self.fail_threshold or DEFAULT_THRESHOLD
