from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.quality.evidence import Verdict
from gitops_auditor.quality.results import Enforcement, GateStatus, Override
from gitops_auditor.quality.verdicts import Standing, gate_status, is_required, phase_verdict

OVERRIDE = Override(
    id="o",
    repository_id="r",
    gate_id="g",
    tree="t",
    reason="Known",
    created_by="ann",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
_VERDICTS = st.sampled_from(["passed", "failed", "skipped", "error"])
_REQUIRED = st.sampled_from([True, False, None])
_LOOKING: st.SearchStrategy[Enforcement] = st.sampled_from(["strict", "warn"])
_STATUSES: st.SearchStrategy[GateStatus] = st.sampled_from(
    ["passed", "failed", "warning", "skipped", "error"]
)
_STANDINGS = st.lists(st.builds(Standing, st.text("abc", min_size=1, max_size=3), _STATUSES))


@pytest.mark.parametrize(
    ("required", "enforcement", "verdict", "status"),
    [
        (True, "strict", "failed", "failed"),
        (True, "strict", "error", "error"),
        (None, "strict", "failed", "failed"),
        (None, "strict", "error", "error"),
        (False, "strict", "failed", "warning"),
        (False, "strict", "error", "warning"),
        (True, "warn", "failed", "warning"),
        (None, "warn", "error", "warning"),
        (True, "strict", "passed", "passed"),
        (True, "strict", "skipped", "skipped"),
        (False, "warn", "skipped", "skipped"),
        (True, "off", "passed", "skipped"),
        (True, "off", "failed", "skipped"),
    ],
)
def test_a_gate_amounts_to_what_its_check_says_and_whether_it_is_required(
    required: bool | None, enforcement: Enforcement, verdict: Verdict, status: GateStatus
) -> None:
    assert gate_status(required, enforcement, verdict) == status


def test_gates_are_required_under_strict_unless_they_say_otherwise() -> None:
    assert is_required(None, "strict")
    assert not is_required(False, "strict")
    assert not is_required(True, "warn")
    assert not is_required(True, "off")


@pytest.mark.parametrize("verdict", ["failed", "error"])
def test_an_override_turns_a_failure_into_a_warning_and_no_pass(verdict: Verdict) -> None:
    assert gate_status(True, "strict", verdict, OVERRIDE) == "warning"


@given(_VERDICTS, _REQUIRED, _LOOKING, st.sampled_from([OVERRIDE, None]))
def test_only_a_check_that_passed_makes_a_gate_pass(
    verdict: Verdict, required: bool | None, enforcement: Enforcement, override: Override | None
) -> None:
    status = gate_status(required, enforcement, verdict, override)
    assert (status == "passed") is (verdict == "passed")
    assert (status == "skipped") is (verdict == "skipped")


@given(st.lists(st.tuples(_VERDICTS, _REQUIRED, st.booleans()), max_size=5))
def test_no_phase_passes_over_a_required_gate_that_failed_or_could_not_look(
    gates: list[tuple[Verdict, bool | None, bool]],
) -> None:
    standings = [
        Standing("g", gate_status(required, "strict", verdict, OVERRIDE if overridden else None))
        for verdict, required, overridden in gates
    ]
    stopped = any(
        verdict in ("failed", "error") and required is not False and not overridden
        for verdict, required, overridden in gates
    )
    verdict = phase_verdict("pre_merge", standings, "strict")
    assert not (stopped and verdict.passed)
    assert stopped is (verdict.status in ("failed", "error"))


@given(_STANDINGS, _LOOKING)
def test_one_more_gate_that_failed_never_makes_a_phase_pass(
    gates: list[Standing], enforcement: Enforcement
) -> None:
    for status in ("failed", "error"):
        more = phase_verdict("pre_merge", [*gates, Standing("more", status)], enforcement)
        assert not more.passed


@given(_STANDINGS.flatmap(lambda one: st.tuples(st.just(one), st.permutations(one))))
def test_the_order_of_gates_makes_no_difference(
    gates: tuple[list[Standing], list[Standing]],
) -> None:
    one, other = (phase_verdict("pre_merge", given, "strict") for given in gates)
    assert one == other


@given(_STANDINGS)
def test_a_phase_passes_only_with_a_gate_that_looked(gates: list[Standing]) -> None:
    verdict = phase_verdict("pre_merge", gates, "strict")
    assert verdict.passed is (verdict.status in ("passed", "warning"))
    assert not verdict.passed or any(one.status != "skipped" for one in gates)
    assert phase_verdict("pre_merge", gates, "off")[:2] == ("skipped", False)


@pytest.mark.parametrize(
    ("statuses", "status", "reason"),
    [
        (["passed"], "passed", "Of 1 gate 1 passed."),
        (
            ["passed", "skipped", "passed"],
            "passed",
            "Of 3 gates 1 had nothing to look at (b), 2 passed.",
        ),
        (["warning", "passed"], "warning", "Of 2 gates 1 warned (a), 1 passed."),
        (
            ["failed", "failed", "failed", "failed"],
            "failed",
            "Of 4 gates 4 failed (a, b, c and 1 more).",
        ),
        (["failed", "error"], "error", "Of 2 gates 1 could not look (b), 1 failed (a)."),
        (["skipped"], "skipped", "Of 1 gate 1 had nothing to look at (a)."),
    ],
)
def test_the_reason_says_what_became_of_the_gates(
    statuses: list[GateStatus], status: GateStatus, reason: str
) -> None:
    gates = [Standing(name, one) for name, one in zip("abcd", statuses, strict=False)]
    verdict = phase_verdict("pre_commit", gates, "strict")
    assert (verdict.status, verdict.reason) == (status, reason)


def test_without_gates_a_phase_is_skipped_and_says_where_to_define_one() -> None:
    verdict = phase_verdict("pre_deploy", [], "strict")
    assert verdict == (
        "skipped",
        False,
        "No gate is defined for pre_deploy; define one in .gitops/quality-gates.yaml.",
    )


def test_what_is_off_says_so() -> None:
    verdict = phase_verdict("pre_deploy", [Standing("a", "passed")], "off")
    assert verdict.reason == (
        "Nothing was looked at in pre_deploy: QUALITY_GATE_ENFORCEMENT is off."
    )
