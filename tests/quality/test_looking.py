"""Which tools the parts of a scan are asked, and how their reports become one."""

from typing import Any

import pytest

from gitops_auditor.formats.findings import ScanReport, ToolReport
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.looking import joined, parts_of


@pytest.mark.parametrize(
    ("stated", "parts"),
    [
        ({"mcp": "security-scanner"}, {"static": (), "secrets": ()}),
        ({"scan": ["dependencies"]}, {"dependencies": ()}),
        ({"mcp": "security-scanner", "tools": ["bandit"]}, {"static": ("bandit",)}),
        (
            {"mcp": "security-scanner", "tools": ["gitleaks", "pip-audit"]},
            {"secrets": ("gitleaks",), "dependencies": ("pip-audit",)},
        ),
        (
            {"scan": ["static", "secrets"], "tools": ["bandit"]},
            {"static": ("bandit",), "secrets": ()},
        ),
    ],
)
def test_a_gate_asks_the_parts_that_it_or_its_tools_name(
    stated: dict[str, Any], parts: dict[str, tuple[str, ...]]
) -> None:
    assert parts_of(Gate.model_validate({"name": "Scan", **stated})) == parts


def report(files: int, tool: str, unchecked: dict[str, int]) -> ScanReport:
    said = ToolReport(tool=tool, status="passed", files=files)
    return ScanReport(files=files, tools=(said,), unchecked=unchecked)


def test_a_file_is_unchecked_only_when_no_part_looked_at_it() -> None:
    static, secrets = report(5, "bandit", {".md": 2, ".png": 1}), report(5, "gitleaks", {".png": 1})
    whole = joined([("static", static), ("secrets", secrets)], 5)
    assert (whole.files, whole.unchecked) == (5, {".png": 1})
    assert [tool.tool for tool in whole.tools] == ["bandit", "gitleaks"]


def test_a_part_that_speaks_of_other_files_shows_in_the_whole() -> None:
    other = report(4, "gitleaks", {})
    assert joined([("static", report(5, "bandit", {})), ("secrets", other)], 5).files == 4


def test_dependencies_are_looked_for_in_all_files_whichever_are_asked_for() -> None:
    all_of_it = report(100, "pip-audit", {})
    assert (
        joined([("secrets", report(5, "gitleaks", {})), ("dependencies", all_of_it)], 5).files == 5
    )
