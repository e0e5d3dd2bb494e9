from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.orchestrator.planning.risk import PhaseFacts, risk_of

names = st.lists(st.sampled_from("abcdefgh"), max_size=8)
pairs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=5)
facts = st.builds(
    PhaseFacts,
    dependents=names,
    critical=pairs,
    without_gates=names,
    unasked=names,
    red=names,
    flaky=names,
    lines=st.integers(0, 10**6),
    major=names,
    unverified=names,
    irreversible=names,
    is_point_of_no_return=st.booleans(),
)
NAMED = (
    "dependents",
    "without_gates",
    "unasked",
    "red",
    "flaky",
    "major",
    "unverified",
    "irreversible",
)


@given(facts, st.sampled_from(NAMED), st.sampled_from("abcdefghxyz"))
def test_one_more_name_never_lowers_the_score(before: PhaseFacts, name: str, more: str) -> None:
    changed: dict[str, Any] = {name: [*getattr(before, name), more]}
    after = before._replace(**changed)
    assert risk_of(after).score >= risk_of(before).score


@given(facts, st.integers(0, 10**6))
def test_more_lines_or_a_point_of_no_return_never_lower_the_score(
    before: PhaseFacts, more: int
) -> None:
    larger = before._replace(lines=before.lines + more)
    assert risk_of(larger).score >= risk_of(before).score
    assert risk_of(larger._replace(is_point_of_no_return=True)).score >= risk_of(larger).score


@given(facts)
def test_the_score_is_the_sum_of_its_reasons_and_at_most_100(one: PhaseFacts) -> None:
    risk = risk_of(one)
    assert risk.score == min(100, sum(factor.points for factor in risk.factors))
    assert all(factor.points > 0 and factor.reason for factor in risk.factors)
    turned = one._replace(dependents=[*reversed(one.dependents)])
    assert risk_of(turned) == risk


def test_nothing_known_against_a_phase_is_a_low_risk() -> None:
    assert risk_of(PhaseFacts()).score == 0
    assert risk_of(PhaseFacts()).level == "low"


def test_reasons_name_what_they_are_about() -> None:
    risk = risk_of(
        PhaseFacts(
            dependents=["a", "b", "c", "d"],
            critical=[("web", "lib")],
            red=["lib"],
            major=["libcore from 1 to 2"],
            lines=100,
            irreversible=["lib"],
            is_point_of_no_return=True,
        )
    )
    assert [factor.reason for factor in risk.factors] == [
        "4 repositories need these: a, b, c and 1 more",
        "1 critical dependencies on these: web on lib",
        "quality gates are red for lib",
        "another major version: libcore from 1 to 2",
        "not everything can be undone in lib",
        "100 lines are changed",
        "from here on not everything can be undone",
    ]
    assert risk.level == "critical"
