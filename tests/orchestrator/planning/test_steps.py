from typing import Any

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.changes import RunPipeline, RunScript
from gitops_auditor.orchestrator.planning.steps import (
    Offer,
    Place,
    is_destructive,
    point_of_no_return,
    steps_of,
)
from gitops_auditor.orchestrator.requests import PlanRequest
from tests.orchestrator.plans import rendering

GIT = Offer("git", moves_back=True, pull_requests=False, statuses=False, workflows=False)
HUB = Offer("github", moves_back=False, pull_requests=True, statuses=True, workflows=True)
LIB, API = rendering("acme/lib", 1), rendering("acme/api", 2)


def asked(**facts: Any) -> PlanRequest:
    return PlanRequest(change=RunScript(script="date > now"), **facts)


def running(**facts: Any) -> PlanRequest:
    return PlanRequest(change=RunPipeline(pipeline="deploy", **facts))


@pytest.mark.parametrize(
    ("offer", "delivery", "kinds"),
    [
        (GIT, None, ["branch"]),
        (GIT, "branch", ["branch"]),
        (GIT, "merge", ["merge"]),
        (HUB, None, ["branch", "pull_request", "status"]),
        (HUB, "branch", ["branch"]),
        (HUB, "merge", ["branch", "pull_request", "status", "merge"]),
        (HUB._replace(statuses=False), None, ["branch", "pull_request"]),
    ],
)
def test_steps_follow_from_the_delivery_and_what_the_forge_offers(
    offer: Offer, delivery: str | None, kinds: list[str]
) -> None:
    found = steps_of("p", asked(delivery=delivery), [Place(LIB, offer)])
    assert [one.kind for one in found] == kinds


def test_positions_and_markers_go_on_over_repositories_and_phases() -> None:
    found = steps_of("p1", asked(), [Place(LIB, GIT), Place(API, HUB)])
    assert [(one.position, one.phase, one.marker) for one in found] == [
        (1, 1, "gitops-auditor/p1/1"),
        (2, 2, "gitops-auditor/p1/2"),
        (3, 2, "gitops-auditor/p1/3"),
        (4, 2, "gitops-auditor/p1/4"),
    ]


def test_a_merge_is_reversible_only_where_branches_move_back() -> None:
    [moved] = steps_of("p", asked(delivery="merge"), [Place(LIB, GIT)])
    merged = steps_of("p", asked(delivery="merge"), [Place(LIB, GIT), Place(API, HUB)])
    assert moved.reversible
    assert not merged[-1].reversible
    assert "by hand" in merged[-1].undo
    assert point_of_no_return([moved]) is None
    assert point_of_no_return(merged) == 2


def test_pull_requests_are_refused_where_there_are_none() -> None:
    with pytest.raises(InvalidRequest, match=r"acme/lib is on git.*Deliver to a branch"):
        steps_of("p", asked(delivery="pull_request"), [Place(LIB, GIT)])


def test_what_is_unchanged_or_failed_has_no_steps() -> None:
    unchanged = LIB.model_copy(update={"status": "unchanged", "commit": ""})
    failed = API.model_copy(update={"status": "failed", "commit": ""})
    assert steps_of("p", asked(), [Place(unchanged, GIT), Place(failed, GIT)]) == []
    assert steps_of("p", running(), [Place(failed)]) == []


def test_a_run_can_be_undone_when_the_pipeline_has_rollback_jobs() -> None:
    with_rollback, without = steps_of("p", running(), [Place(LIB, None, True), Place(API)])
    assert (with_rollback.kind, with_rollback.reversible) == ("pipeline_run", True)
    assert (without.kind, without.reversible) == ("pipeline_run", False)


def test_a_workflow_run_needs_a_forge_that_runs_workflows_and_cannot_be_undone() -> None:
    request = running(runner="github-actions")
    [found] = steps_of("p", request, [Place(LIB, HUB)])
    assert (found.kind, found.reversible) == ("workflow_run", False)
    with pytest.raises(InvalidRequest, match="runs no workflows"):
        steps_of("p", request, [Place(LIB, GIT)])


def test_branches_and_pull_requests_are_not_destructive_but_merges_and_runs_are() -> None:
    assert not is_destructive(steps_of("p", asked(), [Place(LIB, HUB)]))
    assert is_destructive(steps_of("p", asked(delivery="merge"), [Place(LIB, GIT)]))
    assert is_destructive(steps_of("p", running(), [Place(LIB, None, True)]))
