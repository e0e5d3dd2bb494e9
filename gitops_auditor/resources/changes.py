"""Which resources an event of the log touches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_auditor.errors import JsonValue
from gitops_auditor.resources import (
    CONFLICTS,
    FORMS,
    GRAPH,
    HEALTH,
    REPOSITORIES,
    REPOSITORY,
    REPOSITORY_DEPENDENCIES,
    WORK,
    ResourceForm,
)

CHANNELS = ("repositories", "dependencies", "operations")
"""Channels of the event log that tell of changes to resources."""

_MEMBERSHIP = frozenset({"repository.registered", "repository.removed"})
_SUBJECTS = ("id", "repository", "registered", "updated")
"""Where the events of these channels name what they are about: one id, or a list of them."""

_OVERVIEWS: Mapping[str, tuple[ResourceForm, ...]] = {
    "repositories": (REPOSITORIES, HEALTH),
    "dependencies": (GRAPH, CONFLICTS, HEALTH),
    "operations": (),
}
_PARTS: Mapping[str, tuple[ResourceForm, ...]] = {
    "repositories": (REPOSITORY,),
    "dependencies": (REPOSITORY_DEPENDENCIES, REPOSITORY),
    "operations": (WORK,),
}


@dataclass(frozen=True)
class ResourceChanges:
    """URIs whose content changed, and whether the list of resources did."""

    uris: tuple[str, ...]
    listed: bool = False


def changes_of(channel: str, name: str, data: Mapping[str, JsonValue]) -> ResourceChanges:
    """What an event changes. Each URI comes in every spelling, since subscribers chose theirs."""
    uris = [form.uri.text for form in _OVERVIEWS.get(channel, ())]
    for form in _PARTS.get(channel, ()):
        [variable] = form.uri.variables
        for subject in _subjects(data):
            uris.extend(form.uri.spellings({variable: subject}))
    return ResourceChanges(tuple(uris), listed=name in _MEMBERSHIP or bool(data.get("registered")))


def _subjects(data: Mapping[str, JsonValue]) -> list[str]:
    values = [data.get(key) for key in _SUBJECTS]
    listed = [item for value in values if isinstance(value, list) for item in value]
    return [value for value in [*values, *listed] if isinstance(value, str)]


def everything(subscribed: Sequence[str] = ()) -> ResourceChanges:
    """What to announce when events were missed: each overview, and what is subscribed to."""
    overviews = [form.uri.text for form in FORMS if not form.uri.variables]
    return ResourceChanges((*overviews, *subscribed), listed=True)
