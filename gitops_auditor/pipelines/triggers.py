"""Whether an event starts a pipeline, and why."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from gitops_auditor.formats.patterns import MAX_TEXT, glob
from gitops_auditor.pipelines.trigger_models import (
    Event,
    EventType,
    PullRequest,
    Push,
    Schedule,
    Trigger,
)

_BY_HAND: Final[Mapping[EventType, str]] = {
    "manual": "it was started by hand",
    "plan": "it is a step of a plan",
}


class Firing(NamedTuple):
    """Whether the pipeline starts, and a sentence that says why or why not."""

    fires: bool
    reason: str


def matches(globs: Iterable[str], name: str) -> bool:
    """Whether the last glob that says something about the name takes it in.

    A glob that starts with `!` takes back. A name above MAX_TEXT characters never matches.
    """
    verdict = False
    for one in globs:
        if len(name) <= MAX_TEXT and glob(one.removeprefix("!")).search(name):
            verdict = not one.startswith("!")
    return verdict


def firing(triggers: Iterable[Trigger], event: Event) -> Firing:
    """Whether the event starts a pipeline with these triggers.

    By hand and as a step of a plan every pipeline can be started. A path filter whose changed paths
    are not known does not hold a run back.
    """
    if event.type in _BY_HAND:
        return Firing(True, f"The pipeline starts: {_BY_HAND[event.type]}.")
    candidates = [one for one in triggers if one.type == event.type]
    if not candidates:
        return Firing(False, f"The pipeline has no {event.type} trigger.")
    objections = [_objection(one, event) for one in candidates]
    if None in objections:
        return Firing(True, f"The {event.type} trigger matches.")
    return Firing(False, " ".join(dict.fromkeys(one for one in objections if one)))


def _objection(trigger: Trigger, event: Event) -> str | None:
    checks: tuple[Callable[[], str | None], ...] = ()
    if isinstance(trigger, Push):
        checks = (lambda: _of_ref(trigger, event), lambda: _of_paths(trigger.paths, event))
    elif isinstance(trigger, PullRequest):
        checks = (
            lambda: _of_action(trigger, event),
            lambda: _of_name(trigger.branches, event.base_branch, "branch"),
            lambda: _of_paths(trigger.paths, event),
        )
    elif isinstance(trigger, Schedule) and trigger.cron != event.cron:
        return f"The schedule is {trigger.cron!r}, not {event.cron!r}."
    return next((found for check in checks if (found := check()) is not None), None)


def _of_ref(trigger: Push, event: Event) -> str | None:
    if event.tag:
        if trigger.branches and not trigger.tags:
            return "The push trigger is for branches, and a tag was pushed."
        return _of_name(trigger.tags, event.tag, "tag")
    if trigger.tags and not trigger.branches:
        return "The push trigger is for tags, and a branch was pushed."
    return _of_name(trigger.branches, event.branch, "branch")


def _of_name(globs: tuple[str, ...], name: str, what: str) -> str | None:
    if not globs or matches(globs, name):
        return None
    return f"The {what} {name!r} does not match {', '.join(globs)}."


def _of_action(trigger: PullRequest, event: Event) -> str | None:
    if event.action in trigger.types:
        return None
    return f"The pull request was {event.action!r}; the trigger is for {', '.join(trigger.types)}."


def _of_paths(globs: tuple[str, ...], event: Event) -> str | None:
    if not globs or event.changed_paths is None:
        return None
    if any(matches(globs, path) for path in event.changed_paths):
        return None
    return f"No changed file matches {', '.join(globs)}."
