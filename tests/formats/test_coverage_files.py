"""The lines of reports are told file by file, and agree with the counts of the whole."""

import json

import pytest

from gitops_auditor.formats.coverage import read_coverage
from gitops_auditor.formats.coverage_files import read_files
from gitops_auditor.formats.coverage_reading import UnreadableReport
from tests.formats.test_coverage import (
    BILLION_LAUGHS,
    COBERTURA,
    COBERTURA_WITHOUT_COUNTS,
    GO,
    ISTANBUL_FINAL,
    ISTANBUL_SUMMARY,
    JACOCO,
    LCOV,
)

COVERAGE_PY = json.dumps(
    {
        "totals": {"covered_lines": 2, "num_statements": 3},
        "files": {"a/m.py": {"executed_lines": [1, 4], "missing_lines": [7]}},
    }
)
JACOCO_WITH_LINES = JACOCO.replace(
    "</package>",
    '<sourcefile name="A.java"><line nr="3" mi="0" ci="2"/><line nr="4" mi="1" ci="0"/>'
    "</sourcefile></package>",
)
CLOVER = """\
<coverage><project><metrics statements="2" coveredstatements="1"/><package name="p">
<file name="a.php" path="/src/p/a.php"><line num="1" type="method" count="1"/>
<line num="2" type="stmt" count="3"/><line num="5" type="stmt" count="0"/></file>
</package></project></coverage>
"""


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (COBERTURA, {"a/m.py": {1: 1, 2: 0}}),
        (COBERTURA_WITHOUT_COUNTS, {"A.java": {1: 4, 2: 1, 3: 0}}),
        (LCOV, {"src/a.js": {1: 5, 2: 7, 3: 1}, "src/b.js": {1: 0}}),
        (COVERAGE_PY, {"a/m.py": {1: 1, 4: 1, 7: 0}}),
        (JACOCO_WITH_LINES, {"p/A.java": {3: 2, 4: 0}}),
        (ISTANBUL_FINAL, {"/src/a.js": {1: 3, 4: 0}, "/src/empty.js": {}}),
        (CLOVER, {"/src/p/a.php": {2: 3, 5: 0}}),
        (
            GO,
            {
                "example.org/m/a.go": {3: 1, 4: 1, 5: 1, 7: 0, 8: 0, 9: 0},
                "example.org/m/b.go": {3: 1, 4: 1, 5: 1},
            },
        ),
    ],
)
def test_each_line_has_its_count(report: str, expected: dict[str, dict[int, int]]) -> None:
    assert {one.path: dict(one.hits) for one in read_files(report.encode())} == expected


def test_a_summary_has_counts_and_no_lines() -> None:
    assert read_files(ISTANBUL_SUMMARY.encode()) == [("/src/a.js", 30, 40, {})]


@pytest.mark.parametrize("report", [COBERTURA_WITHOUT_COUNTS, LCOV, COVERAGE_PY, ISTANBUL_FINAL])
def test_files_add_up_to_the_whole(report: str) -> None:
    files, whole = read_files(report.encode()), read_coverage(report.encode())
    assert sum(one.covered for one in files) == whole.covered
    assert sum(one.total for one in files) == whole.total


@pytest.mark.parametrize(
    "report",
    [
        BILLION_LAUGHS,
        "<coverage>",
        "<a>" * 200,
        "{",
        '{"totals": {}, "files": {"a": {"executed_lines": 1, "missing_lines": []}}}',
        "SF:a\nDA:x,1\n",
        "mode: set\na.go:1.1,99999999.2 1 1\n",
    ],
)
def test_what_cannot_be_read_is_refused(report: str) -> None:
    with pytest.raises(UnreadableReport):
        read_files(report.encode())
