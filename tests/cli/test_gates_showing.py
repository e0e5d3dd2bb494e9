"""What a terminal shows of a gate: all that was counted, and each reason once."""

import pytest

from gitops_auditor.cli.gates_showing import MOST_OF_A_RULE, MOST_SHOWN, show_report
from gitops_auditor.formats.findings import Finding, ToolReport
from gitops_auditor.quality.results import GateResult
from tests.quality.kept import report, result

Capture = pytest.CaptureFixture[str]


def shown(gate: GateResult, captured: Capture) -> list[str]:
    """The lines for the report of one gate."""
    show_report(report(1, gate, status=gate.status, passed=False))
    return captured.readouterr().out.splitlines()


def test_what_is_not_shown_is_counted_kept_or_not(capsys: Capture) -> None:
    kept = [
        Finding(tool="bandit", rule="B1", severity="medium", message="Bad.", file=f"{at}.py")
        for at in range(MOST_SHOWN + 2)
    ]
    counts = {"medium": MOST_SHOWN + 5, "low": 900}
    lines = shown(result(status="failed", findings=kept, counts=counts), capsys)
    assert sum(".py" in one for one in lines) == MOST_OF_A_RULE
    hidden = sum(counts.values()) - MOST_OF_A_RULE
    of_rule = len(kept) - MOST_OF_A_RULE
    said = f"and {hidden} more: {of_rule} of bandit B1, {hidden - of_rule} of other rules"
    assert any(said in one for one in lines)


def test_a_reason_of_a_tool_that_the_gate_tells_already_is_not_told_again(capsys: Capture) -> None:
    tools = [
        ToolReport(tool="mypy", status="error", reason="It broke."),
        ToolReport(tool="biome", status="absent", reason="Install biome."),
    ]
    lines = shown(result(status="error", tools=tools, reason="mypy: It broke."), capsys)
    assert sum("It broke." in one for one in lines) == 1
    assert sum("Install biome." in one for one in lines) == 1
