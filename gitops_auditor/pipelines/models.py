"""A pipeline as its definition states it: triggers, stages in order, jobs, what follows them."""

from functools import cached_property
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from gitops_auditor.formats.written import (
    Duration,
    Identifier,
    Name,
    Part,
    SeverityField,
    Text,
    Texts,
    WorkspacePath,
    Written,
)
from gitops_auditor.pipelines.conditions import ConditionError, parse_condition
from gitops_auditor.pipelines.fields import (
    ApprovalField,
    ArtifactsField,
    CacheField,
    ConcurrencyField,
    CoverageField,
    Environment,
    Identifiers,
    RetriesField,
    Secrets,
)
from gitops_auditor.pipelines.trigger_models import Trigger

JobKind = Literal["script", "mcp", "approval", "gate"]
KINDS: Final[tuple[JobKind, ...]] = ("script", "mcp", "approval", "gate")
MCP_FIELDS: Final = ("action", "arguments", "config", "linter", "severity")
"""Fields that say something to an MCP server, and nothing in a job of another kind."""

KNOWN_MAJORS: Final = ("1", "2")


def _lines(value: object) -> object:
    is_list = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "\n".join(value) if isinstance(value, list) and is_list else value


Script = Annotated[
    str, Field(min_length=1), BeforeValidator(_lines, json_schema_input_type=str | list[str])
]
"""Shell commands: one text, or a list of lines."""


def _expression(text: str) -> str:
    try:
        parse_condition(text)
    except ConditionError as error:
        raise ValueError(f"{error.message} (character {error.column} of {text!r})") from error
    return text


Expression = Annotated[Text, AfterValidator(_expression)]
"""A condition, known to be readable."""

Values = Annotated[tuple[Text, ...], Field(min_length=1)]


class Matrix(Part):
    """The same job for every combination of values.

    `exclude` drops the combinations that have all of its values; `include` adds values to the
    combinations it agrees with, or a combination of its own. With `fail_fast` the first one that
    fails, without being allowed to, ends the others.
    """

    axes: dict[Identifier, Values] = Field(default_factory=dict)
    include: tuple[dict[Identifier, Text], ...] = ()
    exclude: tuple[dict[Identifier, Text], ...] = ()
    fail_fast: bool = False


def _axes(value: object) -> object:
    if not isinstance(value, dict) or isinstance(value.get("axes"), dict):
        return value
    rules = {key: value[key] for key in ("include", "exclude", "fail_fast") if key in value}
    return {"axes": {key: item for key, item in value.items() if key not in rules}, **rules}


MatrixField = Annotated[
    Matrix,
    BeforeValidator(
        _axes,
        json_schema_input_type=dict[str, list[Written] | list[dict[str, Written]] | bool],
    ),
]


def _no_image(value: object) -> object:
    if value not in ("none", None):
        message = f"Jobs run on the machine, not in a container such as {value!r}; remove `image`."
        raise ValueError(message)
    return "none"


class Job(Part):
    """One thing to do: exactly one of `script`, `mcp`, `approval` and `gate`.

    `needs` names jobs of the same or an earlier stage that must have succeeded. `allow_failure`
    lets the run go on, and succeed, when the job fails. `timeout` is in seconds.
    """

    name: Name
    description: str = ""
    script: Script | None = None
    mcp: Name | None = None
    action: str | None = None
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    config: str | dict[str, JsonValue] | None = None
    linter: str | None = None
    severity: SeverityField | None = None
    approval: ApprovalField | None = None
    gate: Name | None = None
    needs: Texts = ()
    condition: Expression | None = None
    matrix: MatrixField | None = None
    retries: RetriesField | None = None
    allow_failure: bool = False
    timeout: Duration | None = None
    env: Environment = Field(default_factory=dict)
    secrets: Secrets = Field(default_factory=dict)
    outputs: Identifiers = ()
    artifacts: ArtifactsField | None = None
    cache: CacheField | None = None
    coverage: CoverageField | None = None
    environment: str | None = None
    working_directory: WorkspacePath | None = None
    network: Literal["full", "none"] | None = None
    idempotent: bool | None = None
    image: Annotated[Literal["none"], BeforeValidator(_no_image)] = "none"

    @cached_property
    def kind(self) -> JobKind:
        """Which of the kinds the job is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def network_access(self) -> Literal["full", "none"]:
        """As stated; else full for a script, because installing needs it, and none for a gate."""
        return self.network or ("none" if self.kind == "gate" else "full")

    @property
    def is_repeatable(self) -> bool:
        """Whether it may start again when the process that ran it died: as stated, else all but
        calls of an MCP server, which may write.
        """
        return self.kind != "mcp" if self.idempotent is None else self.idempotent

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = f"has {' and '.join(given)}" if given else "says nothing to do"
            raise ValueError(f"The job {found}; give exactly one of {', '.join(KINDS)}.")
        stray = [name for name in MCP_FIELDS if getattr(self, name) not in (None, {})]
        if stray and self.mcp is None:
            raise ValueError(f"`{stray[0]}` is for jobs with `mcp`; name the server, or remove it.")
        return self


class Stage(Part):
    """Jobs that belong together. They run one after another, or at once when `parallel`.

    A stage waits for the one before it, or for those that `needs` names: an empty list waits for
    none. A false condition skips the stage and the run goes on. `timeout` is in seconds.
    """

    name: Name
    description: str = ""
    parallel: bool = False
    condition: Expression | None = None
    needs: Texts | None = None
    allow_failure: bool = False
    timeout: Duration | None = None
    env: Environment = Field(default_factory=dict)
    jobs: Annotated[tuple[Job, ...], Field(min_length=1)]


def _version(value: str) -> str:
    if value.partition(".")[0] not in KNOWN_MAJORS:
        raise ValueError(f'Version {value!r} is not known; write version: "2.0".')
    return value


class PipelineDefinition(Part):
    """A whole definition. `rollback` jobs run after a failure, `always` jobs last in any case.

    Neither runs when the run was cancelled: a cancelled run starts nothing.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: str = ""
    version: Annotated[Text, AfterValidator(_version)] = "2.0"
    triggers: tuple[Trigger, ...] = ()
    env: Environment = Field(default_factory=dict)
    secrets: Secrets = Field(default_factory=dict)
    concurrency: ConcurrencyField | None = None
    timeout: Duration | None = None
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    rollback: tuple[Job, ...] = ()
    always: tuple[Job, ...] = ()
