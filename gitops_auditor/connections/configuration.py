"""What an operator says of one MCP server: how it is reached, and what pipelines' words mean to it.

A server is a program that speaks over its standard streams (`command`) or an address (`url`).
"""

import re
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
    model_validator,
)

from gitops_auditor.connections.templates import placeholder_problem

_REFERENCE = re.compile(
    r"(?:env:[A-Za-z_]\w*|file:[^/\s]+|store:[^\s:/]+|command:[^\s].*)", re.ASCII
)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OF_COMMAND: Final = ("env", "inherit", "cwd")
_OF_URL: Final = ("token", "ca", "headers", "allow_http")

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Pointer = Annotated[str, StringConstraints(pattern=r"^(?:/(?:[^~/]|~[01])*)+$")]
ServerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Value = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^[^\x00\r\n]*$")]
"""Text, or a reference to a secret such as `env:TOKEN`; it may be written as a number."""


def is_reference(value: str) -> bool:
    """Whether the value names a secret: `env:`, `file:`, `command:` or `store:` and a name."""
    return _REFERENCE.fullmatch(value) is not None


def _reference(value: str) -> str:
    if not is_reference(value):
        raise ValueError(
            "A token does not belong into this file; name where it is kept with env:, file:,"
            " command: or store: and a name."
        )
    return value


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as wrong:
        raise ValueError(f"`failure_pattern` is no regular expression: {wrong}.") from None
    return value


class Part(BaseModel, defer_build=True):
    """A piece of the file. Immutable; a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Action(Part):
    """What a word of pipelines means: a tool, and its arguments with placeholders.

    `files` are patterns of the files that `{{ files }}` stands for. An error of the tool is a
    failure, and so is a text in which the regular expression `failure_pattern` is found, for tools
    that report findings as a success. `passed` is a JSON pointer (RFC 6901) to a boolean in the
    structured result that decides.
    """

    tool: Annotated[str, Field(min_length=1, max_length=200)]
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    files: tuple[str, ...] = ("**",)
    passed: Pointer | None = None
    failure_pattern: Annotated[str, Field(min_length=1), AfterValidator(_expression)] | None = None

    @field_validator("arguments")
    @classmethod
    def _placeholders_are_known(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if problem := placeholder_problem(value):
            raise ValueError(problem)
        return value


class ServerSettings(Part):
    """One server: exactly one of `command` and `url`.

    `timeout` is the most seconds that a call may take, `concurrency` how many run at once. `tools`
    pins schemas of tools by their digest. `default` is the action of jobs that name none.
    """

    command: Annotated[tuple[Value, ...], Field(min_length=1)] | None = None
    env: dict[Variable, Value] = Field(default_factory=dict)
    inherit: tuple[Variable, ...] = ()
    cwd: Path | None = None
    url: str | None = None
    token: Annotated[str, AfterValidator(_reference)] | None = None
    ca: Path | None = None
    headers: dict[HeaderName, Value] = Field(default_factory=dict)
    allow_http: bool = False
    timeout: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    concurrency: Annotated[int, Field(ge=1, le=100)] = 4
    tools: dict[str, Digest] = Field(default_factory=dict)
    actions: dict[str, Action] = Field(default_factory=dict)
    default: str | None = None

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None:
            _require_address(value)
        return value

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("Give exactly one of `command` and `url`.")
        foreign, way = (_OF_URL, "url") if self.command else (_OF_COMMAND, "command")
        stray = [name for name in foreign if name in self.model_fields_set]
        if stray:
            raise ValueError(f"`{stray[0]}` is for servers with `{way}`; remove it.")
        return self

    @model_validator(mode="after")
    def _keeps_the_token_private(self) -> Self:
        parts = urlsplit(self.url or "")
        if parts.scheme == "http" and not (_is_loopback(parts) or self.allow_http):
            raise ValueError(
                "`url` is plain http to another machine; use https, or say `allow_http: true`."
            )
        return self

    @model_validator(mode="after")
    def _default_is_an_action(self) -> Self:
        if self.default is not None and self.default not in self.actions:
            known = ", ".join(self.actions) or "none"
            raise ValueError(f"`default` names no action; the actions are: {known}.")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether the address is one of this machine."""
        return _is_loopback(urlsplit(self.url or ""))


def _require_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise ValueError("`url` has to be an address such as https://host/mcp.")
    if "@" in parts.netloc:
        raise ValueError("`url` holds a user; use `token` or `headers` to log in.")


def _is_loopback(parts: SplitResult) -> bool:
    return parts.hostname in _LOOPBACK
