"""Values as people write them in YAML files, each with the shorthand that is read for it."""

import re
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from gitops_auditor.formats.findings import Severity

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


def several(value: object) -> object:
    """A list of one thing for what is no list."""
    return value if isinstance(value, list | tuple) else (value,)


Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(several, json_schema_input_type=Written | list[Written]),
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
    if isinstance(value, bool):
        raise ValueError("A duration is in seconds, or text such as 1h30m; true or false is none.")  # noqa: TRY004 - pydantic reads ValueError
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


LongPath = Annotated[Text, Field(max_length=1_000)]
WorkspacePath = Annotated[LongPath, AfterValidator(inside_repository)]
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
    if isinstance(value, bool):
        raise ValueError("A percentage is a number such as 80 or 80%; true or false is none.")  # noqa: TRY004 - pydantic reads ValueError
    if isinstance(value, str):
        digits = value.strip().removesuffix("%").strip()
        if not re.fullmatch(r"\d{1,3}(?:\.\d{1,6})?", digits, re.ASCII):
            raise ValueError(f"{value!r} is not a percentage; write 80 or 80%.")
        return float(digits)
    return value


_AS_PERCENT = BeforeValidator(_percent, json_schema_input_type=float | str)
Percent = Annotated[float, Field(ge=0, le=100), _AS_PERCENT]
"""A share from 0 to 100; a file may write `80` or `80%`."""
Tolerance = Annotated[float, Field(ge=0, le=999), _AS_PERCENT]
"""A difference in percent, which may be more than the whole."""
