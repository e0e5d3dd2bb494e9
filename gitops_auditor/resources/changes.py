"""Which resources an event of the log touches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_auditor.errors import JsonValue
from gitops_auditor.resources import (
    CONFLICTS,
    FORMS,
    GATES,
    GRAPH,
    HEALTH,
    PIPELINE,
    PIPELINES,
    PLAN,
    QUALITY_SUMMARY,
    REPOSITORIES,
    REPOSITORY,
    REPOSITORY_DEPENDENCIES,
    RUN,
    RUN_LOG,
    VALIDATION,
    WORK,
    ResourceForm,
)

CHANNELS = ("repositories", "dependencies", "pipelines", "quality", "plans", "operations")
"""Channels of the event log that tell of changes to resources."""

_MEMBERSHIP = frozenset({"repository.registered", "repository.removed"})
_SUBJECTS = ("id", "repository", "registered", "updated")
"""Where events name what they are about, one id or a list of them, but for the variable itself."""

_OVERVIEWS: Mapping[str, tuple[ResourceForm, ...]] = {
    "repositories": (REPOSITORIES, HEALTH),
    "dependencies": (GRAPH, CONFLICTS, HEALTH),
    "quality": (GATES, QUALITY_SUMMARY),
}
_PARTS: Mapping[str, tuple[ResourceForm, ...]] = {
    "repositories": (REPOSITORY,),
    "dependencies": (REPOSITORY_DEPENDENCIES, REPOSITORY),
    "pipelines": (RUN, PIPELINE),
    "quality": (VALIDATION,),
    "plans": (PLAN,),
    "operations": (WORK,),
}
_DEFINED = (PIPELINES, PIPELINE)
_BY_NAME: Mapping[str, tuple[ResourceForm, ...]] = {
    "pipeline.created": _DEFINED,
    "pipeline.updated": _DEFINED,
    "pipeline.removed": _DEFINED,
    "pipeline.job.update": (RUN,),
    "pipeline.log": (RUN_LOG,),
}
"""What events touch that touch something else than their channel says."""


@dataclass(frozen=True)
class ResourceChanges:
    """URIs whose content changed, and whether the list of resources did."""

    uris: tuple[str, ...]
    listed: bool = False


def changes_of(channel: str, name: str, data: Mapping[str, JsonValue]) -> ResourceChanges:
    """What an event changes. Each URI comes in every spelling, since subscribers chose theirs."""
    touched = (*_OVERVIEWS.get(channel, ()), *_BY_NAME.get(name, _PARTS.get(channel, ())))
    uris = [uri for form in touched for uri in _uris(form, data)]
    return ResourceChanges(tuple(uris), listed=name in _MEMBERSHIP or bool(data.get("registered")))


def _uris(form: ResourceForm, data: Mapping[str, JsonValue]) -> list[str]:
    if not form.uri.variables:
        return [form.uri.text]
    [variable] = form.uri.variables
    subjects = _subjects(data, (variable,)) or _subjects(data, _SUBJECTS)
    return [uri for one in subjects for uri in form.uri.spellings({variable: one})]


def _subjects(data: Mapping[str, JsonValue], keys: Sequence[str]) -> list[str]:
    values = [data.get(key) for key in keys]
    listed = [item for value in values if isinstance(value, list) for item in value]
    return [value for value in [*values, *listed] if isinstance(value, str)]


def everything(subscribed: Sequence[str] = ()) -> ResourceChanges:
    """What to announce when events were missed: each overview, and what is subscribed to."""
    overviews = [form.uri.text for form in FORMS if not form.uri.variables]
    return ResourceChanges((*overviews, *subscribed), listed=True)
