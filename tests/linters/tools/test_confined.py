"""The same tools in the sandbox, as the user of jobs."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import Request, Tool
from gitops_auditor.linters.tools.advisories import ADVISORIES
from gitops_auditor.linters.tools.bandit import BANDIT
from gitops_auditor.linters.tools.biome import BIOME
from gitops_auditor.linters.tools.biome_format import BIOME_FORMAT
from gitops_auditor.linters.tools.detect_secrets import DETECT_SECRETS
from gitops_auditor.linters.tools.eslint import ESLINT
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from gitops_auditor.linters.tools.prettier import PRETTIER
from tests.factories.npm_tools import npm_tool
from tests.linters.running import files_in, only

SECONDS = 60.0
SCRIPT = "if (a == 2) { debugger; }\n"
CONFIGURED = {
    "eslint.config.mjs": "export default [{ rules: { eqeqeq: 2 } }];\n",
    ".prettierrc": "{}\n",
    "biome.json": "{}\n",
}
TOKEN = "gh" + "p_" + "h7Gd9Kq2Lx5Vb8Nm3Zc6Wp1Rt4Yf0Sj2Ue5A"
FILES = {
    "web/a b.js": SCRIPT,
    "a.py": f"eval(input())\nx = '{TOKEN}'\n",
    "requirements.txt": "weak-thing==1.4\n",
    **CONFIGURED,
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", npm_tool("biome")[1]["PATH"])


async def _require_reachable(runner: ToolRunner, tool: Tool, root: Path) -> None:
    try:
        if await runner.program(tool, Request(root, ())) is None:
            pytest.skip(f"{tool.name} is not installed; {tool.install}")
    except Refused as refused:
        pytest.skip(str(refused))


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (BIOME, {"web/a b.js": 1}),
        (BIOME_FORMAT, {"web/a b.js": None}),
        (ESLINT, {"web/a b.js": 1}),
        (PRETTIER, {"web/a b.js": None}),
        (BANDIT, {"a.py": 1}),
        (GITLEAKS, {"a.py": 2}),
        (ADVISORIES, {"requirements.txt": 1}),
    ],
    ids=lambda given: given.name if hasattr(given, "name") else "",
)
async def test_a_tool_finds_in_the_sandbox_what_it_finds_outside(
    runner: ToolRunner, root: Path, tool: Tool, expected: Mapping[str, int | None]
) -> None:
    await _require_reachable(runner, tool, root)
    files = files_in(root, FILES)
    report = only(await runner.run([tool], Request(root, files), SECONDS), "failed")
    assert {one.file: one.line for one in report.findings}.items() >= expected.items()
    assert all(one.fingerprint for one in report.findings)
    assert TOKEN not in report.model_dump_json()


@pytest.mark.parametrize("tool", [BIOME, BIOME_FORMAT, ESLINT, PRETTIER])
async def test_a_tool_corrects_a_copy_in_the_sandbox(
    runner: ToolRunner, root: Path, tool: Tool
) -> None:
    await _require_reachable(runner, tool, root)
    rules = 'export default [{ rules: { "prefer-const": 2 } }];\n'
    files = files_in(
        root, {**CONFIGURED, "a.js": "let a = 1;\nconsole.log( a )\n", "eslint.config.mjs": rules}
    )
    request = Request(root, files)
    only(await runner.run([tool], request, SECONDS), "failed")
    assert await runner.fix([tool], request, SECONDS) == []
    only(await runner.run([tool], request, SECONDS), "passed")


async def test_detect_secrets_works_in_the_sandbox(
    runner: ToolRunner, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _require_reachable(runner, DETECT_SECRETS, root)
    monkeypatch.setattr(type(DETECT_SECRETS), "is_wanted", lambda *_: True)
    report = only(await runner.run([DETECT_SECRETS], Request(root, files_in(root, FILES)), SECONDS))
    assert report.status == "failed"
    assert {one.file for one in report.findings} == {"a.py"}
