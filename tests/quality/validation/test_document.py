"""The gate file of the design document, asked of a repository that deserves to pass and of one that
does not.
"""

from typing import NamedTuple

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import QualityReport
from tests.factories.gates import ACTOR, GatedProject
from tests.factories.git import commit, git
from tests.factories.npm_tools import FOLDER, npm_tool
from tests.factories.runs import Project
from tests.factories.terminal import ROOT

EXAMPLE = (ROOT / "examples" / "quality-gates.yaml").read_text("utf-8")
PHASES: tuple[GateType, ...] = ("pre_commit", "pre_merge", "pre_deploy")
PIPELINE = """name: Integration Tests
stages: [{name: test, jobs: [{name: start, script: SCRIPT}]}]
"""
LCOV = "SF:app.py\nDA:1,1\nDA:2,HITS\nLF:2\nLH:COVERED\nend_of_record\n"
GOOD = {
    ".gitops/quality-gates.yaml": EXAMPLE,
    ".gitops/pipelines/integration.yaml": PIPELINE.replace("SCRIPT", "grep -q add app.py"),
    ".prettierignore": ".gitops/\n",
    "README.md": "# Adder\n\nAdds numbers.\n",
    "app.py": 'def add(left: int, right: int) -> int:\n    """Add."""\n    return left + right\n',
    "app.js": 'export const greeting = "hello";\n',
    "coverage/lcov.info": LCOV.replace("HITS", "1").replace("COVERED", "2"),
    "benchmarks.json": '{ "add": 1.0 }\n',
}
BAD = {
    **{path: text for path, text in GOOD.items() if path != "README.md"},
    ".gitops/pipelines/integration.yaml": PIPELINE.replace("SCRIPT", "grep subtract app.py"),
    "app.py": (
        "import subprocess\n\n\ndef add(x):\n    subprocess.call(x, shell=True)\n"
        "    return undefined\n"
    ),
    "app.js": "export  const greeting='hello'\n",
    "coverage/lcov.info": LCOV.replace("HITS", "0").replace("COVERED", "1"),
    "benchmarks.json": '{ "add": 2.0 }\n',
}


class Wrong(NamedTuple):
    """A part of a gate's reason, the place and rule of a finding, and what to do."""

    reason: str
    place: tuple[str, int | None, str] | None
    fix: str


WRONG = {
    "Code Linting": Wrong("1 finding is high", ("app.py", 6, "F821"), "Run: ruff rule F821"),
    "Format Check": Wrong(
        "exit code 1", ("app.js", None, "prettier"), "Run: prettier --write app.js"
    ),
    "Test Coverage": Wrong(
        "less than the 80 %", ("app.py", 2, "uncovered-lines"), "Write a test that reaches these"
    ),
    "Security Scan": Wrong(
        "1 finding is medium", ("app.py", 5, "B602"), "Pass a list of arguments"
    ),
    "Documentation": Wrong(
        "There is no README.md.", ("", None, "exists"), "Make it so that README.md exists."
    ),
    "Performance Test": Wrong(
        "worse than v1.0.0 by more than 10 %", ("", None, "add"), "Find what made the figures worse"
    ),
    "Integration Tests": Wrong(
        "failed. test/start: It ended with exit code 1.", None, "Call explain_failure for the run"
    ),
}
"""What each gate says of BAD."""


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """prettier, as one that is installed for everybody."""
    _, environment = npm_tool("prettier")
    monkeypatch.setenv("PATH", environment["PATH"])
    folders = (*settings.job_folders, FOLDER.parent)
    return settings.model_copy(update={"job_folders": folders})


@pytest.fixture
def gated(project: Project) -> GatedProject:
    return GatedProject(project.services, project.path, project.repository_id)


async def released(gated: GatedProject) -> None:
    """A release with its figures."""
    await commit(gated.path, {})
    await git(gated.path, "tag", "v1.0.0")
    async with gated.services.audit.operation(ACTOR, "record_baseline", {}):
        await gated.services.quality.baselines.record(
            gated.repository_id, "v1.0.0", "", {"add": 1.0}, ACTOR
        )


async def all_phases(gated: GatedProject) -> dict[GateType, QualityReport]:
    return {phase: await gated.validate(gate_type=phase) for phase in PHASES}


async def test_a_repository_that_deserves_it_passes_every_phase(gated: GatedProject) -> None:
    await released(gated)
    await commit(gated.path, GOOD)
    for phase, report in (await all_phases(gated)).items():
        assert (report.status, report.passed) == ("passed", True), (phase, report.reason)


async def test_a_repository_that_does_not_fails_every_gate_and_says_why(
    gated: GatedProject,
) -> None:
    await released(gated)
    await commit(gated.path, BAD)
    reports = await all_phases(gated)
    for phase, report in reports.items():
        assert (report.status, report.passed) == ("failed", False), (phase, report.reason)
    results = {one.gate: one for report in reports.values() for one in report.gates}
    assert {name: one.status for name, one in results.items()} == dict.fromkeys(WRONG, "failed")
    for name, wrong in WRONG.items():
        result = results[name]
        assert wrong.reason in result.reason
        assert wrong.place is None or wrong.place in map(place, result.findings), name
        advice = [result.fix, *(one.fix for one in result.findings)]
        assert any(one.startswith(wrong.fix) for one in advice), (name, advice)
        assert all(one.fix for one in result.findings if one.file), name


def place(finding: Finding) -> tuple[str, int | None, str]:
    return finding.file, finding.line, finding.rule
