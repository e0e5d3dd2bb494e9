"""What starts a pipeline, as the `on:` of a workflow."""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.inputs import declared_inputs
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.trigger_models import Input, PullRequest, Push, Schedule, Webhook

_Kind = TypeVar("_Kind")
Report = Callable[[str, str], None]
"""Takes a path of the definition and the reason why what is there is not mapped."""

PULL_REQUEST_TYPES: Final = frozenset(
    (
        "assigned",
        "unassigned",
        "labeled",
        "unlabeled",
        "opened",
        "edited",
        "closed",
        "reopened",
        "synchronize",
        "converted_to_draft",
        "ready_for_review",
        "locked",
        "unlocked",
        "milestoned",
        "demilestoned",
        "review_requested",
        "review_request_removed",
        "auto_merge_enabled",
        "auto_merge_disabled",
        "enqueued",
        "dequeued",
    )
)
_POSIX_CRON = re.compile(r"[0-9A-Za-z*,/ -]+")
_EXTENSION = re.compile(r"(?:^|[ ,])L|\d[LW]|#")
_UNPRINTED = re.compile(r"(?<!\\)\?")


def events_of(definition: PipelineDefinition, report: Report) -> dict[str, JsonValue]:
    """The events by GitHub's names. By hand it can be started always, as every pipeline can."""
    return _Events(definition, report).events()


class _Events:
    def __init__(self, definition: PipelineDefinition, report: Report) -> None:
        self._definition = definition
        self._report = report

    def events(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        pushes = self._of_type(Push)
        if pushes:
            fields = ("branches", "tags", "paths")
            found["push"] = self._filters("push", pushes, fields)
        requests = self._of_type(PullRequest)
        if requests:
            types = self._types(requests)
            filters = self._filters("pull_request", requests, ("branches", "paths"))
            found["pull_request"] = {**types, **filters}
        times = self._of_type(Schedule)
        if times:
            found["schedule"] = [self._time(one) for one in times]
        if self._of_type(Webhook):
            found["repository_dispatch"] = {}
        found["workflow_dispatch"] = self._inputs()
        return found

    def _of_type(self, kind: type[_Kind]) -> list[_Kind]:
        return [one for one in self._definition.triggers if isinstance(one, kind)]

    def _filters(
        self, event: str, triggers: Iterable[Push | PullRequest], fields: Iterable[str]
    ) -> dict[str, JsonValue]:
        listed = list(triggers)
        if len(listed) > 1:
            self._report(f"triggers.{event}", "GitHub has one such event: its filters are joined")
        found: dict[str, JsonValue] = {}
        for field in fields:
            values = [getattr(one, field) for one in listed]
            joined = dict.fromkeys(item for one in values for item in one)
            if joined and all(values):
                found[field] = [self._glob(f"triggers.{event}.{field}", one) for one in joined]
        return found

    def _glob(self, path: str, glob: str) -> str:
        if _UNPRINTED.search(glob):
            self._report(path, f"in {glob!r}, `?` is for GitHub an optional character before it")
        return re.sub(r"(?<!\\)\+", r"\\+", glob)

    def _types(self, requests: Iterable[PullRequest]) -> dict[str, JsonValue]:
        wanted = dict.fromkeys(one for request in requests for one in request.types)
        for one in wanted:
            if one not in PULL_REQUEST_TYPES:
                self._report("triggers.pull_request.types", f"GitHub does not know {one!r}")
        return {"types": [one for one in wanted if one in PULL_REQUEST_TYPES]}

    def _time(self, schedule: Schedule) -> JsonValue:
        if not _POSIX_CRON.fullmatch(schedule.cron) or _EXTENSION.search(schedule.cron):
            self._report("triggers.schedule.cron", f"GitHub may not understand {schedule.cron!r}")
        if schedule.branch is not None:
            reason = f"GitHub runs schedules on the default branch, not on {schedule.branch!r}"
            self._report("triggers.schedule.branch", reason)
        zone: dict[str, JsonValue] = (
            {} if schedule.timezone == "UTC" else {"timezone": schedule.timezone}
        )
        return {"cron": schedule.cron, **zone}

    def _inputs(self) -> dict[str, JsonValue]:
        declared = declared_inputs(self._definition)
        inputs: dict[str, JsonValue] = {name: _input(one) for name, one in declared.items()}
        return {"inputs": inputs} if inputs else {}


def _input(declared: Input) -> JsonValue:
    found: dict[str, JsonValue] = {"type": declared.type}
    if declared.description:
        found["description"] = declared.description
    if declared.required:
        found["required"] = True
    if declared.default is not None:
        found["default"] = declared.default
    if declared.options:
        found["options"] = list(declared.options)
    return found
