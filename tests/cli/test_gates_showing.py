"""What a terminal shows of a gate: all that was counted, and each reason once."""

from datetime import UTC, datetime

from gitops_auditor.cli.gates_showing import MOST_SHOWN, gate_lines
from gitops_auditor.formats.findings import Finding, Severity, ToolReport
from gitops_auditor.quality.results import GateResult


def result(
    findings: list[Finding], counts: dict[Severity, int], tools: list[ToolReport], reason: str = ""
) -> GateResult:
    return GateResult(
        id="r1",
        validation_id="v1",
        repository_id="flask",
        gate_id="g1",
        gate="Security Scan",
        gate_type="pre_merge",
        kind="scan",
        status="failed",
        required=True,
        reason=reason,
        counts=counts,
        findings=findings,
        tools=tools,
        commit="c",
        tree="t",
        digest="d",
        executed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_what_is_not_shown_is_counted_by_severity_kept_or_not() -> None:
    kept = [
        Finding(tool="bandit", rule="B1", severity="medium", message="Bad.", file="a.py")
        for _ in range(MOST_SHOWN + 2)
    ]
    lines = list(gate_lines(result(kept, {"medium": MOST_SHOWN + 5, "low": 900}, [])))
    assert sum("a.py" in one for one in lines) == MOST_SHOWN
    assert any("and 5 medium, 900 low more" in one for one in lines)


def test_a_reason_of_a_tool_that_the_gate_tells_already_is_not_told_again() -> None:
    tools = [
        ToolReport(tool="mypy", status="error", reason="It broke."),
        ToolReport(tool="biome", status="absent", reason="Install biome."),
    ]
    lines = list(gate_lines(result([], {}, tools, reason="mypy: It broke.")))
    assert sum("It broke." in one for one in lines) == 1
    assert sum("Install biome." in one for one in lines) == 1
