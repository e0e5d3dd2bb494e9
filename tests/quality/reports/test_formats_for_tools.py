"""SARIF, JUnit and annotations of reports: every failure with its place, rule, and remedy."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from junitparser import JUnitXml, TestCase
from sarif_pydantic import Sarif

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.quality.reports.as_annotations import as_annotations
from gitops_auditor.quality.reports.as_json import as_json
from gitops_auditor.quality.reports.as_junit import as_junit
from gitops_auditor.quality.reports.as_sarif import as_sarif
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.results import QualityReport
from tests.quality.reports.samples import (
    ODD_NAMES,
    findings,
    gate_result,
    quality_report,
    report_data,
)

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def told(*reports: QualityReport) -> ReportData:
    return ReportData(generated_at=NOW, reports=list(reports or [quality_report()]))


def sarif(data: ReportData) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(as_sarif(data))
    Sarif.model_validate(document)
    return document


def results(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for run in document["runs"] for one in run["results"]]


def cases(data: ReportData) -> list[TestCase]:
    return [case for suite in JUnitXml.fromstring(as_junit(data)) for case in suite]


def messages(data: ReportData) -> list[str]:
    return [result.message for case in cases(data) for result in case.result]


def test_json_reads_back_as_the_same_data() -> None:
    data = report_data(repositories=3, days=10)
    assert ReportData.model_validate_json(as_json(data)) == data


def test_sarif_has_each_finding_with_file_line_rule_message_and_fix() -> None:
    found = {one["ruleId"]: one for one in results(sarif(told()))}
    key = found["generic-api-key"]
    place = key["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/shop/basket.py"
    assert place["region"]["startLine"] == 12
    assert key["message"]["text"] == "A key for an interface is in the source."
    assert key["properties"]["fix"] == "Withdraw the key, then read it from the environment."


def test_a_finding_without_a_fix_gets_that_of_its_gate_in_sarif() -> None:
    found = {one["ruleId"]: one for one in results(sarif(told()))}
    assert found["no-unused-vars"]["properties"]["fix"] == "Run: code-linter fix"


def test_a_gate_that_could_not_look_is_an_unsuccessful_invocation_in_sarif() -> None:
    runs = {run["tool"]["driver"]["name"]: run for run in sarif(told())["runs"]}
    assert runs["Integration tests"]["invocations"][0]["executionSuccessful"] is False
    assert "Make them faster" in json.dumps(runs["Integration tests"]["invocations"])


def test_what_was_let_pass_is_suppressed_with_its_reason_in_sarif() -> None:
    found = {one["ruleId"]: one for one in results(sarif(told()))}
    (suppression,) = found["Licences"]["suppressions"]
    assert suppression["justification"] == "The licence was agreed on by letter."
    assert "suppressions" not in found["generic-api-key"]


def test_each_gate_of_each_repository_is_a_category_of_its_own_in_sarif() -> None:
    report = quality_report([gate_result("Scan/all", "passed"), gate_result("Format", "passed")])
    ids = [run["automationDetails"]["id"] for run in sarif(told(report))["runs"]]
    assert ids == ["acme/shop/pre_merge/Scan all/", "acme/shop/pre_merge/Format/"]


def test_sarif_keeps_a_tool_that_broke_beside_one_that_found_nothing() -> None:
    broken = ToolReport(tool="ruff", status="error", reason="It printed half a document.")
    fine = ToolReport(tool="biome", status="passed", files=3)
    gate = gate_result("Lint", "error", reason="ruff broke.").model_copy(
        update={"tools": [broken, fine]}
    )
    runs = sarif(told(quality_report([gate])))["runs"]
    assert [run["tool"]["driver"]["name"] for run in runs] == ["ruff", "biome"]
    assert runs[0]["invocations"][0]["executionSuccessful"] is False


def test_findings_stand_once_when_tools_are_told_too() -> None:
    tools = [ToolReport(tool="bandit", status="failed", files=1, findings=(findings()[1],))]
    gate = gate_result("Scan", "failed", found=findings()).model_copy(update={"tools": tools})
    rules = [one["ruleId"] for one in results(sarif(told(quality_report([gate]))))]
    assert sorted(rules) == ["B602", "PYSEC-2024-1", "generic-api-key", "no-unused-vars"]


def test_junit_fails_for_what_is_required_only() -> None:
    whole = JUnitXml.fromstring(as_junit(told()))
    assert (whole.failures, whole.errors, whole.skipped) == (4, 1, 3)


def test_junit_says_place_rule_message_and_fix() -> None:
    case = next(one for one in cases(told()) if one.name.startswith("generic-api-key"))
    assert case.name == "generic-api-key at src/shop/basket.py:12:5"
    assert (case._elem.get("file"), case._elem.get("line")) == ("src/shop/basket.py", "12")
    message = messages(told())[0]
    assert "A key for an interface is in the source." in message
    assert "To do: Withdraw the key" in message


def test_junit_says_why_something_that_did_not_pass_stops_nothing() -> None:
    said = messages(told())
    assert any(one.startswith("Let pass by dana: The licence was agreed on") for one in said)
    assert any(one.startswith("Not required.") and "2 files differ." in one for one in said)


def test_junit_counts_findings_that_are_not_listed() -> None:
    gate = gate_result("Scan", "failed", found=findings())
    gate = gate.model_copy(update={"counts": {"high": 1_200}})
    report = quality_report([gate])
    assert "1 196 more findings not listed." in [
        one.replace("\N{NARROW NO-BREAK SPACE}", " ") for one in messages(told(report))
    ]


def test_annotations_show_the_place_the_rule_and_the_remedy() -> None:
    lines = as_annotations(told()).splitlines()
    (key,) = [line for line in lines if "generic-api-key" in line]
    assert key.startswith("::error file=src/shop/basket.py,line=12")
    assert key.endswith("Withdraw the key, then read it from the environment.")


def test_annotations_leave_out_what_passed_and_what_was_let_pass() -> None:
    text = as_annotations(told())
    assert "Licences" not in text
    assert "Code linting" not in text
    assert "Integration tests" in text


def test_annotations_of_what_passed_are_empty() -> None:
    report = quality_report([gate_result("Lint", "passed"), gate_result("Docs", "skipped")])
    assert as_annotations(told(report)) == ""


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_stay_text_in_formats_for_tools(name: str) -> None:
    found = [one.model_copy(update={"message": name, "rule": name}) for one in findings(name)]
    data = told(quality_report([gate_result(name, "failed", found=found, reason=name)], name))
    assert name in {one["message"]["text"] for one in results(sarif(data))}
    assert any(name in one for one in messages(data))
    lines = as_annotations(data).splitlines()
    assert len(lines) == 4
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
