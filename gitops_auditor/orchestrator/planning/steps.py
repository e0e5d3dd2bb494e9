"""The steps that bring a change to where it is to go, and what undoing each means. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.fields import Delivery, StepKind
from gitops_auditor.orchestrator.forges.forge import (
    CommitStatuses,
    Forge,
    PullRequests,
    Workflows,
)
from gitops_auditor.orchestrator.records import Rendering, Step
from gitops_auditor.orchestrator.requests import PlanRequest


class Offer(NamedTuple):
    """What a forge can do."""

    name: str
    moves_back: bool
    pull_requests: bool
    statuses: bool
    workflows: bool


class Place(NamedTuple):
    """One repository of a plan. `offer` is None where nothing is published. `has_rollback`: the
    pipeline that runs there has jobs that take back what it did.
    """

    rendering: Rendering
    offer: Offer | None = None
    has_rollback: bool = False


class _Draft(NamedTuple):
    kind: StepKind
    title: str
    undo: str
    reversible: bool = True


def offer_of(forge: Forge) -> Offer:
    """What a forge says that it can do."""
    return Offer(
        forge.name,
        forge.moves_back,
        isinstance(forge, PullRequests),
        isinstance(forge, CommitStatuses),
        isinstance(forge, Workflows),
    )


def steps_of(plan_id: str, request: PlanRequest, places: Sequence[Place]) -> list[Step]:
    """All steps of a plan, in the order of the places. Raises InvalidRequest as `delivery_of`."""
    found: list[Step] = []
    for place in places:
        for draft in _drafts(plan_id, request, place):
            position = len(found) + 1
            found.append(
                Step(
                    position=position,
                    phase=place.rendering.phase,
                    repository_id=place.rendering.repository_id,
                    kind=draft.kind,
                    title=draft.title,
                    marker=f"{branch_of(plan_id)}/{position}",
                    reversible=draft.reversible,
                    undo=draft.undo,
                )
            )
    return found


def delivery_of(wanted: Delivery | None, offer: Offer, repository_id: str) -> Delivery:
    """How far commits are brought on a forge: as asked for, else as far as people can look at it.

    Raises InvalidRequest for pull requests where there are none.
    """
    if wanted is None:
        return "pull_request" if offer.pull_requests else "branch"
    if wanted == "pull_request" and not offer.pull_requests:
        raise InvalidRequest(
            f"{repository_id} is on {offer.name}, which has no pull requests.",
            hint="Deliver to a branch, or merge; leave delivery out for what each forge can do.",
        )
    return wanted


def point_of_no_return(steps: Iterable[Step]) -> int | None:
    """The first phase with a step that nobody can undo alone; None when there is none."""
    return min((one.phase for one in steps if not one.reversible), default=None)


def is_destructive(steps: Iterable[Step]) -> bool:
    """Whether a step changes a target branch, runs something or cannot be undone."""
    return any(not one.reversible or one.kind in _DESTRUCTIVE for one in steps)


_DESTRUCTIVE: Mapping[StepKind, None] = dict.fromkeys(("merge", "pipeline_run", "workflow_run"))


def _drafts(plan_id: str, request: PlanRequest, place: Place) -> list[_Draft]:
    if isinstance(request.change, RunPipeline):
        return [_run(request.change, place)] if place.rendering.status != "failed" else []
    if place.rendering.status != "rendered" or place.offer is None:
        return []
    delivery = delivery_of(request.delivery, place.offer, place.rendering.repository_id)
    if delivery == "merge" and not place.offer.pull_requests:
        return [_merge(place.rendering, place.offer)]
    drafts = [_branch(plan_id, place.rendering)]
    if delivery != "branch":
        drafts.append(_pull_request(place.rendering))
        drafts += [_status(place.rendering)] if place.offer.statuses else []
    return [*drafts, _merge(place.rendering, place.offer)] if delivery == "merge" else drafts


def _run(change: RunPipeline, place: Place) -> _Draft:
    where = place.rendering.repository_id
    if change.runner == "local":
        undo = (
            "Run the pipeline's rollback jobs."
            if place.has_rollback
            else "The pipeline has no rollback jobs: what it did has to be taken back by hand."
        )
        title = f"Run the pipeline {change.pipeline} of {where}"
        return _Draft("pipeline_run", title, undo, place.has_rollback)
    if place.offer is None or not place.offer.workflows:
        name = place.offer.name if place.offer else "no forge"
        raise InvalidRequest(
            f"{where} is on {name}, which runs no workflows.", hint="Take the runner local."
        )
    undo = "Cancel the run while it runs; what it did has to be taken back by hand."
    return _Draft("workflow_run", f"Run the workflow {change.pipeline} of {where}", undo, False)


def _branch(plan_id: str, rendering: Rendering) -> _Draft:
    title = f"Create the branch {branch_of(plan_id)} in {rendering.repository_id}"
    return _Draft("branch", title, "Delete the branch, unless somebody has pushed to it.")


def _pull_request(rendering: Rendering) -> _Draft:
    title = f"Open a pull request to {rendering.branch} of {rendering.repository_id}"
    return _Draft("pull_request", title, "Close the pull request with a comment.")


def _status(rendering: Rendering) -> _Draft:
    title = f"Show the merge order at the commit in {rendering.repository_id}"
    return _Draft("status", title, "Replace the status by one that says that the plan was undone.")


def _merge(rendering: Rendering, offer: Offer) -> _Draft:
    title = f"Bring the change into {rendering.branch} of {rendering.repository_id}"
    if offer.moves_back:
        undo = f"Move {rendering.branch} back, unless somebody has pushed to it."
    else:
        undo = f"Nobody moves {rendering.branch} back on {offer.name}: revert the merge by hand."
    return _Draft("merge", title, undo, offer.moves_back)
