"""Suites written as JUnit XML: others read the same in them, and so do we."""

from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from gitops_auditor.formats.junit import JunitCase, JunitSuite, Outcome, read_junit
from gitops_auditor.formats.junit_writing import write_junit

OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "error", "skipped")


def test_a_suite_has_its_cases_and_their_counts() -> None:
    cases = [
        JunitCase("ruff", "lint", "failed", "`os` imported\nbut unused", "a.py", 3, 0.25),
        JunitCase("biome", "lint", "error", "It was killed."),
        JunitCase("mypy", "lint"),
    ]
    written = write_junit([JunitSuite("lint", cases), JunitSuite("empty", [])])
    root = ET.fromstring(written)  # noqa: S314 - it is our own
    counts = {"tests": "3", "failures": "1", "errors": "1", "skipped": "0", "time": "0.250"}
    assert root.attrib == counts
    assert [one.attrib["name"] for one in root] == ["lint", "empty"]
    failed, broken, passed = root[0]
    assert failed.attrib == {
        "name": "ruff",
        "classname": "lint",
        "file": "a.py",
        "line": "3",
        "time": "0.250",
    }
    assert failed[0].tag == "failure"
    assert failed[0].text == "a.py:3: `os` imported\nbut unused"
    assert (broken[0].tag, broken[0].text) == ("error", "It was killed.")
    assert len(passed) == 0


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_does_not_know_are_replaced(character: str) -> None:
    case = JunitCase(f"a{character}", outcome="failed", message=f"{character}b")
    (read,) = read_junit(write_junit([JunitSuite(character, [case])])).cases
    assert (read.name, read.message) == ("a\ufffd", "\ufffdb")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"]), max_size=8)
CASES = st.builds(
    JunitCase,
    name=TEXTS,
    classname=TEXTS,
    outcome=st.sampled_from(OUTCOMES),
    message=TEXTS.map(lambda text: f"{text}\n<&'\"]]>"),
    file=TEXTS,
    line=st.none() | st.integers(1, 999),
    seconds=st.integers(0, 9_000).map(lambda thousandths: thousandths / 1000),
)
SUITES = st.lists(st.builds(JunitSuite, name=TEXTS, cases=st.lists(CASES, max_size=5)), max_size=4)


@given(SUITES)
def test_what_is_written_reads_as_the_same_cases(suites: list[JunitSuite]) -> None:
    cases = [case for suite in suites for case in suite.cases]
    report = read_junit(write_junit(suites))
    counts = Counter(case.outcome for case in cases)
    assert (report.tests, report.skipped) == (len(cases), counts["skipped"])
    assert (report.failures, report.errors) == (counts["failed"], counts["error"])
    assert [*report.cases] == [case for case in cases if case.outcome in ("failed", "error")]


@given(SUITES)
def test_another_reader_finds_the_same_cases(suites: list[JunitSuite]) -> None:
    parsed = JUnitXml.fromstring(write_junit(suites))
    found = [[(case.name, case.is_failure, case.is_error) for case in suite] for suite in parsed]
    assert found == [
        [(case.name, case.outcome == "failed", case.outcome == "error") for case in suite.cases]
        for suite in suites
    ]
