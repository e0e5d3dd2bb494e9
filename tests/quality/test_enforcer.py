"""The enforcer of the design document, with the bundled linter and with MCP servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, cast

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.connections.bundled import CODE_LINTER, bundled_servers
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import Refused
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.security_scanner import SecurityScanner
from gitops_auditor.quality.adapters.choosing import Adapters
from gitops_auditor.quality.adapters.connected import ConnectedServer
from gitops_auditor.quality.adapters.direct import DirectLinter
from gitops_auditor.quality.adapters.protocol import Linter
from gitops_auditor.quality.enforcer import QualityGateEnforcer, QualityResult
from tests.connections.wiring import AMBIENT, _secrets, connected
from tests.factories.gates import gate_settings
from tests.factories.npm_tools import FOLDER, npm_tool
from tests.factories.owned import owned
from tests.fakes import foreign_server
from tests.linters.running import files_in

SECONDS = 60.0
FILES = {
    "good.py": "x = 1\n",
    "ugly.py": "x=1\n",
    "bad.py": "print(undefined)\n",
    "good.js": 'export const greeting = "hello";\n',
    "bad.js": "debugger\n",
    "notes.txt": "hello\n",
}
ESLINT = 'module.exports = [{rules: {"no-debugger": "error"}}];\n'
Way = Literal["in this process", "as a server"]


@pytest.fixture
def settings(runs_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return load_settings({}, data_dir=tmp_path / "data", **gate_settings(runs_in, monkeypatch))


@pytest.fixture
def root(runs_in: Path) -> Path:
    folder = runs_in / "root"
    folder.mkdir()
    files_in(folder, FILES)
    return folder


@asynccontextmanager
async def bundled(settings: Settings, root: Path, way: Way) -> AsyncIterator[Linter]:
    if way == "in this process":
        async with Sandbox.open(settings) as sandbox:
            yield DirectLinter(CodeLinter(ToolRunner(sandbox, settings)), root, SECONDS, ["ruff"])
        return
    servers = bundled_servers(settings, lambda: [root.parent])
    async with Connections({}, _secrets, AMBIENT, servers).open() as connections:
        yield ConnectedServer(connections, CODE_LINTER, root, SECONDS, ["ruff"])


@pytest.fixture(params=["in this process", "as a server"])
async def enforcer(
    settings: Settings, root: Path, request: pytest.FixtureRequest
) -> AsyncIterator[QualityGateEnforcer]:
    async with owned(bundled(settings, root, request.param)) as linter:
        yield QualityGateEnforcer(linter, config=None, formatter="ruff")


async def test_files_pass_when_they_are_clean_and_formatted(enforcer: QualityGateEnforcer) -> None:
    clean = await enforcer.enforce_pre_commit(["good.py"])
    assert (clean.passed, clean.score) == (True, 100.0)
    assert {name: one.tools[0].tool for name, one in clean.details.items()} == {
        "linting": "ruff",
        "formatting": "ruff-format",
    }
    ugly = await enforcer.enforce_pre_commit(["good.py", "ugly.py"])
    assert ugly.details["linting"].passed
    assert [one.file for one in ugly.details["formatting"].findings] == ["ugly.py"]
    bad = await enforcer.enforce_pre_commit(["good.py", "ugly.py", "bad.py"])
    assert [one.rule for one in bad.details["linting"].findings] == ["F821"]
    assert (ugly.passed, bad.passed) == (False, False)
    assert _score(clean) > _score(ugly) > _score(bad)


async def test_nothing_passes_that_nobody_looked_at(enforcer: QualityGateEnforcer) -> None:
    for files in ([], ["notes.txt"]):
        result = await enforcer.enforce_pre_commit(files)
        assert (result.passed, result.score) == (False, None)


async def test_it_asks_as_the_design_document_does(
    settings: Settings, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, environment = npm_tool("prettier")
    monkeypatch.setenv("PATH", environment["PATH"])
    offered = settings.model_copy(update={"job_folders": (*settings.job_folders, FOLDER.parent)})
    async with Sandbox.open(offered) as sandbox:
        runner = ToolRunner(sandbox, offered)
        enforcer = QualityGateEnforcer(DirectLinter(CodeLinter(runner), root, SECONDS, ["eslint"]))
        with pytest.raises(Refused, match=r"\.eslintrc\.js does not exist"):
            await enforcer.enforce_pre_commit(files=["good.js"])
        files_in(root, {".eslintrc.js": ESLINT, ".prettierrc": "{}\n"})
        good, bad = [await enforcer.enforce_pre_commit([f"{one}.js"]) for one in ("good", "bad")]
    assert (good.passed, good.score) == (True, 100.0)
    assert [one.rule for one in bad.details["linting"].findings] == ["no-debugger"]
    assert [one.tool for one in bad.details["formatting"].findings] == ["prettier"]
    assert not bad.passed


async def test_files_without_a_formatter_that_looked_do_not_pass(
    settings: Settings, root: Path
) -> None:
    async with bundled(settings, root, "in this process") as linter:
        enforcer = QualityGateEnforcer(linter, config=None, formatter="prettier")
        result = await enforcer.enforce_pre_commit(["good.py"])
    assert result.details["linting"].passed
    assert not result.passed


async def test_a_server_of_others_is_asked_in_its_own_words(root: Path) -> None:
    async with connected(linter=foreign_server("analyzer")) as connections:
        unused = cast("CodeLinter", None), cast("SecurityScanner", None)
        linter = await Adapters(connections, *unused).linter("linter", root, SECONDS)
        enforcer = QualityGateEnforcer(linter, config=None, formatter=None)
        good, ugly = [await enforcer.enforce_pre_commit([f"{one}.py"]) for one in ("good", "ugly")]
    assert (good.passed, good.score) == (True, 100.0)
    assert ugly.details["linting"].passed
    assert (ugly.passed, ugly.details["formatting"].findings[0].file) == (False, "ugly.py")


async def test_what_a_server_cannot_look_at_does_not_pass(root: Path) -> None:
    async with connected(linter=foreign_server("origin")) as connections:
        unused = cast("CodeLinter", None), cast("SecurityScanner", None)
        linter = await Adapters(connections, *unused).linter("linter", root, SECONDS)
        result = await QualityGateEnforcer(linter, config=None, formatter=None).enforce_pre_commit(
            ["good.py"]
        )
    assert result.details["linting"].passed
    assert (result.passed, result.score) == (False, None)
    assert "no known tool to check the format" in result.details["formatting"].tools[0].reason


def _score(result: QualityResult) -> float:
    assert result.score is not None
    return result.score
