"""A report that a command writes counts more than its exit code, when it was really written."""

import json
from typing import Any

import pytest

from gitops_auditor.errors import JsonValue
from tests.quality.checks.subjects import Commands, gate, look

SARIF = {"format": "sarif", "path": "out.sarif"}
JUNIT = {"format": "junit", "path": "out.xml"}


def sarif(*results: JsonValue, successful: bool | None = True) -> str:
    run: dict[str, Any] = {"tool": {"driver": {"name": "scan"}}, "results": list(results)}
    if successful is not None:
        run["invocations"] = [{"executionSuccessful": successful}]
    return json.dumps({"version": "2.1.0", "runs": [run]})


def result(file: str = "a.py", level: str = "error") -> JsonValue:
    place: JsonValue = {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}
    return {
        "ruleId": "R1",
        "level": level,
        "message": {"text": "It is wrong."},
        "locations": [{"physicalLocation": place}],
    }


# What the command writes, its exit code, verdict, words of the reason.
SARIF_CASES = [
    (sarif(), 0, "passed", "0 findings"),
    (sarif(), 1, "failed", "clean, but the command ended with exit code 1"),
    (sarif(result()), 0, "failed", "1 findings are medium or worse"),
    (sarif(result()), 1, "failed", "1 findings are medium or worse"),
    (sarif(result(level="note")), 0, "passed", "1 findings"),
    (sarif(result(level="note")), 1, "passed", "1 findings"),
    (sarif(result(level="note")), 2, "failed", "exit code 2"),
    (sarif(successful=False), 0, "error", "not successful"),
    (sarif(result("other/b.py")), 1, "error", "which the repository lacks"),
    (sarif(result("../b.py")), 1, "error", "cannot be read"),
    (sarif()[:-3], 0, "error", "cannot be read"),
    ('{"version": "2.1.0", "runs": []}', 0, "error", "no runs"),
    ("{}", 0, "error", "cannot be read"),
    (" ", 0, "error", "is empty"),
]


@pytest.mark.parametrize(("content", "code", "verdict", "words"), SARIF_CASES)
async def test_a_sarif_report_is_read_before_the_exit_code(
    commands: Commands, content: str, code: int, verdict: str, words: str
) -> None:
    files = {"a.py": "X = 1\n", "written": content}
    command = f"cat written > out.sarif; exit {code}"
    evidence = await commands.run(command, files, report=SARIF)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence


async def test_a_report_that_the_command_did_not_write_is_an_error(commands: Commands) -> None:
    evidence = await commands.run("true", {"out.sarif": sarif()}, report=SARIF)
    assert evidence.verdict == "error"
    assert "older than the command" in evidence.reason
    evidence = await commands.run("exit 1", {}, report=SARIF)
    assert evidence.verdict == "error"
    assert "is missing" in evidence.reason
    assert "exit code 1" in evidence.reason


async def test_a_report_that_is_a_link_is_an_error(commands: Commands) -> None:
    files = {"kept": sarif()}
    evidence = await commands.run("ln -s kept out.sarif", files, report=SARIF)
    assert evidence.verdict == "error"
    assert "Links are not followed" in evidence.reason


async def test_a_report_on_files_that_were_not_asked_about_is_an_error(commands: Commands) -> None:
    files = {"a.py": "X = 1\n", "b.py": "X = 1\n", "written": sarif(result("b.py", "note"))}
    command = """cat written > out.sarif; : "$@" """
    evidence = await commands.run(command, files, ["a.py"], report=SARIF)
    assert evidence.verdict == "error"
    assert "was not asked about" in evidence.reason


async def test_a_known_program_that_saw_nothing_is_an_error_whatever_its_report(
    commands: Commands,
) -> None:
    command = "ruff check --output-format sarif --output-file out.sarif src"
    evidence = await commands.run(command, {"src/a.txt": ""}, report=SARIF)
    assert (evidence.verdict, "No Python files" in evidence.reason) == ("error", True)


async def test_the_report_of_a_real_program_is_judged(commands: Commands) -> None:
    command = "ruff check --output-format sarif --output-file out.sarif"
    evidence = await commands.run(command, {"src/a.py": "import os\n"}, report=SARIF)
    assert evidence.verdict == "failed"
    assert [(one.file, one.line, one.rule) for one in evidence.findings] == [
        ("src/a.py", 1, "F401")
    ]
    evidence = await commands.run(command, {"src/a.py": "X = 1\n"}, report=SARIF)
    assert evidence.verdict == "passed", evidence


JUNIT_CASES = [
    ('<testsuite tests="1"><testcase name="a"/></testsuite>', 0, "passed", "1 tests"),
    ('<testsuite tests="1"><testcase name="a"/></testsuite>', 1, "failed", "exit code 1"),
    (
        '<testsuite><testcase name="a" file="t.py"><failure message="no"/></testcase></testsuite>',
        0,
        "failed",
        "1 findings",
    ),
    ("<testsuite/>", 0, "error", "No test ran"),
    ('<testsuite tests="0"></testsuite>', 0, "error", "No test ran"),
    ('<testsuite><testcase name="a"><skipped/></testcase></testsuite>', 0, "error", "No test ran"),
    ('<testsuite tests="9"><testcase name="a"/></testsuite>', 0, "error", "cannot be read"),
    ("<html/>", 0, "error", "cannot be read"),
]


@pytest.mark.parametrize(("content", "code", "verdict", "words"), JUNIT_CASES)
async def test_a_junit_report_is_read_before_the_exit_code(
    commands: Commands, content: str, code: int, verdict: str, words: str
) -> None:
    files = {"written": content, "t.py": ""}
    command = f"cat written > out.xml; exit {code}"
    evidence = await commands.run(command, files, report=JUNIT)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence


async def test_a_command_that_was_killed_is_an_error_whatever_its_report(
    commands: Commands,
) -> None:
    subject = commands.job_subject({"written": sarif()})
    asked = gate(command="cat written > out.sarif; sleep 60", report=SARIF)
    evidence = await look(commands.confined(), asked, subject, 0.5)
    assert evidence.reason == "It did not finish within 0.5 seconds."
