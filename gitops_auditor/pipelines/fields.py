"""The values that a definition is made of, each with the shorthand a file may use for it."""

import re
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from gitops_auditor.pipelines.cache_keys import Checksum, parse_key

Written = str | int | float | bool
"""A scalar that YAML may have read as something other than text."""


class Part(BaseModel, defer_build=True):
    """A piece of a definition. Immutable; a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=Written)]
"""Text that may be written as a number or a boolean."""


def _several(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_several, json_schema_input_type=Written | list[Written]),
]
"""One text, or a list of them."""

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^/\x00-\x1f\x7f]+$"
    ),
]
"""What a stage or a job is called: one line without `/`, which separates stage from job."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
"""A name that can be an environment variable."""

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,8})s?)?", re.ASCII)
MAX_SECONDS: Final = 30 * 86_400


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"{value!r} is not a duration; write seconds, or text such as 1h30m.")
    parts = zip(found.groups(), _UNITS.values(), strict=True)
    return sum(int(count) * unit for count, unit in parts if count)


_AS_SECONDS = BeforeValidator(_seconds, json_schema_input_type=int | str)
Duration = Annotated[int, Field(ge=1, le=MAX_SECONDS), _AS_SECONDS]
"""Seconds; a file may write `90`, `90s`, `10m` or `1h30m`."""
Delay = Annotated[int, Field(ge=0, le=86_400), _AS_SECONDS]
"""Seconds as in `Duration`, and zero."""


def inside_repository(value: str) -> str:
    """A path that cannot leave the folder it is relative to. Raises ValueError for others."""
    if value.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", value):
        raise ValueError(f"{value!r} is absolute; write it relative to the repository.")
    if ".." in re.split(r"[/\\]", value):
        raise ValueError(f"{value!r} leaves the repository; write a path inside it.")
    if not value.strip() or "\0" in value:
        raise ValueError("A path is empty; write one relative to the repository.")
    return value


def _cached(value: str) -> str:
    return (
        value
        if value.startswith("~/") and inside_repository(value[2:])
        else inside_repository(value)
    )


_Path = Annotated[Text, Field(max_length=1_000)]
WorkspacePath = Annotated[_Path, AfterValidator(inside_repository)]
CachePath = Annotated[_Path, AfterValidator(_cached)]

Severity = Literal["critical", "high", "medium", "low"]
_SEVERITIES: Final = {"error": "high", "warning": "medium", "moderate": "medium", "info": "low"}


def _severity(value: object) -> object:
    lower = value.strip().lower() if isinstance(value, str) else value
    return _SEVERITIES.get(lower, lower) if isinstance(lower, str) else lower


SeverityField = Annotated[
    Severity,
    BeforeValidator(
        _severity,
        json_schema_input_type=Severity | Literal["error", "warning", "moderate", "info"],
    ),
]


def _percent(value: object) -> object:
    if isinstance(value, str):
        digits = value.strip().removesuffix("%").strip()
        if not re.fullmatch(r"\d{1,3}(?:\.\d{1,6})?", digits, re.ASCII):
            raise ValueError(f"{value!r} is not a percentage; write 80 or 80%.")
        return float(digits)
    return value


class Coverage(Part):
    """The least share of lines that tests have to reach, in percent, and where it is reported.

    Without a report the usual places are searched.
    """

    threshold: Annotated[
        float,
        Field(ge=0, le=100),
        BeforeValidator(_percent, json_schema_input_type=float | str),
    ]
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
        BeforeValidator(_several, json_schema_input_type=str | list[str]),
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
        BeforeValidator(_several, json_schema_input_type=str | list[str]),
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
        BeforeValidator(_several, json_schema_input_type=RetriedKind | list[RetriedKind]),
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
    tuple[Identifier, ...], BeforeValidator(_several, json_schema_input_type=str | list[str])
]
Environment = dict[Identifier, Text]


def _secrets(value: object) -> object:
    items = _several(value) if isinstance(value, str | list | tuple) else value
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
