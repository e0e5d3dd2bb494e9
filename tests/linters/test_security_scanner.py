"""The bundled scanners in this process."""

from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.security_scanner import SecurityScanner
from gitops_auditor.linters.tools import ALL_SCANNERS
from tests.linters.running import files_in

FAULTS = {
    "a.py": "import subprocess\nsubprocess.run('ls ' + input(), shell=True)\n",
    "settings.ini": "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfi" + "CYzTESTKEY12\n",
}


@pytest.fixture
def scanner(runner: ToolRunner) -> SecurityScanner:
    return SecurityScanner(runner)


def of_purpose(purpose: str) -> list[str]:
    return [tool.name for tool in ALL_SCANNERS if tool.purpose == purpose]


async def test_each_question_is_for_the_tools_of_its_purpose(
    scanner: SecurityScanner, root: Path
) -> None:
    files_in(root, {"notes.txt": "nothing\n"})
    static = await scanner.scan_files(root)
    secrets = await scanner.scan_secrets(root)
    dependencies = await scanner.scan_dependencies(root)
    for report, purpose in ((static, "static"), (secrets, "secrets")):
        assert [one.tool for one in report.tools] == of_purpose(purpose)
    assert [one.tool for one in dependencies.tools] == of_purpose("dependencies")
    assert {one.status for one in dependencies.tools} == {"skipped"}
    assert not dependencies.passed


async def test_files_can_be_scanned_for_both_at_once(scanner: SecurityScanner, root: Path) -> None:
    files_in(root, FAULTS)
    report = await scanner.scan_files(root, parts=["static", "secrets"])
    assert {one.tool for one in report.tools} == {*of_purpose("static"), *of_purpose("secrets")}
    assert not report.passed


async def test_a_planted_fault_never_passes(scanner: SecurityScanner, root: Path) -> None:
    files_in(root, FAULTS)
    static = await scanner.scan_files(root)
    secrets = await scanner.scan_secrets(root)
    for report in (static, secrets):
        assert not report.passed
        assert {one.status for one in report.tools} & {"failed", "error"}


async def test_a_tool_of_another_purpose_is_not_known(scanner: SecurityScanner, root: Path) -> None:
    (name,) = of_purpose("static")[:1]
    with pytest.raises(InvalidRequest, match=f"no tool '{name}'"):
        await scanner.scan_secrets(root, tools=[name])


async def test_every_scanner_is_listed(scanner: SecurityScanner) -> None:
    listed = await scanner.list_scanners()
    assert [one.name for one in listed] == [tool.name for tool in ALL_SCANNERS]
    assert all(one.installed or one.hint for one in listed)
