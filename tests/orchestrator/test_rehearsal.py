from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.fields import RollbackPolicy
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.rehearsal import rehearse
from tests.orchestrator.plans import plan_of

THREE = plan_of(("acme/lib", "acme/log"), ("acme/api",), ("acme/web",))


def under(policy: RollbackPolicy, plan: Plan = THREE, *, irreversible: frozenset[int]) -> Plan:
    steps = [
        one.model_copy(update={"reversible": one.position not in irreversible})
        for one in plan.steps
    ]
    request = plan.request.model_copy(update={"rollback": policy})
    return plan.model_copy(update={"steps": steps, "request": request})


def test_only_the_failed_phase_is_undone_last_step_first() -> None:
    found = rehearse(under("failed_phase", irreversible=frozenset()), 1)
    assert [one.position for one in found.undone] == [2, 1]
    assert found.not_started == [2, 3]
    later = rehearse(under("failed_phase", irreversible=frozenset()), 2)
    assert [one.position for one in later.undone] == [3]
    assert [one.position for one in later.stays] == [1, 2]


def test_what_cannot_be_undone_is_named_with_what_to_do() -> None:
    found = rehearse(under("all", irreversible=frozenset({2})), 3)
    assert [one.position for one in found.undone] == [4, 3, 1]
    assert [(one.position, one.undo) for one in found.by_hand] == [(2, "Delete the branch.")]
    assert found.stays == []


def test_nothing_is_undone_under_the_policy_none() -> None:
    found = rehearse(under("none", irreversible=frozenset()), 2)
    assert found.undone == []
    assert [one.position for one in found.stays] == [1, 2, 3]


@given(
    st.sampled_from(["failed_phase", "all", "none"]),
    st.frozensets(st.integers(1, 4)),
    st.integers(1, 3),
)
def test_each_step_that_was_done_ends_in_exactly_one_way(
    policy: RollbackPolicy, irreversible: frozenset[int], phase: int
) -> None:
    found = rehearse(under(policy, irreversible=irreversible), phase)
    ends = [one.position for group in (found.undone, found.by_hand, found.stays) for one in group]
    assert sorted(ends) == [one.position for one in found.done]
    assert all(one.position > other.position for one, other in pairwise(found.undone))


def test_a_phase_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="has no phase 4"):
        rehearse(THREE, 4)
