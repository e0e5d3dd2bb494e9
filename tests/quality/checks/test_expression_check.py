"""Conditions are asked of the files of the checkout, and links are not followed."""

import pytest

from gitops_auditor.quality.checks.expression_check import LARGEST_FILE, ExpressionCheck
from tests.quality.checks.subjects import Commands, gate, look


@pytest.mark.parametrize(
    ("check", "verdict", "words"),
    [
        ("README.md exists", "passed", "README.md exists"),
        ("CHANGES.md exists", "failed", "There is no CHANGES.md"),
        ("LICENSE contains /MIT/ and README.md non-empty", "passed", ""),
        ("LICENSE contains /Apache/", "failed", "no line with /Apache/"),
        ("src/*.py not contains /DRAFT/", "failed", "line 2 of src/a.py"),
        ("passwords contains /root/", "error", "passwords cannot be read"),
        ("passwords not exists", "failed", "There is passwords"),
        ("elsewhere not exists", "failed", "There is elsewhere"),
        ("elsewhere/** exists", "failed", "No file matches"),
        ("node_modules not exists", "failed", "There is node_modules/a.js"),
        (".git not exists", "passed", ""),
        ("large.txt contains /a/", "error", "too large"),
    ],
)
async def test_a_check_says_which_condition_does_not_hold(
    commands: Commands, check: str, verdict: str, words: str
) -> None:
    files: dict[str, str | bytes] = {
        "README.md": "# It\n",
        "node_modules/a.js": "",
        ".git": "gitdir: elsewhere",
        "LICENSE": "The MIT License\n",
        "src/a.py": "x = 1\n# DRAFT\n",
        "large.txt": b"b" * (LARGEST_FILE + 1),
    }
    subject = commands.subject(files)
    (subject.root / "passwords").symlink_to("/etc/passwd")
    (subject.root / "elsewhere").symlink_to("/etc")
    evidence = await look(ExpressionCheck(), gate(check=check), subject)
    assert (evidence.verdict, words in evidence.reason) == (verdict, True), evidence


async def test_what_does_not_hold_is_a_finding_with_its_place(commands: Commands) -> None:
    subject = commands.subject({"a.py": "x = 1\n# DRAFT\n"})
    asked = gate(check="a.py not contains /DRAFT/")
    (finding,) = (await look(ExpressionCheck(), asked, subject)).findings
    assert (finding.file, finding.line) == ("a.py", 2)
