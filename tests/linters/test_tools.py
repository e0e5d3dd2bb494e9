"""The linters themselves, over small files: what they find, and what they cannot look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import pytest

from gitops_auditor.formats.findings import Severity, ToolStatus
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import Invocation, Program, Request, Tool
from gitops_auditor.linters.tools.hadolint import HADOLINT
from gitops_auditor.linters.tools.mypy import MYPY
from gitops_auditor.linters.tools.ruff import RUFF
from gitops_auditor.linters.tools.ruff_format import RUFF_FORMAT
from gitops_auditor.linters.tools.shellcheck import SHELLCHECK
from gitops_auditor.linters.tools.yamllint import YAMLLINT
from gitops_auditor.linters.tools.zizmor import ZIZMOR
from tests.linters.running import files_in, only

SECONDS: Final = 120.0
Told = tuple[str, str, int | None, Severity]

FLOW: Final = """\
name: flow
on: push
permissions: {}
jobs:
  one:
    name: one
    runs-on: ubuntu-24.04
    steps:
      - run: echo hello
"""
CLEAN: Final[Mapping[str, Mapping[str, str]]] = {
    "ruff": {"a.py": "print(1)\n", "b/c.pyi": "x: int\n"},
    "ruff-format": {"a.py": "print(1)\n", "b/c.pyi": "x: int\n"},
    "shellcheck": {"a.sh": '#!/bin/sh\necho "$1"\n', "-b.bash": "#!/bin/bash\necho 1\n"},
    "hadolint": {"Dockerfile": "FROM debian:12.1\n", "a/b.Dockerfile": "FROM debian:12.1\n"},
    "yamllint": {"a.yaml": "a: 1\n", "b.yml": "b: 1\n"},
    "zizmor": {".github/workflows/a.yml": FLOW, ".github/workflows/b.yaml": FLOW},
    "mypy": {"a.py": "x: int = 1\n", "b.py": "y: str = ''\n"},
}


@dataclass(frozen=True)
class Case:
    """Files, what a tool says of them, and files that are there but not asked about."""

    tool: Tool
    files: Mapping[str, str]
    status: ToolStatus
    findings: tuple[Told, ...] = ()
    reason: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)


WANTS_MYPY: Final = {"mypy.ini": "[mypy]\n"}
TOOLS: Final[tuple[Tool, ...]] = (
    RUFF,
    RUFF_FORMAT,
    SHELLCHECK,
    HADOLINT,
    YAMLLINT,
    ZIZMOR,
    MYPY,
)
BAD: Final = (
    Case(RUFF, {"a.py": "import os\n"}, "failed", (("F401", "a.py", 1, "medium"),)),
    Case(RUFF, {"a.py": "x = (\n"}, "failed", (("invalid-syntax", "a.py", 2, "high"),)),
    Case(RUFF_FORMAT, {"a.py": "x=1\n"}, "failed", (("unformatted", "a.py", 1, "low"),)),
    Case(
        SHELLCHECK,
        {"a.sh": "#!/bin/sh\necho $1\n"},
        "failed",
        (("SC2086", "a.sh", 2, "low"),),
    ),
    Case(
        SHELLCHECK,
        {"a.sh": "echo 1\n", "b.sh": "#!/bin/zsh\necho 1\n"},
        "failed",
        (("SC2148", "a.sh", 1, "medium"), ("SC1071", "b.sh", 1, "medium")),
    ),
    Case(
        HADOLINT,
        {"Dockerfile": "FROM debian\n", "b.Dockerfile": "FRMO debian\n"},
        "failed",
        (("DL3006", "Dockerfile", 1, "medium"), ("DL1000", "b.Dockerfile", 1, "high")),
    ),
    Case(
        HADOLINT,
        {"Dockerfile": "FROM debian\n"},
        "failed",
        (("DL3006", "Dockerfile", 1, "medium"),),
        beside={".hadolint.yaml": "no-fail: true\nfailure-threshold: none\nformat: json\n"},
    ),
    Case(
        YAMLLINT,
        {"a.yaml": "a: 1\na: 2\n", "b.yml": "b: [\n"},
        "failed",
        (("key-duplicates", "a.yaml", 2, "high"), ("syntax", "b.yml", 2, "high")),
    ),
    Case(
        ZIZMOR,
        {".github/workflows/a.yml": FLOW.replace("hello", "${{ github.event.issue.title }}")},
        "failed",
        (("template-injection", ".github/workflows/a.yml", 9, "critical"),),
    ),
    Case(
        ZIZMOR,
        {".github/workflows/a.yml": FLOW.replace("run: echo hello", "uses: foo/bar@v1")},
        "failed",
        (("unpinned-uses", ".github/workflows/a.yml", 9, "medium"),),
    ),
    Case(
        MYPY,
        {"a.py": "x: int = ''\n", "b.py": "import no_such_module\nx: int = ''\n"},
        "failed",
        (
            ("assignment", "a.py", 1, "high"),
            ("import-not-found", "b.py", 1, "low"),
            ("assignment", "b.py", 2, "low"),
        ),
        beside=WANTS_MYPY,
    ),
)
UNTOLD: Final = (
    Case(RUFF, {"a.py": "print(1)\n"}, "error", reason="ruff.toml", beside={"ruff.toml": "["}),
    Case(RUFF_FORMAT, {"a.py": "x = (\n"}, "error", reason="could not read"),
    Case(RUFF_FORMAT, {"a.py": "x = 1\n"}, "error", reason="", beside={"ruff.toml": "["}),
    Case(
        HADOLINT,
        {"Dockerfile": "FROM debian:12.1\n"},
        "error",
        reason=".hadolint.yaml",
        beside={".hadolint.yaml": "ignored: [\n"},
    ),
    Case(YAMLLINT, {"a.yaml": "a: \x01\n", "b.yaml": "b: 1\n"}, "error", reason="the end"),
    Case(YAMLLINT, {"a.yaml": "a: 1\n"}, "error", beside={".yamllint": "rules: [\n"}),
    Case(
        ZIZMOR,
        {".github/workflows/a.yml": FLOW, ".github/workflows/b.yml": "jobs: [\n"},
        "error",
        reason="b.yml",
    ),
    Case(ZIZMOR, {".github/workflows/a.yml": FLOW}, "error", beside={"zizmor.yml": "rules: [\n"}),
    Case(
        MYPY,
        {"a.py": "x = 1\n", "b.py": "x = (\n"},
        "error",
        reason="Unexpected EOF while parsing",
        beside=WANTS_MYPY,
    ),
    Case(
        MYPY,
        {"a/conftest.py": "x = 1\n", "b/conftest.py": "x = 1\n"},
        "error",
        reason="checks nothing, because of b/conftest.py: Duplicate module",
        beside=WANTS_MYPY,
    ),
    Case(
        MYPY,
        {"a.py": "x = 1\n"},
        "error",
        reason="configuration",
        beside={"mypy.ini": "[mypy]\nbogus = 1\n"},
    ),
    Case(
        MYPY,
        {"a.py": "x: int = ''\n"},
        "error",
        reason="a fault that it was shown",
        beside={"mypy.ini": "[mypy]\nignore_errors = True\n"},
    ),
)
LEFT_OUT: Final = (
    Case(RUFF, {"a.py": "import os\n"}, "skipped", beside={"ruff.toml": "exclude=['a.py']"}),
    Case(RUFF, {"a.py": "import os\n"}, "skipped", beside={"ruff.toml": "lint.exclude=['a.py']"}),
    Case(
        RUFF_FORMAT, {"a.py": "x=1\n"}, "skipped", beside={"ruff.toml": "format.exclude=['a.py']"}
    ),
    Case(YAMLLINT, {"a.yaml": "a: [\n"}, "skipped", beside={".yamllint": "ignore: a.yaml\n"}),
    Case(
        YAMLLINT,
        {"a.yaml": "a: [\n", "b.yaml": "b: 1\n"},
        "passed",
        reason="leaves out 1 of the files",
        beside={".yamllint": "extends: relaxed\nignore: [a.yaml, tmp/, '/tmp']\n"},
    ),
    Case(
        YAMLLINT,
        {"chart/templates/a.yaml": "{{ if x }}\na: [\n", "b.yaml": "b: 1\n"},
        "passed",
        reason="leaves out 1 of the files",
        beside={"chart/Chart.yaml": "name: chart\n"},
    ),
    Case(MYPY, {"a.py": "x: int = ''\n"}, "skipped", reason="no configuration"),
    Case(
        MYPY,
        {"src/a.py": "x: int = 1\n", "tests/b.py": "x: int = ''\n"},
        "passed",
        reason="leaves out 1 of the files",
        beside={"pyproject.toml": '[tool.mypy]\nfiles = ["src"]\n'},
    ),
)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_a_tool_passes_files_without_faults_and_says_how_many_there_were(
    runner: ToolRunner, root: Path, tool: Tool
) -> None:
    files_in(root, WANTS_MYPY)
    files = files_in(root, CLEAN[tool.name])
    report = only(await runner.run([tool], Request(root, files), SECONDS))
    assert (report.status, report.reason, report.files) == ("passed", "", 2)


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.tool.name)
async def test_a_tool_finds_what_is_wrong(runner: ToolRunner, root: Path, case: Case) -> None:
    files_in(root, case.beside)
    files = files_in(root, case.files)
    report = only(await runner.run([case.tool], Request(root, files), SECONDS))
    told = {(one.rule, one.file, one.line, one.severity) for one in report.findings}
    assert (report.status, report.reason) == ("failed", "")
    assert set(case.findings) <= told
    assert {one.tool for one in report.findings} == {case.tool.name}


@pytest.mark.parametrize("case", UNTOLD, ids=lambda case: case.tool.name)
async def test_a_tool_that_could_not_look_at_all_files_is_an_error(
    runner: ToolRunner, root: Path, case: Case
) -> None:
    files_in(root, case.beside)
    files = files_in(root, case.files)
    report = only(await runner.run([case.tool], Request(root, files), SECONDS))
    assert report.status == "error"
    assert case.reason in report.reason


@pytest.mark.parametrize("case", LEFT_OUT, ids=lambda case: case.tool.name)
async def test_files_that_the_repository_keeps_from_a_tool_are_left_out_and_counted(
    runner: ToolRunner, root: Path, case: Case
) -> None:
    files_in(root, case.beside)
    files = files_in(root, case.files)
    report = only(await runner.run([case.tool], Request(root, files), SECONDS))
    assert report.status == case.status, report
    assert case.reason in report.reason


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_a_file_that_is_missing_is_an_error(
    runner: ToolRunner, root: Path, tool: Tool
) -> None:
    files_in(root, WANTS_MYPY)
    files = files_in(root, CLEAN[tool.name])
    (root / files[0]).unlink()
    report = only(await runner.run([tool], Request(root, files), SECONDS))
    assert (report.status, report.reason) == ("error", f"{files[0]} does not exist.")


class Vanishing:
    """A tool, just before whose start the last file disappears."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    def command(self, program: Program, request: Request) -> Invocation:
        """As that of the tool."""
        (request.root / request.files[-1]).unlink()
        return self._tool.command(program, request)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_a_file_that_disappears_meanwhile_is_an_error(
    runner: ToolRunner, root: Path, tool: Tool
) -> None:
    files_in(root, WANTS_MYPY)
    files = files_in(root, CLEAN[tool.name])
    vanishing = cast("Tool", Vanishing(tool))
    report = only(await runner.run([vanishing], Request(root, files), SECONDS))
    assert (report.status, report.findings) == ("error", ())


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_a_file_that_is_closed_to_the_user_of_jobs_is_an_error(
    runner: ToolRunner, root: Path, tool: Tool
) -> None:
    files_in(root, WANTS_MYPY)
    files = files_in(root, CLEAN[tool.name])
    (root / files[0]).chmod(0)
    report = only(await runner.run([tool], Request(root, files), SECONDS))
    assert (report.status, report.findings) == ("error", ())


async def test_the_configuration_of_the_request_counts_for_the_tool_whose_it_is(
    runner: ToolRunner, root: Path
) -> None:
    files = files_in(root, {"a.py": "import os\n", "a.sh": '#!/bin/sh\necho "$1"\n'})
    files_in(root, {"ci/ruff.toml": "lint.ignore = ['F401']\n"})
    request = Request(root, files, "ci/ruff.toml")
    report = await runner.run([RUFF, SHELLCHECK], request, SECONDS)
    assert [one.status for one in report.tools] == ["passed", "passed"]


async def test_python_is_corrected_in_a_copy(runner: ToolRunner, root: Path) -> None:
    files = files_in(root, {"a.py": "import os\nx=1\n", "broken.py": "x = (\n"})
    obstacles = await runner.fix([RUFF, RUFF_FORMAT, SHELLCHECK], Request(root, files), SECONDS)
    assert (root / "a.py").read_text(encoding="utf-8") == "x = 1\n"
    assert len(obstacles) == 1
    assert obstacles[0].startswith("ruff-format: ")
