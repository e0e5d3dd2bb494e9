"""Reports of tools written as SARIF: valid for others, and the same when they are read again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sarif_pydantic import Sarif

from gitops_auditor.formats.findings import SEVERITIES, Finding, ToolReport, counted
from gitops_auditor.formats.sarif import SarifRun, read_sarif
from gitops_auditor.formats.sarif_writing import FINGERPRINT, LEVELS, write_sarif

COMMIT = "a" * 40


def finding(**values: object) -> Finding:
    fields = {"tool": "ruff", "rule": "F401", "severity": "low", "message": "m", "file": "a.py"}
    return Finding.model_validate({**fields, **values})


def report(*findings: Finding, **values: object) -> ToolReport:
    fields = {"tool": "ruff", "status": "failed" if findings else "passed", "version": "1.2"}
    kept = {"findings": findings, "counts": counted(findings)}
    return ToolReport.model_validate({**fields, **kept, **values})


def written(*reports: ToolReport, **options: str) -> list[dict[str, Any]]:
    """The runs of a document that the models of sarif-pydantic accept."""
    text = json.dumps(write_sarif(reports, **options))
    Sarif.model_validate_json(text)
    runs: list[dict[str, Any]] = json.loads(text)["runs"]
    return runs


def read_again(*reports: ToolReport) -> list[SarifRun]:
    return read_sarif(json.dumps(write_sarif(reports)).encode(), root="/root/it")


def test_each_report_is_a_run_of_its_tool_in_their_order() -> None:
    runs = written(report(), report(tool="biome", version=""))
    assert [run["tool"]["driver"]["name"] for run in runs] == ["ruff", "biome"]
    assert runs[0]["tool"]["driver"]["version"] == "1.2"
    assert "version" not in runs[1]["tool"]["driver"]
    assert runs[0]["results"] == []
    assert runs[0]["invocations"] == [{"executionSuccessful": True}]


def test_a_rule_is_as_severe_as_the_worst_of_its_findings_and_says_what_to_do() -> None:
    low, high = finding(), finding(severity="high", fix="Remove it.")
    (run,) = written(report(low, high, finding(rule="E1")))
    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "F401",
            "defaultConfiguration": {"level": "error"},
            "properties": {"security-severity": "8.0"},
            "help": {"text": "Remove it."},
        },
        {
            "id": "E1",
            "defaultConfiguration": {"level": "note"},
            "properties": {"security-severity": "2.0"},
        },
    ]
    assert [one["ruleIndex"] for one in run["results"]] == [0, 0, 1]
    assert [one["level"] for one in run["results"]] == ["note", "error", "note"]


def test_a_result_has_its_place_its_fingerprint_and_its_fix() -> None:
    found = finding(file="a b#é.py", line=3, column=4, end_line=5, fix="do", fingerprint="f0")
    (run,) = written(report(found))
    (result,) = run["results"]
    place = {
        "artifactLocation": {"uri": "a%20b%23%C3%A9.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 4, "endLine": 5},
    }
    assert result["locations"] == [{"physicalLocation": place}]
    assert result["partialFingerprints"] == {FINGERPRINT: "f0"}
    assert result["properties"] == {"severity": "low", "fix": "do"}


def test_what_is_not_about_a_file_has_no_location() -> None:
    (run,) = written(report(finding(file="", message="")))
    assert "locations" not in run["results"][0]
    assert run["results"][0]["message"]["text"] == "F401"


def test_columns_and_ends_without_a_beginning_are_left_out() -> None:
    (run,) = written(report(finding(column=4), finding(line=5, end_line=2)))
    regions = [one["locations"][0]["physicalLocation"].get("region") for one in run["results"]]
    assert regions == [None, {"startLine": 5}]


@pytest.mark.parametrize("status", ["error", "absent"])
@pytest.mark.parametrize("reason", ["It was killed.", ""])
def test_a_tool_that_broke_or_is_missing_was_not_successful(status: str, reason: str) -> None:
    broken = report(status=status, reason=reason)
    (invocation,) = written(broken)[0]["invocations"]
    assert invocation["executionSuccessful"] is False
    (notice,) = invocation["toolExecutionNotifications"]
    assert notice == {
        "level": "error",
        "message": {"text": reason or f"The tool ended as {status}."},
    }
    (run,) = read_again(broken)
    assert not run.successful


def test_a_tool_without_files_says_so_in_a_note() -> None:
    skipped = report(status="skipped", reason="No file is Python.")
    (invocation,) = written(skipped)[0]["invocations"]
    assert invocation["toolExecutionNotifications"] == [
        {"level": "note", "message": {"text": "No file is Python."}}
    ]
    assert read_again(skipped)[0].successful


def test_findings_that_are_not_kept_are_told_of() -> None:
    (run,) = written(report(finding(), counts={"high": 2, "low": 5}))
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice == {"level": "warning", "message": {"text": "6 more findings are not listed."}}
    assert run["properties"]["counts"] == {"high": 2, "low": 5}


def test_the_commit_is_told_and_where_it_comes_from_when_that_is_known() -> None:
    (run,) = written(report(), commit=COMMIT)
    assert run["properties"]["commit"] == COMMIT
    assert "versionControlProvenance" not in run
    (run,) = written(report(), commit=COMMIT, repository_uri="https://example.org/it.git")
    assert run["versionControlProvenance"] == [
        {"repositoryUri": "https://example.org/it.git", "revisionId": COMMIT}
    ]


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["Cc"]),
    min_size=1,
    max_size=6,
).filter(lambda name: name not in {".", ".."})
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    line = draw(st.none() | st.integers(1, 99))
    return finding(
        rule=draw(st.sampled_from(["R1", "R2", "R2/part", "é"])),
        severity=draw(st.sampled_from(SEVERITIES)),
        message=draw(TEXTS),
        file=draw(st.lists(NAMES, max_size=3).map("/".join)),
        line=line,
        column=draw(st.none() | st.integers(1, 99)) if line else None,
        end_line=line + draw(st.integers(0, 9)) if line else None,
    )


@given(st.lists(st.lists(findings(), max_size=5), min_size=1, max_size=3))
def test_what_is_written_is_valid_and_reads_as_the_same_findings(
    groups: list[list[Finding]],
) -> None:
    reports = [report(*group) for group in groups]
    written(*reports)
    for run, group in zip(read_again(*reports), groups, strict=True):
        assert run.successful
        assert [
            (one.rule, one.level, one.message, one.file, one.line, one.column, one.end_line)
            for one in run.results
        ] == [
            (
                one.rule,
                LEVELS[one.severity],
                one.message,
                one.file,
                *((one.line, one.column, one.end_line) if one.file else (None, None, None)),
            )
            for one in group
        ]
