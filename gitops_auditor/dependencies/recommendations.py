"""What to do about the consequences of a change, in sentences. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gitops_auditor.dependencies.graph_models import Phase
from gitops_auditor.dependencies.impact_models import ChangeRequest, Effect, Use
from gitops_auditor.dependencies.models import ConstraintKind, Reference, Scope
from gitops_auditor.dependencies.risk import BREAKING
from gitops_auditor.dependencies.versions import parse, rewrite

MOST_NAMED: Final = 5
"""Places that one sentence names; the rest is counted."""

Placed = tuple[str, Use, Reference]
"""A use, the repository that makes it, and the canonical name of what it uses."""


def recommend(
    change: ChangeRequest, uses: Sequence[Placed], effects: Sequence[Effect], order: Sequence[Phase]
) -> list[str]:
    """Concrete next steps, the most urgent first."""
    what = change.package or change.repository
    if not effects:
        return [f"Nothing in the workspace depends on {what}: release it when its own checks pass."]
    return [
        *_before(change, what, uses),
        *_constraints(change, uses),
        *_checks(effects),
        *_order(order),
    ]


def _before(change: ChangeRequest, what: str, uses: Sequence[Placed]) -> Iterator[str]:
    match change.change_type:
        case "removal":
            yield f"Replace {what} before you remove it: {_places(uses)}."
        case "api":
            yield f"Keep the old API of {what} until these have moved: {_places(uses)}."
        case "config":
            yield f"Check that these still read {what} as they expect: {_places(uses)}."
        case "security":
            running = [one for one in uses if one[1].scope is Scope.RUNTIME] or uses
            yield f"Bring the fix to what runs first: {_places(running)}."
        case _:
            pass


def _constraints(change: ChangeRequest, uses: Sequence[Placed]) -> Iterator[str]:
    if change.change_type == "removal":
        return
    refusing = [one for one in uses if one[1].admits is False]
    admitting = [one for one in uses if one[1].admits is True]
    unknown = [one for one in uses if one[1].admits is None]
    if change.version and refusing:
        edits = _listed(f"{_place(one)} {_edit(one, change.version)}" for one in refusing)
        yield f"These exclude {change.version}; change them to take it: {edits}."
    if change.change_type in BREAKING and admitting:
        yield (
            f"These admit {change.version} without an edit, so the break reaches them at their "
            f"next install; pin them or release a version they exclude: {_places(admitting)}."
        )
    if change.version and unknown:
        yield f"These name no version that can be compared; check them by hand: {_places(unknown)}."
    if change.version is None and change.change_type in BREAKING:
        yield "Name the version to be released to learn whose constraints hold it back."


def _checks(effects: Sequence[Effect]) -> Iterator[str]:
    running = [one.repository for one in effects if one.scope in {Scope.RUNTIME, Scope.BUILD}]
    if running:
        yield f"Run the checks of {_listed(running)} against the change before it is released."


def _order(order: Sequence[Phase]) -> Iterator[str]:
    if len(order) > 1:
        steps = ", then ".join(_listed(phase.nodes) for phase in order[:MOST_NAMED])
        more = f", then {len(order) - MOST_NAMED} more phases" if len(order) > MOST_NAMED else ""
        yield f"Update in this order: {steps}{more}."
    yield from (phase.warning for phase in order if phase.warning)


def _places(uses: Iterable[Placed]) -> str:
    return _listed(_place(one) for one in uses)


def _place(placed: Placed) -> str:
    repository, use, _ = placed
    return f"{repository} ({use.file}:{use.line})"


def _edit(placed: Placed, version: str) -> str:
    _, use, reference = placed
    kind = ConstraintKind(use.constraint_kind)
    proposed = rewrite(parse(reference.namespace, use.constraint, kind), version)
    return f"`{use.constraint}` to `{proposed}`"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more
