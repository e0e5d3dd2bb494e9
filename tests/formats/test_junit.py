"""JUnit XML: what tools write, what contradicts itself, and what is too much."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.junit import (
    MAX_BYTES,
    MAX_DEPTH,
    MOST_CHARACTERS,
    JunitCase,
    JunitReport,
    UnreadableJunit,
    read_junit,
)

NODE = """<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="a" disabled="0" errors="0" tests="3" failures="2" skipped="0">
    <testsuite name="inner" tests="2" failures="1" errors="0" skipped="0">
      <testcase name="x" time="0.5" classname="test"><failure message="1 == 2">x</failure>
      </testcase>
      <testcase name="y" time="0.1" classname="test"/>
    </testsuite>
    <testcase name="ok" time="0.000090" classname="test"/>
    <testcase name="bad" classname="test" file="a.mjs" line="7"><failure>
       not equal
    </failure></testcase>
  </testsuite>
  <testcase name="b" classname="test"><skipped type="todo" message="true"/></testcase>
</testsuites>
"""
GOOGLE_TEST = """<testsuites tests="3" failures="0" disabled="1" errors="0" time="0.1">
  <testsuite name="S" tests="3" failures="0" disabled="1" skipped="1" errors="0">
    <testcase name="Runs" status="run" result="completed" time="0." classname="S" />
    <testcase name="Off" status="notrun" result="suppressed" time="0." classname="S" />
    <testcase name="Left" status="run" result="skipped" classname="S"><skipped/></testcase>
  </testsuite>
</testsuites>
"""


def suite(cases: str, **stated: object) -> bytes:
    attributes = "".join(f' {name}="{value}"' for name, value in stated.items())
    return f"<testsuite{attributes}>{cases}</testsuite>".encode()


def refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableJunit, match=reason):
        read_junit(content)


def test_a_report_of_pytest_is_read(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef torn():\n    yield\n    raise RuntimeError('torn')\n"
        "def test_passes(): pass\n"
        "def test_fails(torn): assert 1 == 2\n"
        "def test_breaks(missing): pass\n"
        "def test_is_torn(torn): pass\n"
        "@pytest.mark.skip\ndef test_skipped(): pass\n"
        "@pytest.mark.xfail\ndef test_expected(): assert 0\n",
        "utf-8",
    )
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml"]
    environment = {"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(
        argv, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False
    )
    report = read_junit((tmp_path / "report.xml").read_bytes())
    assert (report.tests, report.failures, report.errors, report.skipped) == (7, 1, 3, 2)
    assert [(case.name, case.outcome) for case in report.cases] == [
        ("test_fails", "failed"),
        ("test_fails", "error"),
        ("test_breaks", "error"),
        ("test_is_torn", "error"),
    ]
    assert report.cases[0].message.startswith("assert 1 == 2")
    assert report.cases[0].classname == "test_it"


def test_a_report_of_node_is_read_with_nested_suites_and_cases_outside_of_any() -> None:
    assert read_junit(NODE.encode()) == JunitReport(
        tests=5,
        failures=2,
        errors=0,
        skipped=1,
        cases=(
            JunitCase("x", "test", "failed", "1 == 2", seconds=0.5),
            JunitCase("bad", "test", "failed", "not equal", "a.mjs", 7),
        ),
    )


def test_a_report_of_google_test_is_read_and_disabled_tests_are_skipped() -> None:
    report = read_junit(GOOGLE_TEST.encode())
    assert (report.tests, report.failures, report.errors, report.skipped) == (3, 0, 0, 2)


def test_a_report_without_tests_says_so() -> None:
    for content in (b"<testsuites/>", suite("", tests=0, failures=0)):
        assert read_junit(content) == JunitReport(0, 0, 0, 0, ())


def test_a_case_that_failed_and_broke_is_an_error() -> None:
    cases = '<testcase name="a"><failure message="f"/><error message="e"/></testcase>'
    for stated in ({"failures": 1, "errors": 1}, {"failures": 0, "errors": 1}, {"tests": 1}):
        report = read_junit(suite(cases, **stated))
        assert (report.failures, report.errors) == (0, 1)
        assert report.cases[0].message == "e"


def test_several_failures_of_one_case_are_one() -> None:
    cases = '<testcase name="a"><failure message="f"/><failure message="g"/></testcase>'
    for failures in (1, 2):
        report = read_junit(suite(cases, tests=1, failures=failures))
        assert (report.tests, report.failures) == (1, 1)


def test_times_and_lines_that_are_none_do_not_matter() -> None:
    for time, seconds in (("1,234.5", 1234.5), ("soon", 0.0), ("nan", 0.0), ("-1", 0.0)):
        cases = f'<testcase name="a" time="{time}" line="0"><failure/></testcase>'
        (case,) = read_junit(suite(cases)).cases
        assert (case.seconds, case.line, case.message) == (seconds, None, "")


def test_long_messages_are_cut_off() -> None:
    cases = f'<testcase name="a"><failure>{"x" * 9_000}</failure></testcase>'
    assert len(read_junit(suite(cases)).cases[0].message) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"tests": 3}, "tests=3, but shows 2"),
        ({"tests": 1}, "tests=1, but shows 2"),
        ({"failures": 2}, "failures=2, but shows 1"),
        ({"failures": 0}, "failures=0, but shows 1"),
        ({"errors": 1}, "errors=1, but shows 0"),
        ({"skipped": 1}, "skipped=1, but shows 0"),
        ({"tests": "many"}, "no count"),
        ({"tests": -2}, "no count"),
        ({"failures": ""}, "no count"),
    ],
)
def test_counts_that_contradict_the_cases_are_refused(
    stated: dict[str, object], reason: str
) -> None:
    cases = '<testcase name="a"/><testcase name="b"><failure/></testcase>'
    refused(suite(cases, **stated), reason)
    inner = suite(cases).decode()
    attributes = "".join(f' {name}="{value}"' for name, value in stated.items())
    refused(f"<testsuites{attributes}>{inner}</testsuites>".encode(), reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not XML"),
        (b"{}", "not XML"),
        (b"<testsuite>", "not XML"),
        (b"<testsuite/><testsuite/>", "not XML"),
        (b"<html/>", "<html> opens no JUnit"),
        (b"<j:testsuite xmlns:j='u'/>", "opens no JUnit"),
        (b"<testsuite><testcase/><group><testcase/></group></testsuite>", "stands in <group>"),
        (b"<testsuite><group><testsuite/></group></testsuite>", "stands in <group>"),
        (b"<testsuite><error/></testsuite>", "stands in <testsuite>"),
        (b"<testsuite><testcase><testcase/></testcase></testsuite>", "stands in <testcase>"),
        (b"<testsuite><testcase><a><failure/></a></testcase></testsuite>", "stands in <a>"),
        (b"<?xml version='1.0' encoding='no-such'?><testsuite/>", "encoding"),
        (b"<testsuite>" * (MAX_DEPTH + 1), "nested more"),
        (b" " * (MAX_BYTES + 1), "bytes"),
    ],
)
def test_what_is_no_whole_report_is_refused(content: bytes, reason: str) -> None:
    refused(content, reason)


def test_entities_that_grow_are_refused_before_they_do() -> None:
    laughs = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10 if at else "lol"}">' for at in range(9))
    bomb = f"<!DOCTYPE t [{laughs}]><testsuite><testcase name='&l8;'/></testsuite>"
    refused(bomb.encode(), "document type")


def test_entities_that_name_files_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", "utf-8")
    for declared in (f'[<!ENTITY x SYSTEM "{secret.as_uri()}">]', f'SYSTEM "{secret.as_uri()}"'):
        content = f"<!DOCTYPE t {declared}><testsuite><testcase name='a'/></testsuite>"
        refused(content.encode(), "document type")


@given(st.integers(0, len(NODE.rstrip().encode()) - 1))
def test_a_report_that_was_cut_off_is_never_read(end: int) -> None:
    with pytest.raises(UnreadableJunit):
        read_junit(NODE.encode()[:end])


@given(st.binary(max_size=80) | st.text("<>/testsuiteca &;'=\"!", max_size=80).map(str.encode))
def test_bytes_of_any_kind_are_read_or_refused_in_a_sentence(content: bytes) -> None:
    try:
        report = read_junit(content)
    except UnreadableJunit as refusal:
        assert str(refusal).endswith(".")
        return
    assert report.tests == content.count(b"<testcase")


@given(st.lists(st.sampled_from(["", "<failure/>", "<error/>", "<skipped/>"]), min_size=1))
def test_a_case_that_is_missing_from_a_suite_that_counts_is_noticed(results: list[str]) -> None:
    cases = [f"<testcase>{result}</testcase>" for result in results]
    stated = {"tests": len(cases), "failures": results.count("<failure/>")}
    assert read_junit(suite("".join(cases), **stated)).tests == len(cases)
    refused(suite("".join(cases[1:]), **stated), "but shows")
