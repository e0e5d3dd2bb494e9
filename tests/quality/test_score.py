import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.findings import (
    SEVERITIES,
    Finding,
    ScanReport,
    Severity,
    ToolReport,
    ToolStatus,
    counted,
)
from gitops_auditor.quality.evidence import Verdict
from gitops_auditor.quality.score import (
    Scored,
    calculate_quality_score,
    gate_score,
    report_score,
)

_COUNTS = st.dictionaries(st.sampled_from(SEVERITIES), st.integers(0, 40))
_LOOKED = st.builds(Scored, st.sampled_from(["passed", "failed"]), _COUNTS, st.booleans())
_ANY = st.builds(
    Scored, st.sampled_from(["passed", "failed", "skipped", "error"]), _COUNTS, st.booleans()
)
_SEVERITY = st.sampled_from(SEVERITIES)


def value(score: float | None) -> float:
    assert score is not None
    return score


def with_one_more(answer: Scored, severity: Severity) -> Scored:
    more = {**answer.counts, severity: answer.counts.get(severity, 0) + 1}
    return answer._replace(counts=more)


@pytest.mark.parametrize(
    ("counts", "score"),
    [
        ({}, 100.0),
        ({"low": 1}, 98.6),
        ({"medium": 1}, 93.3),
        ({"high": 1}, 75.7),
        ({"critical": 1}, 50.0),
        ({"critical": 2}, 25.0),
        ({"high": 1, "low": 3}, 72.6),
        ({"critical": 10**12}, 0.0),
    ],
)
def test_findings_cost_what_is_documented(counts: dict[Severity, int], score: float) -> None:
    assert gate_score(Scored("passed", counts)) == score


def test_a_failed_gate_costs_more_when_it_is_required() -> None:
    assert gate_score(Scored("failed", {})) == 70.7
    assert gate_score(Scored("failed", {}, required=False)) == 87.0


@pytest.mark.parametrize("verdict", ["error", "skipped"])
def test_what_was_not_looked_at_has_no_score(verdict: Verdict) -> None:
    assert gate_score(Scored(verdict, {})) is None
    assert report_score([Scored(verdict, {})]) is None
    assert report_score([]) is None


def test_a_required_gate_that_could_not_look_leaves_no_score_for_all() -> None:
    passed = Scored("passed", {})
    assert report_score([passed, Scored("error", {})]) is None
    assert report_score([passed, Scored("error", {}, required=False)]) == 100.0
    assert report_score([passed, Scored("skipped", {})]) == 100.0


@given(st.lists(_LOOKED, min_size=1, max_size=5), st.data(), _SEVERITY)
def test_one_more_finding_never_raises_the_score(
    answers: list[Scored], data: st.DataObject, severity: Severity
) -> None:
    at = data.draw(st.integers(0, len(answers) - 1))
    worse = [*answers[:at], with_one_more(answers[at], severity), *answers[at + 1 :]]
    assert value(report_score(worse)) <= value(report_score(answers))
    assert value(gate_score(worse[at])) <= value(gate_score(answers[at]))


@given(_LOOKED, st.tuples(_SEVERITY, _SEVERITY))
def test_a_worse_finding_never_scores_better(
    answer: Scored, severities: tuple[Severity, Severity]
) -> None:
    worse, milder = sorted(severities, key=SEVERITIES.index)
    scores = [value(gate_score(with_one_more(answer, one))) for one in (worse, milder)]
    assert scores[0] <= scores[1]


@given(st.lists(_LOOKED, min_size=1, max_size=5), st.data())
def test_a_gate_that_fails_instead_never_raises_the_score(
    answers: list[Scored], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(answers) - 1))
    passed, failed = (
        [*answers[:at], answers[at]._replace(verdict=verdict), *answers[at + 1 :]]
        for verdict in ("passed", "failed")
    )
    before, after = value(report_score(passed)), value(report_score(failed))
    assert after < before if before >= 1 else after <= before


@given(
    st.lists(_ANY, max_size=5).flatmap(lambda one: st.tuples(st.just(one), st.permutations(one)))
)
def test_the_order_makes_no_difference(answers: tuple[list[Scored], list[Scored]]) -> None:
    assert report_score(answers[0]) == report_score(answers[1])


@given(st.lists(_LOOKED, min_size=1, max_size=5))
def test_scores_are_tenths_between_0_and_100(answers: list[Scored]) -> None:
    score = value(report_score(answers))
    assert 0 <= score <= 100
    assert score == round(score, 1)
    flawless = all(one.verdict == "passed" and not sum(one.counts.values()) for one in answers)
    assert (score == 100) is flawless


def scan(status: ToolStatus, *severities: Severity) -> ScanReport:
    found = tuple(
        Finding(tool="t", rule="r", severity=severity, message="m") for severity in severities
    )
    tool = ToolReport(tool="t", status=status, findings=found, counts=counted(found))
    return ScanReport(files=1, tools=(tool,))


def test_linter_and_formatter_are_scored_together() -> None:
    assert calculate_quality_score(scan("passed"), scan("passed")) == 100.0
    assert calculate_quality_score(scan("failed", "high"), scan("passed")) == 75.7
    assert calculate_quality_score(scan("failed", "high"), scan("failed", "low")) == 74.7
    assert calculate_quality_score(scan("skipped"), scan("failed", "low")) == 98.6


@pytest.mark.parametrize("status", ["error", "absent"])
def test_a_tool_that_did_not_look_leaves_no_quality_score(status: ToolStatus) -> None:
    assert calculate_quality_score(scan(status), scan("passed")) is None
    assert calculate_quality_score(scan("failed", "low"), scan(status)) is None


def test_nothing_to_look_at_has_no_quality_score() -> None:
    assert calculate_quality_score(scan("skipped"), ScanReport(files=0, tools=())) is None
