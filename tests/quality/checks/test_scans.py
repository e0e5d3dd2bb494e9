"""Reports of linters and scanners are believed only as far as they agree with what was asked."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_auditor.formats.findings import (
    MOST_FINDINGS,
    SEVERITIES,
    Finding,
    ScanReport,
    ToolReport,
    counted,
)
from gitops_auditor.linters.judging import ALL_LEFT_OUT, NO_FILE
from gitops_auditor.quality.checks.scans import Asked, LintCheck, ScanCheck, judge
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate
from tests.quality.checks.subjects import Commands, gate, look

FILES = ("a.py", "b.py", "web/c.js")
WHOLE = Asked(FILES, (3,), True)
CHANGED = Asked(FILES, (3,), False)
LINT = gate(mcp="code-linter")
SCAN = gate(scan=["static", "secrets"])
Json = dict[str, Any]


def finding(severity: str = "high", file: str = "a.py", tool: str = "ruff") -> Finding:
    return Finding.model_validate(
        {"tool": tool, "rule": "R1", "severity": severity, "message": "It is wrong.", "file": file}
    )


def told(tool: str, *findings: Finding, **fields: Any) -> ToolReport:
    status = "failed" if findings else "passed"
    given = {"tool": tool, "status": status, "files": 2, "counts": counted(findings), **fields}
    return ToolReport.model_validate({**given, "findings": [one.model_dump() for one in findings]})


def report(*tools: ToolReport, **fields: Any) -> ScanReport:
    return ScanReport(**{"files": 3, "tools": tools, **fields})


NOTHING = told("ruff", status="skipped", files=0)


def test_a_report_without_findings_passes() -> None:
    evidence = judge(report(told("ruff"), told("biome", files=1)), LINT, WHOLE)
    assert evidence.verdict == "passed"
    assert evidence.reason == "Looked at by ruff, biome."


@pytest.mark.parametrize(
    ("threshold", "severity", "verdict"),
    [
        ("error", "high", "failed"),
        ("error", "medium", "passed"),
        ("warning", "medium", "failed"),
        ("info", "low", "failed"),
        (None, "medium", "failed"),
        (None, "low", "passed"),
        ("critical", "high", "passed"),
        ("critical", "critical", "failed"),
    ],
)
def test_findings_count_from_the_threshold_on(
    threshold: str | None, severity: str, verdict: str
) -> None:
    asked = gate(mcp="code-linter", fail_threshold=threshold)
    evidence = judge(report(told("ruff", finding(severity))), asked, WHOLE)
    assert evidence.verdict == verdict
    assert len(evidence.findings) == 1


@pytest.mark.parametrize(
    ("given_report", "asked", "wanted", "verdict", "words"),
    [
        (report(told("ruff", status="error", reason="It broke.")), LINT, WHOLE, "error", "broke"),
        (
            report(told("ruff"), told("biome", status="absent", reason="Install biome: npm ...")),
            LINT,
            WHOLE,
            "error",
            "Install biome",
        ),
        (report(told("ruff", status="skipped", files=0)), LINT, WHOLE, "error", "Nothing was"),
        (report(told("ruff", status="skipped", files=0)), LINT, CHANGED, "skipped", "No tool"),
        (report(NOTHING, unchecked={".rs": 2, ".md": 1}), LINT, WHOLE, "skipped", "(2 .rs, 1 .md)"),
        (report(NOTHING, unchecked={".rs": 2}), LINT, WHOLE, "error", "Nothing was"),
        (
            report(told("pip-audit", status="skipped", files=0, reason=NO_FILE)),
            gate(scan=["dependencies"]),
            WHOLE,
            "skipped",
            "No tool is for any file",
        ),
        (
            report(NOTHING, unchecked={".rs": 3}),
            gate(mcp="code-linter", files=["*.rs"]),
            WHOLE,
            "error",
            "Nothing was",
        ),
        (
            report(NOTHING, unchecked={".rs": 3}),
            gate(mcp="code-linter", tools=["ruff"]),
            WHOLE,
            "error",
            "Nothing was",
        ),
        (
            report(told("biome"), told("ruff", status="skipped", files=0, reason=ALL_LEFT_OUT)),
            LINT,
            WHOLE,
            "passed",
            "Looked at by biome. Not looked: ruff: It leaves out all",
        ),
        (report(), LINT, WHOLE, "error", "no tool that looked"),
        (report(told("ruff"), files=2), LINT, WHOLE, "error", "is of 2 files"),
        (report(told("ruff", files=0)), LINT, WHOLE, "error", "looked at no file"),
        (report(told("ruff", files=9)), LINT, WHOLE, "error", "speaks of 9 files"),
        (report(told("ruff", status="failed")), LINT, WHOLE, "error", "with 0 findings"),
        (report(told("ruff", finding("low"), status="passed")), LINT, WHOLE, "error", "passed"),
        (report(told("ruff", finding(), status="passed")), LINT, WHOLE, "failed", "1 finding is"),
        (report(told("ruff", counts={"high": 2})), LINT, WHOLE, "failed", "2 findings"),
        (report(told("ruff", finding("low"), counts={"low": 2})), LINT, WHOLE, "error", "counts"),
        (report(told("ruff", finding("low", "x.py"))), LINT, WHOLE, "error", "not asked about"),
        (report(told("ruff"), unchecked={".md": 4}), LINT, WHOLE, "error", "more files"),
        (report(told("bandit"), told("gitleaks")), SCAN, WHOLE, "passed", "bandit, gitleaks"),
        (
            report(told("gitleaks", status="absent"), told("detect-secrets")),
            SCAN,
            WHOLE,
            "passed",
            "gitleaks",
        ),
        (
            report(told("gitleaks", status="absent", files=3), told("detect-secrets")),
            SCAN,
            WHOLE,
            "error",
            "gitleaks",
        ),
        (
            report(told("gitleaks", status="error"), told("detect-secrets")),
            SCAN,
            WHOLE,
            "error",
            "gitleaks",
        ),
        (
            report(told("bandit"), told("gitleaks", status="error", reason="It broke.")),
            gate(scan=["static", "secrets"], required_tools=["bandit"]),
            WHOLE,
            "passed",
            "gitleaks: It broke.",
        ),
        (
            report(told("bandit")),
            gate(scan=["static"], required_tools=["gitleaks"]),
            WHOLE,
            "error",
            "gitleaks did not look",
        ),
        (
            report(told("pip-audit", finding("low", "sub/requirements.txt"), files=9)),
            gate(scan=["dependencies"]),
            CHANGED,
            "passed",
            "pip-audit",
        ),
        (
            report(told("pip-audit", finding("low", "../requirements.txt"))),
            gate(scan=["dependencies"]),
            CHANGED,
            "error",
            "not asked about",
        ),
    ],
)
def test_a_report_is_judged_and_not_believed(
    given_report: ScanReport, asked: Gate, wanted: Asked, verdict: str, words: str
) -> None:
    evidence = judge(given_report, asked, wanted)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence


def test_a_missing_tool_outweighs_findings_which_are_shown_too() -> None:
    tools = told("ruff", finding()), told("biome", status="absent", reason="It is missing.")
    evidence = judge(report(*tools), LINT, WHOLE)
    assert evidence.verdict == "error"
    assert "Others found 1 that count" in evidence.reason
    assert len(evidence.findings) == 1


def test_findings_that_are_not_kept_count() -> None:
    kept = [finding("low")] * MOST_FINDINGS
    cut = told("ruff", *kept, counts={"low": MOST_FINDINGS + 7})
    assert judge(report(cut), LINT, WHOLE).verdict == "passed"
    worse = told("ruff", *kept, counts={"low": MOST_FINDINGS, "high": 1})
    assert judge(report(worse), LINT, WHOLE).verdict == "failed"


class Answering:
    """A linter or scanner that answers with a report."""

    def __init__(self, answer: ScanReport) -> None:
        self.answer = answer

    async def lint(self, gate: Gate, subject: Subject, seconds: float) -> ScanReport:
        assert (gate.kind, subject.repository_id, seconds) == ("mcp", "r1", 40)
        return self.answer

    async def scan(self, gate: Gate, subject: Subject, seconds: float) -> ScanReport:
        assert (gate.kind, subject.repository_id, seconds) == ("scan", "r1", 40)
        return self.answer

    async def identity(self, gate: Gate) -> str | None:
        return gate.mcp


async def test_what_was_asked_for_is_what_the_gate_is_about(commands: Commands) -> None:
    subject = commands.subject({"a.py": "", "b.py": "", "c.md": ""})
    asked = gate(mcp="code-linter", files=["*.py"])
    two = ScanReport(files=2, tools=(told("ruff"),))
    assert (await look(LintCheck(Answering(two)), asked, subject)).verdict == "passed"
    assert (await look(LintCheck(Answering(two)), LINT, subject)).verdict == "error"
    assert (await look(ScanCheck(Answering(report(told("bandit")))), SCAN, subject)).verdict == (
        "passed"
    )
    assert await LintCheck(Answering(two)).identity(asked) == "code-linter"


HONEST: Json = report(told("ruff"), told("biome", files=1), told("mypy")).model_dump(mode="json")
HIGH: Json = finding().model_dump(mode="json")
LOW: Json = finding("low").model_dump(mode="json")
Corruption = Callable[[Json, int], object]


def _tool(document: Json, at: int) -> Json:
    tools: list[Json] = document["tools"]
    return tools[at % len(tools)] if tools else {}


CORRUPTIONS: dict[str, Corruption] = {
    "no tools": lambda it, _: it["tools"].clear(),
    "fewer files": lambda it, n: it.update(files=n % 3),
    "more files": lambda it, n: it.update(files=4 + n),
    "looked at nothing": lambda it, n: _tool(it, n).update(files=0, status="passed"),
    "looked at more": lambda it, n: _tool(it, n).update(files=4 + n, status="passed"),
    "fewer than none": lambda it, n: _tool(it, n).update(files=-1 - n),
    "broke": lambda it, n: _tool(it, n).update(status="error"),
    "absent": lambda it, n: _tool(it, n).update(status="absent"),
    "all skipped": lambda it, _: [one.update(status="skipped", files=0) for one in it["tools"]],
    "failed without findings": lambda it, n: _tool(it, n).update(
        status="failed", findings=[], counts={}
    ),
    "passed with a finding": lambda it, n: _tool(it, n).update(
        status="passed", findings=[HIGH], counts={}
    ),
    "passed with a count": lambda it, n: _tool(it, n).update(status="passed", counts={"high": 1}),
    "skipped with a finding": lambda it, n: _tool(it, n).update(
        status="skipped", findings=[LOW], counts={"low": 1}
    ),
    "counts nothing": lambda it, n: _tool(it, n).update(status="passed", findings=[LOW], counts={}),
    "counts more": lambda it, n: _tool(it, n).update(
        status="failed", findings=[LOW], counts={"low": 2 + n}
    ),
    "counts less than nothing": lambda it, n: _tool(it, n).update(counts={"low": -1 - n}),
    "other files": lambda it, n: _tool(it, n).update(
        status="failed", findings=[{**LOW, "file": f"other/{n}.py"}], counts={"low": 1}
    ),
    "files outside": lambda it, n: _tool(it, n).update(
        status="failed", findings=[{**LOW, "file": "/etc/passwd"}], counts={"low": 1}
    ),
    "unchecked beyond all": lambda it, n: it.update(unchecked={".py": 4 + n}),
    "unchecked below none": lambda it, n: it.update(unchecked={".py": -1 - n}),
    "unknown status": lambda it, n: _tool(it, n).update(status="ok"),
    "no status": lambda it, n: _tool(it, n).pop("status", None),
    "no list": lambda it, _: it.update(tools=None),
    "no number": lambda it, _: it.update(files="many"),
    "unknown severity": lambda it, n: _tool(it, n).update(
        status="failed", findings=[{**HIGH, "severity": "none"}]
    ),
    "more fields": lambda it, _: it.update(passed=True),
}


def _verdict(document: Json, wanted: Asked) -> str:
    try:
        given_report = ScanReport.model_validate(document)
    except ValidationError:
        return "unreadable"
    return judge(given_report, LINT, wanted).verdict


def test_the_report_that_is_corrupted_would_pass() -> None:
    assert _verdict(HONEST, WHOLE) == "passed"


@given(name=st.sampled_from(sorted(CORRUPTIONS)), number=st.integers(0, 50), whole=st.booleans())
@hypothesis_settings(max_examples=1_000)
def test_no_corrupted_report_passes(name: str, number: int, whole: bool) -> None:
    document = copy.deepcopy(HONEST)
    CORRUPTIONS[name](document, number)
    assert _verdict(document, WHOLE if whole else CHANGED) != "passed"


@given(
    severities=st.lists(st.sampled_from(SEVERITIES), max_size=5),
    status=st.sampled_from(["passed", "failed", "skipped", "error", "absent"]),
    files=st.integers(-1, 4),
    counts=st.dictionaries(
        st.sampled_from(["critical", "high", "medium", "low"]), st.integers(-1, 3)
    ),
    file=st.sampled_from(["a.py", "", "x.py", "../a.py"]),
)
@hypothesis_settings(max_examples=1_000)
def test_what_passes_looked_and_agrees_with_itself(
    severities: list[str], status: str, files: int, counts: dict[str, int], file: str
) -> None:
    found = [finding(severity, file) for severity in severities]
    one = told("ruff", *found, status=status, files=files, counts=counts)
    evidence = judge(report(one), LINT, WHOLE)
    if evidence.verdict == "passed":
        assert status in ("passed", "failed")
        assert 1 <= files <= 3
        assert set(severities) <= {"low"}
        assert (status == "failed") == bool(severities)
        assert not severities or file in ("a.py", "")
        assert {name: count for name, count in counts.items() if count} == counted(found)
