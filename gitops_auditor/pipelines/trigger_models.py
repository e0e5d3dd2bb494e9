"""What starts a pipeline, and what is known of the event that did."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import glob
from gitops_auditor.formats.written import Identifier, Part, Text, Texts, Written
from gitops_auditor.pipelines.cron import check_cron

TriggerType = Literal["push", "pull_request", "schedule", "webhook", "manual"]
EventType = Literal["push", "pull_request", "schedule", "webhook", "manual", "plan"]


def _globs(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            glob(value.removeprefix("!"))
        except PatternError as error:
            raise ValueError(f"{value!r} is not a glob. {error.message}") from error
    return values


Globs = Annotated[Texts, AfterValidator(_globs)]
"""Globs of names or paths; one that starts with `!` takes back what those before it matched."""


class Push(Part):
    """A push to a branch or of a tag; empty lists do not restrict.

    With `branches` alone tags do not fire, with `tags` alone branches do not.
    """

    type: Literal["push"] = "push"
    branches: Globs = ()
    tags: Globs = ()
    paths: Globs = ()


class PullRequest(Part):
    """Something happened to a pull request; `branches` are those it is to be merged into."""

    type: Literal["pull_request"] = "pull_request"
    types: Texts = ("opened", "synchronize", "reopened")
    branches: Globs = ()
    paths: Globs = ()


class Schedule(Part):
    """A time came: `cron` has five fields, minute first, read in `timezone`."""

    type: Literal["schedule"] = "schedule"
    cron: Text = Field(max_length=200)
    timezone: str = "UTC"
    branch: str | None = None

    @model_validator(mode="after")
    def _comes(self) -> Self:
        check_cron(self.cron, self.timezone)
        return self


class Webhook(Part):
    """A call to the pipeline's own address."""

    type: Literal["webhook"] = "webhook"


class Input(Part):
    """A value that whoever starts the pipeline can give."""

    type: Literal["string", "number", "boolean", "choice"] = "string"
    description: str = ""
    required: bool = False
    default: str | int | float | bool | None = None
    options: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.type == "choice") != bool(self.options):
            raise ValueError("Give `options` with type choice, and only with it.")
        if self.default is not None and not self.accepts(self.default):
            raise ValueError(f"The default {self.default!r} is not a valid {self.type}.")
        return self

    def accepts(self, value: Written) -> bool:
        """Whether the value is of the declared type."""
        match self.type:
            case "boolean":
                return isinstance(value, bool)
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "choice":
                return str(value) in self.options
            case "string":
                return isinstance(value, str)


class Manual(Part):
    """Started by somebody. Every pipeline can be; this declares the inputs."""

    type: Literal["manual"] = "manual"
    inputs: dict[Identifier, Input] = Field(default_factory=dict)


Trigger = Annotated[Push | PullRequest | Schedule | Webhook | Manual, Field(discriminator="type")]


class Event(Part):
    """What happened.

    `branch` is the branch pushed to or run on; for a pull request it is the source branch, written
    `owner:branch` when it comes from a fork, so that a stranger's `main` is never taken for ours.
    `base_branch` is where a pull request wants to go. `changed_paths` is None when not known.
    `takes_back`: what another run did is taken back, so the rollback jobs run though nothing fails.
    """

    type: EventType = "manual"
    branch: str = ""
    tag: str = ""
    base_branch: str = ""
    action: str = ""
    changed_paths: tuple[str, ...] | None = None
    cron: str = ""
    inputs: Mapping[str, str | int | float | bool] = Field(default_factory=dict)
    takes_back: bool = False

    @property
    def is_from_fork(self) -> bool:
        """Whether it is a pull request from another repository: its author is a stranger."""
        return self.type == "pull_request" and ":" in self.branch
