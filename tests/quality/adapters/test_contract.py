"""The bundled linters say the same in this process and as servers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.connections.bundled import CODE_LINTER, SECURITY_SCANNER, bundled_servers
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.security_scanner import SecurityScanner
from gitops_auditor.quality.adapters.choosing import Adapters
from gitops_auditor.quality.adapters.connected import ConnectedServer
from gitops_auditor.quality.adapters.direct import DirectLinter, DirectScanner
from tests.connections.wiring import AMBIENT, _secrets
from tests.factories.owned import owned
from tests.factories.runs import run_settings
from tests.linters.running import files_in

FAULTS = {
    "a.py": "import os\nimport os\nx=1\nprint(unknown)\n",
    "deep/er/b.py": "def (:\n",
    "clean.py": "x = 1\n",
    "run.sh": "#!/bin/sh\necho $1\n",
    "Dockerfile": "FROM alpine:latest\nRUN cd /tmp\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    "      - uses: actions/checkout@v4\n",
    "with space.py": "import sys\n",
    "ünï.py": "import sys\n",
    "secret.ini": "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfi" + "CYzTESTKEY12\n",
    "requirements.txt": "",
    "README.md": "hello\n",
}
SECONDS = 100.0


@pytest.fixture
def settings(runs_in: Path, tmp_path: Path) -> Settings:
    return load_settings({}, data_dir=tmp_path / "data", **run_settings(runs_in))


@pytest.fixture
def root(runs_in: Path) -> Path:
    folder = runs_in / "root"
    folder.mkdir()
    files_in(folder, FAULTS)
    return folder


@pytest.fixture
async def runner(settings: Settings) -> AsyncIterator[ToolRunner]:
    async with owned(Sandbox.open(settings)) as sandbox:
        yield ToolRunner(sandbox, settings)


@pytest.fixture
async def connections(settings: Settings, root: Path) -> AsyncIterator[Connections]:
    bundled = bundled_servers(settings, lambda: [root.parent])
    async with owned(Connections({}, _secrets, AMBIENT, bundled).open()) as opened:
        yield opened


def comparable(report: ScanReport) -> object:
    """All but how long it took."""
    told = json.loads(report.model_dump_json())
    for tool in told["tools"]:
        del tool["seconds"]
    return told


async def test_the_linter_says_the_same_both_ways(
    runner: ToolRunner, connections: Connections, root: Path
) -> None:
    direct = DirectLinter(CodeLinter(runner), root, SECONDS)
    connected = ConnectedServer(connections, CODE_LINTER, root, SECONDS)
    some = ["a.py", "clean.py", "run.sh", "with space.py"]
    for files in (None, some, ["clean.py"], ["README.md"], ["gone.py"], []):
        there, here = await connected.lint_files(files), await direct.lint_files(files)
        assert comparable(there) == comparable(here)
        assert there.passed is here.passed is (files == ["clean.py"])
    one, other = await connected.check_format(some), await direct.check_format(some)
    assert comparable(one) == comparable(other)
    assert one.findings
    fixed = await connected.lint_files(["a.py"], fix=True)
    assert comparable(fixed) == comparable(await direct.lint_files(["a.py"], fix=True))


async def test_the_scanner_says_the_same_both_ways(
    runner: ToolRunner, connections: Connections, root: Path
) -> None:
    direct = DirectScanner(SecurityScanner(runner), root, SECONDS)
    connected = ConnectedServer(connections, SECURITY_SCANNER, root, SECONDS)
    for files in (None, ["a.py", "secret.ini"]):
        assert comparable(await connected.scan_files(files)) == comparable(
            await direct.scan_files(files)
        )
        assert comparable(await connected.scan_secrets(files)) == comparable(
            await direct.scan_secrets(files)
        )
    assert comparable(await connected.scan_dependencies()) == comparable(
        await direct.scan_dependencies()
    )


async def test_tools_can_be_chosen_both_ways(
    runner: ToolRunner, connections: Connections, root: Path
) -> None:
    direct = DirectLinter(CodeLinter(runner), root, SECONDS, ["ruff"])
    connected = ConnectedServer(connections, CODE_LINTER, root, SECONDS, ["ruff"])
    report = await connected.lint_files(["a.py", "run.sh"])
    assert comparable(report) == comparable(await direct.lint_files(["a.py", "run.sh"]))
    assert [one.tool for one in report.tools] == ["ruff"]


async def test_what_one_refuses_is_an_error_of_the_other(
    runner: ToolRunner, connections: Connections, root: Path
) -> None:
    direct = DirectLinter(CodeLinter(runner), root, SECONDS, ["unknown"])
    with pytest.raises(InvalidRequest, match="no tool 'unknown'"):
        await direct.lint_files(["a.py"])
    connected = ConnectedServer(connections, CODE_LINTER, root, SECONDS, ["unknown"])
    (one,) = (await connected.lint_files(["a.py"])).tools
    assert one.status == "error"
    assert "no tool 'unknown'" in one.reason


async def test_gates_ask_the_bundled_ones_without_a_process_between(
    runner: ToolRunner, connections: Connections, root: Path
) -> None:
    adapters = Adapters(connections, CodeLinter(runner), SecurityScanner(runner))
    assert isinstance(await adapters.linter(CODE_LINTER, root, SECONDS), DirectLinter)
    assert isinstance(await adapters.scanner(SECURITY_SCANNER, root, SECONDS), DirectScanner)
    assert (await connections.health()).figures["servers"] == 0
