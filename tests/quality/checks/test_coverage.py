"""Coverage is taken from a report of this repository, in this state, or not at all."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gitops_auditor.quality.checks.coverage import CoverageCheck
from gitops_auditor.quality.checks.ports import MeasuredCoverage
from gitops_auditor.quality.checks.producing import Producer
from gitops_auditor.quality.gate import Gate
from tests.factories.git import write_files
from tests.quality.checks.subjects import COMMIT, Commands, gate, look

TEN_LINES = "x = 1\n" * 10


def lcov(files: Mapping[str, Mapping[int, int]]) -> str:
    rows = []
    for path, hits in files.items():
        lines = "".join(f"DA:{line},{count}\n" for line, count in hits.items())
        rows.append(f"SF:{path}\n{lines}end_of_record\n")
    return "".join(rows)


def reached(covered: int, total: int) -> dict[int, int]:
    return {line: int(line <= covered) for line in range(1, total + 1)}


@dataclass
class Measured:
    """What a pipeline measured, and what git says changed."""

    found: MeasuredCoverage | None = None
    changed: Mapping[str, Collection[int]] | None = None

    async def measured(self, repository_id: str, commit: str) -> MeasuredCoverage | None:
        assert (repository_id, commit) == ("r1", COMMIT)
        return self.found

    async def changed_lines(
        self, repository_id: str, base: str, commit: str
    ) -> Mapping[str, Collection[int]]:
        assert (repository_id, base, commit) == ("r1", "ba5e", COMMIT)
        return self.changed or {}


def checker(commands: Commands, measured: Measured | None = None) -> CoverageCheck:
    known = measured or Measured()
    return CoverageCheck(Producer(commands.check().lines), known, known)


ASKED = gate(minimum=80)


@pytest.mark.parametrize(
    ("covered", "verdict", "words"),
    [(8, "passed", "80.00 %"), (7, "failed", "70.00 % of lines (7 of 10, lcov.info)")],
)
async def test_the_share_of_lines_is_compared_exactly(
    commands: Commands, covered: int, verdict: str, words: str
) -> None:
    subject = commands.subject(
        {"a.py": TEN_LINES, "lcov.info": lcov({"a.py": reached(covered, 10)})}
    )
    evidence = await look(checker(commands), ASKED, subject)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True)
    assert evidence.metrics["coverage_percent"] == covered * 10.0
    assert evidence.metrics["source"] == "checkout"


async def test_failing_shows_the_files_with_the_most_uncovered_lines(commands: Commands) -> None:
    files = {"a.py": reached(5, 10), "b/c.py": reached(2, 10), "d.py": reached(10, 10)}
    content = {**dict.fromkeys(files, TEN_LINES), "lcov.info": lcov(files)}
    evidence = await look(checker(commands), ASKED, commands.subject(content))
    assert [(one.file, one.line, one.message) for one in evidence.findings] == [
        ("b/c.py", 3, "8 of 10 lines are not covered."),
        ("a.py", 6, "5 of 10 lines are not covered."),
    ]


GOOD = lcov({"a.py": reached(10, 10)})


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no coverage report"),
        ({"lcov.info": "nonsense"}, "no known format"),
        ({"lcov.info": "SF:a.py\nend_of_record\n"}, "names no lines"),
        ({"lcov.info": lcov({"other.py": reached(9, 9)})}, "none of the repository's files"),
        ({"lcov.info": lcov({"x/a.py": reached(9, 9)})}, "none of the repository's files"),
        ({"lcov.info": lcov({"a.py": reached(50, 50)})}, "of another version"),
        ({"lcov.info": "SF:a.py\nLF:10\nLH:10\nend_of_record\n"}, "names no files"),
        (
            {"coverage.xml": '<coverage lines-valid="9" lines-covered="9"></coverage>'},
            "names no files",
        ),
        (
            {
                "coverage.xml": '<coverage lines-valid="9" lines-covered="9"><packages><package>'
                '<classes><class filename="a.py"><lines><line number="1" hits="0"/></lines></class>'
                "</classes></package></packages></coverage>"
            },
            "contradicts itself",
        ),
    ],
)
async def test_a_report_that_cannot_be_trusted_is_an_error(
    commands: Commands, files: dict[str, str], words: str
) -> None:
    evidence = await look(checker(commands), ASKED, commands.subject({"a.py": TEN_LINES, **files}))
    assert (evidence.verdict, words in evidence.reason) == ("error", True), evidence
    assert evidence.fix


async def test_files_of_elsewhere_do_not_count(commands: Commands) -> None:
    content = lcov({"a.py": reached(1, 10), "/usr/lib/b.py": reached(1000, 1000)})
    subject = commands.subject({"a.py": TEN_LINES, "lcov.info": content})
    evidence = await look(checker(commands), ASKED, subject)
    assert evidence.verdict == "failed"
    assert evidence.metrics["coverage_percent"] == 10.0
    assert evidence.metrics["foreign_files"] == ["/usr/lib/b.py"]


@pytest.mark.parametrize(
    ("named", "file"),
    [
        ("m.py", "src/pkg/m.py"),
        ("pkg/m.py", "src/pkg/m.py"),
        ("/home/ci/project/src/m.py", "src/m.py"),
        ("C:\\work\\src\\m.py", "src/m.py"),
        ("example.org/mod/m.go", "m.go"),
        ("./src/m.py", "src/m.py"),
    ],
)
async def test_files_are_found_however_the_report_names_them(
    commands: Commands, named: str, file: str
) -> None:
    content = lcov({named: reached(4, 10)})
    subject = commands.subject({file: TEN_LINES, "lcov.info": content})
    evidence = await look(checker(commands), ASKED, subject)
    assert [one.file for one in evidence.findings] == [file]


async def test_statements_of_go_count_as_go_counts_them(commands: Commands) -> None:
    profile = "mode: set\nexample.org/m/a.go:1.1,2.2 20 1\nexample.org/m/a.go:3.1,9.2 1 0\n"
    subject = commands.subject({"a.go": "x\n" * 10, "cover.out": profile})
    evidence = await look(checker(commands), ASKED, subject)
    assert (evidence.verdict, evidence.metrics["covered_lines"]) == ("passed", 20)


async def test_a_gate_about_some_files_counts_only_those(commands: Commands) -> None:
    content = lcov({"src/a.py": reached(9, 10), "old/b.py": reached(0, 10)})
    files = {"src/a.py": TEN_LINES, "old/b.py": TEN_LINES, "lcov.info": content}
    asked = gate(minimum=80, files=["src/**"])
    evidence = await look(checker(commands), asked, commands.subject(files))
    assert (evidence.verdict, evidence.metrics["coverage_percent"]) == ("passed", 90.0)
    nothing = gate(minimum=80, files=["lib/**"])
    evidence = await look(checker(commands), nothing, commands.subject(files))
    assert evidence.verdict == "error"


async def test_the_report_of_the_users_folder_counts_while_it_is_newer(
    commands: Commands, tmp_path: Path
) -> None:
    write_files(tmp_path, {"a.py": TEN_LINES, "lcov.info": GOOD})
    subject = replace(commands.subject({"a.py": TEN_LINES}), worktree=tmp_path)
    evidence = await look(checker(commands), ASKED, subject)
    assert (evidence.verdict, evidence.metrics["source"]) == ("passed", "worktree")
    report = (tmp_path / "lcov.info").stat()
    os.utime(tmp_path / "a.py", ns=(report.st_mtime_ns + 1, report.st_mtime_ns + 1))
    evidence = await look(checker(commands), ASKED, subject)
    assert evidence.verdict == "error"
    assert evidence.reason == "lcov.info is older than a.py; run the tests again."


async def test_a_real_run_of_tests_is_measured(commands: Commands) -> None:
    pytest.importorskip("pytest_cov")
    files = {
        "m.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
        "test_m.py": "from m import f\n\n\ndef test_f():\n    assert f(1) == 1\n",
    }
    command = "pytest -q --cov=m --cov-report=xml"
    subject = commands.subject(files)
    evidence = await look(checker(commands), gate(minimum=75, command=command), subject)
    assert evidence.verdict == "passed", evidence
    assert evidence.metrics["coverage_percent"] == 75.0
    assert evidence.metrics["source"] == "command"
    evidence = await look(checker(commands), gate(minimum=76, command=command), subject)
    assert [(one.file, one.line) for one in evidence.findings] == [("m.py", 4)]


@pytest.mark.parametrize(
    ("command", "verdict", "words"),
    [
        ("true", "error", "wrote no coverage report"),
        ("exit 1", "failed", "exit code 1"),
        ("no-such-program", "error", "not installed"),
        ("pytest", "error", "collected 0 items"),
    ],
)
async def test_a_report_from_before_the_command_does_not_count(
    commands: Commands, command: str, verdict: str, words: str
) -> None:
    subject = commands.subject({"a.py": TEN_LINES, "lcov.info": GOOD})
    evidence = await look(checker(commands), gate(minimum=80, command=command), subject)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence


async def test_what_a_pipeline_measured_counts_when_there_is_no_report(commands: Commands) -> None:
    subject = commands.subject({"a.py": TEN_LINES})
    for covered, verdict in ((8, "passed"), (7, "failed"), (11, "error")):
        measured = Measured(MeasuredCoverage(covered, 10, "job test of run 7"))
        evidence = await look(checker(commands, measured), ASKED, subject)
        assert evidence.verdict == verdict
        assert "job test of run 7" in evidence.reason
    measured = Measured(MeasuredCoverage(10, 10, "job test"))
    evidence = await look(checker(commands, measured), gate(new_code_minimum=80), subject)
    assert evidence.verdict == "error"


NEW = gate(new_code_minimum=80)
BOTH = gate(minimum=10, new_code_minimum=80)
LONG = "x = 1\n" * 60


@pytest.mark.parametrize(
    ("asked", "changed", "covered", "verdict", "words"),
    [
        (NEW, range(1, 41), 40, "passed", "100.00 % of new code"),
        (NEW, range(1, 41), 31, "failed", "77.50 % of new code (31 of 40)"),
        (NEW, range(1, 11), 0, "skipped", "judged from 20 lines"),
        (BOTH, range(1, 11), 30, "passed", "judged from 20 lines"),
        (BOTH, range(1, 41), 20, "failed", "50.00 % of new code"),
        (NEW, (), 0, "skipped", "0 lines"),
    ],
)
async def test_new_code_is_judged_by_the_lines_that_changed(
    commands: Commands, asked: Gate, changed: range, covered: int, verdict: str, words: str
) -> None:
    files = {"a.py": LONG, "lcov.info": lcov({"a.py": reached(covered, 60)})}
    subject = commands.subject(files, base="ba5e")
    measured = Measured(changed={"a.py": changed})
    evidence = await look(checker(commands, measured), asked, subject)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence


async def test_uncovered_new_lines_are_named(commands: Commands) -> None:
    files = {"a.py": LONG, "lcov.info": lcov({"a.py": reached(22, 60)})}
    subject = commands.subject(files, base="ba5e")
    measured = Measured(changed={"a.py": range(1, 31)})
    (finding,) = (await look(checker(commands, measured), NEW, subject)).findings
    assert (finding.file, finding.line) == ("a.py", 23)
    assert "23, 24, 25" in finding.message


async def test_without_a_base_new_code_is_not_told(commands: Commands) -> None:
    files = {"a.py": TEN_LINES, "lcov.info": GOOD}
    evidence = await look(checker(commands), NEW, commands.subject(files))
    assert (evidence.verdict, "no base" in evidence.reason) == ("skipped", True)


async def test_a_report_that_leads_elsewhere_is_refused(commands: Commands) -> None:
    subject = commands.subject({"a.py": TEN_LINES, "kept": GOOD})
    (subject.root / "lcov.info").symlink_to("kept")
    with pytest.raises(Exception, match="Links are not followed"):
        await look(checker(commands), ASKED, subject)
