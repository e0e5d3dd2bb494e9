"""The values that a definition is made of, each with the shorthand a file may use for it."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
)

from gitops_auditor.formats.written import (
    Delay,
    Duration,
    Identifier,
    LongPath,
    Name,
    Part,
    Percent,
    Text,
    Texts,
    WorkspacePath,
    inside_repository,
    several,
)
from gitops_auditor.pipelines.cache_keys import Checksum, parse_key


def _cached(value: str) -> str:
    return (
        value
        if value.startswith("~/") and inside_repository(value[2:])
        else inside_repository(value)
    )


CachePath = Annotated[LongPath, AfterValidator(_cached)]


class Coverage(Part):
    """The least share of lines that tests have to reach, in percent, and where it is reported.

    Without a report the usual places are searched.
    """

    threshold: Percent
    report: WorkspacePath | None = None


def _threshold(value: object) -> object:
    return {"threshold": value} if isinstance(value, str | int | float) else value


CoverageField = Annotated[
    Coverage, BeforeValidator(_threshold, json_schema_input_type=float | str | Coverage)
]


def _key(value: str) -> str:
    for part in parse_key(value):
        if isinstance(part, Checksum):
            inside_repository(part.path)
    return value


class Cache(Part):
    """Folders kept between runs under a key; the key may hold `{{ checksum "FILE" }}`.

    Without a key there is one cache for each job.
    """

    key: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_key)] | None = None
    paths: Annotated[
        tuple[CachePath, ...],
        Field(min_length=1),
        BeforeValidator(several, json_schema_input_type=str | list[str]),
    ]


def _paths(value: object) -> object:
    return {"paths": value} if isinstance(value, str | list | tuple) else value


CacheField = Annotated[
    Cache, BeforeValidator(_paths, json_schema_input_type=str | list[str] | Cache)
]


class Artifacts(Part):
    """Files kept after the job: globs, the outcome that keeps them, and for how long (seconds)."""

    name: Name | None = None
    paths: Annotated[
        tuple[WorkspacePath, ...],
        Field(min_length=1),
        BeforeValidator(several, json_schema_input_type=str | list[str]),
    ]
    when: Literal["success", "failure", "always"] = "success"
    expire_in: Duration | None = None


ArtifactsField = Annotated[
    Artifacts, BeforeValidator(_paths, json_schema_input_type=str | list[str] | Artifacts)
]

FailureKind = Literal["failed", "errored", "timeout", "lost"]
"""The work said no, the machinery broke, time ran out, the process that ran it died."""
RetriedKind = Literal["failed", "errored", "timeout"]


class Retries(Part):
    """How often a job is tried again, after which failures, and how long to wait (seconds).

    What was lost with its process is tried again because it is idempotent, not because of this.
    """

    limit: int = Field(ge=0, le=10)
    delay: Delay = 1
    backoff: Literal["constant", "exponential"] = "exponential"
    max_delay: Delay = 300
    on: Annotated[
        tuple[RetriedKind, ...],
        BeforeValidator(several, json_schema_input_type=RetriedKind | list[RetriedKind]),
    ] = ("failed", "errored", "timeout")

    def wait_before(self, retry: int) -> int:
        """Seconds to wait before the n-th retry, counted from 1."""
        factor = 2 ** (retry - 1) if self.backoff == "exponential" else 1
        return min(self.delay * factor, self.max_delay)


_Count = Annotated[int, Field(ge=0, le=10)]


def _limit(value: object) -> object:
    is_count = isinstance(value, int | str) and not isinstance(value, bool)
    return {"limit": value} if is_count else value


RetriesField = Annotated[Retries, BeforeValidator(_limit, json_schema_input_type=_Count | Retries)]

Identifiers = Annotated[
    tuple[Identifier, ...], BeforeValidator(several, json_schema_input_type=str | list[str])
]
Environment = dict[Identifier, Text]


def _secrets(value: object) -> object:
    items = several(value) if isinstance(value, str | list | tuple) else value
    return {name: name for name in items} if isinstance(items, list | tuple) else items


Secrets = Annotated[
    dict[Identifier, Text],
    BeforeValidator(_secrets, json_schema_input_type=str | list[str] | dict[str, str]),
]
"""Environment variable to the name of a secret; a list uses the same name for both."""


class Approval(Part):
    """What a person is asked before the run goes on.

    `form` is a JSON Schema of what has to be filled in; `approvers` are names of principals or
    roles, empty for everyone who may approve.
    """

    message: str = ""
    approvers: Texts = ()
    form: dict[str, JsonValue] | None = None


def _message(value: object) -> object:
    if value is None or value is True:
        return {}
    return {"message": value} if isinstance(value, str) else value


ApprovalField = Annotated[
    Approval,
    BeforeValidator(_message, json_schema_input_type=str | Literal[True] | None | Approval),
]


class Concurrency(Part):
    """Runs of one group never overlap; a new one waits, or ends the one that is running."""

    group: str = Field(min_length=1, max_length=200)
    cancel_in_progress: bool = False


def _group(value: object) -> object:
    return {"group": value} if isinstance(value, str) else value


ConcurrencyField = Annotated[
    Concurrency, BeforeValidator(_group, json_schema_input_type=str | Concurrency)
]
