import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.coverage import LineCoverage, find_report, read_coverage
from gitops_auditor.formats.coverage_reading import (
    MAX_BYTES,
    CoverageError,
    MissingReport,
    UnreadableReport,
)

COBERTURA = """\
<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage version="7.11" timestamp="1" lines-valid="8" lines-covered="7" line-rate="0.875"
    branches-covered="0" branches-valid="0" branch-rate="0" complexity="0">
  <sources><source>/src</source></sources>
  <packages><package name="a" line-rate="0.5" branch-rate="0" complexity="0"><classes>
    <class name="m.py" filename="a/m.py" line-rate="0.5"><methods/><lines>
      <line number="1" hits="1"/><line number="2" hits="0"/>
    </lines></class>
  </classes></package></packages>
</coverage>
"""
COBERTURA_WITHOUT_COUNTS = """\
<coverage line-rate="0.66" branch-rate="0" version="1.9" timestamp="1">
  <packages><package name="p"><classes>
    <class name="A" filename="A.java">
      <methods><method name="f" signature="()V"><lines>
        <line number="1" hits="4"/><line number="2" hits="0"/></lines></method></methods>
      <lines><line number="1" hits="4"/><line number="2" hits="0"/></lines>
    </class>
    <class name="A$1" filename="A.java"><lines>
      <line number="2" hits="1"/><line number="3" hits="0"/></lines></class>
  </classes></package></packages>
</coverage>
"""
LCOV = """\
TN:
SF:src/a.js
FN:1,main
FNF:1
FNH:1
DA:1,5
DA:2,0
DA:3,1,checksum
LF:3
LH:2
end_of_record
SF:src/b.js
DA:1,0
end_of_record
SF:src/a.js
DA:2,7
end_of_record
"""
LCOV_WITHOUT_LINES = "SF:a.c\nLF:10\nLH:9\nend_of_record\nSF:b.c\nLF:2\nLH:0\nend_of_record\n"
COVERAGE_PY = json.dumps(
    {
        "meta": {"version": "7.11.0", "branch_coverage": True},
        "files": {},
        "totals": {
            "covered_lines": 79,
            "num_statements": 100,
            "percent_covered": 71.2,
            "missing_lines": 21,
            "covered_branches": 3,
            "num_branches": 20,
        },
    }
)
JACOCO = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">
<report name="demo"><sessioninfo id="x" start="1" dump="2"/>
  <package name="p"><class name="p/A" sourcefilename="A.java">
    <method name="f" desc="()V" line="3"><counter type="LINE" missed="1" covered="2"/></method>
    <counter type="LINE" missed="1" covered="2"/></class>
    <counter type="LINE" missed="1" covered="2"/></package>
  <counter type="INSTRUCTION" missed="10" covered="90"/>
  <counter type="LINE" missed="1" covered="3"/>
</report>
"""
JACOCO_OF_GROUPS = """\
<report name="all">
  <group name="one"><counter type="LINE" missed="1" covered="2"/></group>
  <group name="two"><counter type="LINE" missed="3" covered="4"/></group>
</report>
"""
ISTANBUL_SUMMARY = json.dumps(
    {
        "total": {
            "lines": {"total": 40, "covered": 30, "skipped": 0, "pct": 75},
            "statements": {"total": 50, "covered": 20, "skipped": 0, "pct": 40},
        },
        "/src/a.js": {"lines": {"total": 40, "covered": 30, "skipped": 0, "pct": 75}},
    }
)


def _statement(line: int) -> dict[str, object]:
    return {"start": {"line": line, "column": 0}, "end": {"line": line, "column": 9}}


ISTANBUL_FINAL = json.dumps(
    {
        "/src/a.js": {
            "path": "/src/a.js",
            "statementMap": {"0": _statement(1), "1": _statement(1), "2": _statement(4)},
            "s": {"0": 0, "1": 3, "2": 0},
            "fnMap": {},
            "f": {},
            "branchMap": {},
            "b": {},
        },
        "/src/empty.js": {"path": "/src/empty.js", "statementMap": {}, "s": {}},
    }
)
CLOVER = """\
<?xml version="1.0" encoding="UTF-8"?>
<coverage generated="1" clover="3.2.0">
  <project timestamp="1" name="All files">
    <metrics statements="10" coveredstatements="9" conditionals="4" coveredconditionals="0"/>
    <package name="p"><metrics statements="10" coveredstatements="9"/>
      <file name="a.php"><line num="1" type="stmt" count="1"/>
        <metrics statements="10" coveredstatements="9"/></file></package>
  </project>
</coverage>
"""
GO = """\
mode: set
example.org/m/a.go:3.13,5.2 2 1
example.org/m/a.go:7.13,9.2 1 0
example.org/m/b.go:3.13,5.2 2 0
example.org/m/b.go:3.13,5.2 2 1
"""


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (COBERTURA, (7, 8, "cobertura")),
        (COBERTURA_WITHOUT_COUNTS, (2, 3, "cobertura")),
        (LCOV, (3, 4, "lcov")),
        (LCOV_WITHOUT_LINES, (9, 12, "lcov")),
        (COVERAGE_PY, (79, 100, "coverage.py")),
        (JACOCO, (3, 4, "jacoco")),
        (JACOCO_OF_GROUPS, (6, 10, "jacoco")),
        (ISTANBUL_SUMMARY, (30, 40, "istanbul")),
        (ISTANBUL_FINAL, (1, 2, "istanbul")),
        (CLOVER, (9, 10, "clover")),
        (GO, (4, 5, "go")),
    ],
)
def test_lines_are_counted_as_the_tool_counts_them(
    report: str, expected: tuple[int, int, str]
) -> None:
    assert read_coverage(report.encode()) == expected
    assert read_coverage(b"\xef\xbb\xbf" + report.encode()) == expected


@pytest.mark.parametrize(
    ("covered", "total", "threshold", "reached"),
    [
        (799, 1000, 80, False),
        (800, 1000, 80.0, True),
        (799, 1000, 79.9, True),
        (79999999, 100000000, 80, False),
        (1, 3, 33.333333, True),
        (1, 3, 33.333334, False),
        (0, 1, 0, True),
        (7, 10, 70.0, True),
        (29, 100, 29, True),
    ],
)
def test_a_threshold_is_compared_without_rounding(
    covered: int, total: int, threshold: float, reached: bool
) -> None:
    assert LineCoverage(covered, total, "lcov").reaches(threshold) is reached


def test_a_share_is_shown_in_percent() -> None:
    assert LineCoverage(7, 8, "lcov").percent == 87.5


BILLION_LAUGHS = """\
<!DOCTYPE coverage [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<coverage lines-valid="1" lines-covered="1">&b;</coverage>
"""


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("", "no known format"),
        ("hello", "no known format"),
        ("<coverage", "not XML"),
        ("<html/>", "<html> opens no known"),
        ("<coverage/>", "names no lines"),
        ("<report/>", "names no lines"),
        ('<coverage lines-valid="1" lines-covered="2"/>', "contradicts itself"),
        ('<coverage lines-valid="many" lines-covered="2"/>', "where a count is expected"),
        (BILLION_LAUGHS, "entities"),
        ("<a>" * 200, "nested"),
        ("{", "not JSON"),
        ("[" * 10, "no known format"),
        ('{"a": ' * 100_000, "not JSON"),
        ('{"a": 1}', "no known format"),
        ("{}", "names no lines"),
        ('{"totals": {"covered_lines": 1}}', "where a count is expected"),
        ('{"total": {"lines": {"total": "Unknown", "covered": 0}}}', "where a count is expected"),
        ("mode: set\nnonsense\n", "Line 2"),
        ("mode: set\n", "names no lines"),
        ("SF:a\nDA:x,1\n", "where a count is expected"),
        ("TN:\n", "names no lines"),
    ],
)
def test_a_report_that_cannot_be_read_says_why(report: str, words: str) -> None:
    with pytest.raises(UnreadableReport, match=words):
        read_coverage(report.encode())


def test_a_report_above_the_limit_is_not_read() -> None:
    with pytest.raises(UnreadableReport, match="bytes"):
        read_coverage(b" " * (MAX_BYTES + 1))


def test_the_report_is_the_one_named_or_in_the_first_usual_place() -> None:
    files = {"lcov.info", "coverage/lcov.info", "own.xml"}
    assert find_report(files) == "coverage/lcov.info"
    assert find_report(files, "own.xml") == "own.xml"


def test_a_missing_report_says_where_it_was_expected() -> None:
    with pytest.raises(MissingReport, match=r"at own\.xml; write one there"):
        find_report({"coverage.xml"}, "own.xml")
    with pytest.raises(MissingReport, match=r"coverage\.xml.*name its place"):
        find_report(set())


PROGRAM = """\
def used(flag):
    if flag:
        return 1
    return 2


def unused():
    return 3


used(True)
"""


def test_three_reports_of_the_real_tool_agree(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")

    def tool(*arguments: str) -> None:
        command = [sys.executable, "-m", "coverage", *arguments, "--rcfile=/dev/null"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)

    tool("run", "--branch", "--include=program.py", "program.py")
    for kind, name in (("xml", "coverage.xml"), ("json", "coverage.json"), ("lcov", "lcov.info")):
        tool(kind, "-o", name)
        found = read_coverage((tmp_path / name).read_bytes())
        assert (found.covered, found.total) == (5, 7)


@given(st.binary(max_size=200) | st.sampled_from([COBERTURA, LCOV, GO, CLOVER]).map(str.encode))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    try:
        found = read_coverage(content)
    except CoverageError:
        return
    assert 0 <= found.covered <= found.total


@given(st.dictionaries(st.integers(1, 50), st.integers(0, 3), min_size=1), st.data())
def test_cutting_a_report_never_ends_in_another_error(
    lines: dict[int, int], data: st.DataObject
) -> None:
    rows = "".join(f"DA:{number},{hits}\n" for number, hits in lines.items())
    whole = f"TN:\nSF:a.c\n{rows}end_of_record\n".encode()
    reached = sum(1 for hits in lines.values() if hits)
    assert read_coverage(whole)[:2] == (reached, len(lines))
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        read_coverage(cut)
    except UnreadableReport:
        return
