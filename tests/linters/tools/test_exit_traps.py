"""The exit codes of real programs lie; what they could not look at is an error all the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from gitops_auditor.formats.findings import ToolStatus
from gitops_auditor.linters.tool import Tool
from gitops_auditor.linters.tools.bandit import BANDIT
from gitops_auditor.linters.tools.biome import BIOME
from gitops_auditor.linters.tools.biome_format import BIOME_FORMAT
from gitops_auditor.linters.tools.detect_secrets import DETECT_SECRETS
from gitops_auditor.linters.tools.eslint import ESLINT
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from gitops_auditor.linters.tools.prettier import PRETTIER
from tests.linters.tools.direct import report_of, request_for

GOOD_JS = "export const a = 1;\n"
BAD_JS = "if (a == 2) { debugger; }\n"
BROKEN_JS = "const = ;\n"
RULES = "export default [{ rules: { eqeqeq: 2 } }];\n"
IGNORING = 'export default [{ ignores: ["dist"] }, { rules: { eqeqeq: 2 } }];\n'
GOOD_PY = "x = 1\n"
BAD_PY = "eval(input())\n"


class Case(NamedTuple):
    """What a tool is given, by `given` or all; its report has that status and says these words."""

    tool: Tool
    files: Mapping[str, str]
    status: ToolStatus
    says: str = ""
    given: str = ""


CASES = {
    "biome, clean": Case(BIOME, {"a.js": GOOD_JS}, "passed"),
    "biome, bad": Case(BIOME, {"a.js": BAD_JS}, "failed"),
    "biome, broken": Case(BIOME, {"a.js": BROKEN_JS, "b.js": GOOD_JS}, "failed"),
    "biome, missing": Case(BIOME, {"b.js": GOOD_JS}, "error", "Cannot read", "a.js b.js"),
    "biome, unknown key": Case(
        BIOME, {"a.js": GOOD_JS, "biome.json": '{"nothing": 1}'}, "error", "nothing", "a.js"
    ),
    "biome, linter off": Case(
        BIOME,
        {"a.js": GOOD_JS, "biome.json": '{"linter": {"enabled": false}}'},
        "skipped",
        "leaves out all",
        "a.js",
    ),
    "biome, ignored file": Case(
        BIOME,
        {"a.js": GOOD_JS, "d/b.js": BAD_JS, "biome.json": '{"files": {"includes": ["**", "!d"]}}'},
        "passed",
        "leaves out 1",
        "a.js d/b.js",
    ),
    "biome, in node_modules": Case(BIOME, {"node_modules/a.js": BAD_JS}, "error"),
    "biome-format, clean": Case(BIOME_FORMAT, {"a.js": GOOD_JS}, "passed"),
    "biome-format, bad": Case(BIOME_FORMAT, {"a.js": BAD_JS}, "failed"),
    "biome-format, broken": Case(
        BIOME_FORMAT, {"a.js": BROKEN_JS, "b.js": BAD_JS, "c.js": GOOD_JS}, "failed"
    ),
    "biome-format, missing": Case(BIOME_FORMAT, {"b.js": ""}, "error", "read", "a.js b.js"),
    "eslint, clean": Case(ESLINT, {"a.js": GOOD_JS, "eslint.config.mjs": RULES}, "passed"),
    "eslint, bad": Case(ESLINT, {"a.js": BAD_JS, "eslint.config.mjs": RULES}, "failed"),
    "eslint, broken": Case(
        ESLINT, {"a.js": BROKEN_JS, "b.js": BAD_JS, "eslint.config.mjs": RULES}, "failed"
    ),
    "eslint, no plugin": Case(
        ESLINT,
        {"a.js": GOOD_JS, "eslint.config.mjs": "import 'eslint-config-unjs';"},
        "error",
        "needs eslint-config-unjs, which is not installed in the folder. Ask it with",
        "a.js",
    ),
    "eslint, missing": Case(
        ESLINT, {"b.js": GOOD_JS, "eslint.config.mjs": RULES}, "error", "a.js", "a.js b.js"
    ),
    "eslint, all ignored with exit code 0": Case(
        ESLINT,
        {"dist/a.js": BAD_JS, "eslint.config.mjs": IGNORING},
        "skipped",
        "leaves out all",
        "dist/a.js",
    ),
    "eslint, one ignored": Case(
        ESLINT,
        {"dist/a.js": BAD_JS, "b.js": GOOD_JS, "eslint.config.mjs": IGNORING},
        "passed",
        "leaves out 1",
        "dist/a.js b.js",
    ),
    "eslint, no configuration for TypeScript": Case(
        ESLINT, {"a.ts": "x", "eslint.config.mjs": RULES}, "skipped", "leaves out all", "a.ts"
    ),
    "eslint, unknown rule": Case(
        ESLINT,
        {"a.js": GOOD_JS, "eslint.config.mjs": "export default [{ rules: { none: 2 } }];"},
        "error",
        "failed: Oops",
    ),
    "eslint, broken configuration": Case(
        ESLINT, {"a.js": GOOD_JS, "eslint.config.mjs": "export default ["}, "error", "failed: Oops"
    ),
    "eslint, no configuration": Case(ESLINT, {"a.js": GOOD_JS}, "error", "eslint.config"),
    "prettier, clean": Case(PRETTIER, {"a.js": GOOD_JS, "b.md": "# b\n"}, "passed"),
    "prettier, bad": Case(PRETTIER, {"a.js": BAD_JS, "b c.js": BAD_JS, "d.js": GOOD_JS}, "failed"),
    "prettier, broken": Case(PRETTIER, {"a.js": BROKEN_JS, "b.js": GOOD_JS}, "error", "a.js"),
    "prettier, missing": Case(PRETTIER, {"b.js": GOOD_JS}, "error", "a.js", "a.js b.js"),
    "prettier, no parser": Case(PRETTIER, {"a.unknown": "x"}, "error", "No parser"),
    "prettier, ignored with exit code 0": Case(
        PRETTIER, {"a.js": BAD_JS, ".prettierignore": "a.js"}, "skipped", "leaves out", "a.js"
    ),
    "prettier, wrong option with exit code 1": Case(
        PRETTIER, {"a.js": GOOD_JS, ".prettierrc": '{"tabWidth": "x"}'}, "error", "tabWidth", "a.js"
    ),
    "prettier, broken configuration": Case(
        PRETTIER, {"a.js": GOOD_JS, ".prettierrc": '{"tabW'}, "error", "onfiguration", "a.js"
    ),
    "bandit, clean": Case(BANDIT, {"a.py": GOOD_PY, "b/-c.py": GOOD_PY}, "passed"),
    "bandit, bad": Case(BANDIT, {"a.py": BAD_PY}, "failed"),
    "bandit, broken with exit code 0": Case(BANDIT, {"a.py": "def ("}, "error", "syntax error"),
    "bandit, missing with exit code 0": Case(BANDIT, {"b.py": ""}, "error", "No such", "a.py b.py"),
    "bandit, in a folder that it leaves out": Case(BANDIT, {".tox/a.py": BAD_PY}, "failed"),
    "gitleaks, clean": Case(GITLEAKS, {"a.py": GOOD_PY, "b c.txt": "", "d=e": "x"}, "passed"),
    "gitleaks, missing": Case(GITLEAKS, {"b.py": GOOD_PY}, "error", "a.py", "a.py b.py"),
    "gitleaks, left out by itself": Case(
        GITLEAKS, {"a.png": "x", "node_modules/b.js": "x"}, "skipped", "leaves out all"
    ),
    "gitleaks, broken configuration with exit code 1": Case(
        GITLEAKS, {"a.py": GOOD_PY, ".gitleaks.toml": "title = ["}, "error"
    ),
    "gitleaks, configuration without rules": Case(
        GITLEAKS, {"a.py": GOOD_PY, ".gitleaks.toml": 'title = "x"'}, "error", "no rules"
    ),
    "gitleaks, configuration that adds to the rules": Case(
        GITLEAKS, {"a.py": GOOD_PY, ".gitleaks.toml": "[extend]\nuseDefault = true"}, "passed"
    ),
    "detect-secrets, clean": Case(DETECT_SECRETS, {"a.py": GOOD_PY, "b": ""}, "passed"),
    "detect-secrets, missing with exit code 0": Case(
        DETECT_SECRETS, {"b.py": GOOD_PY}, "error", "a.py", "a.py b.py"
    ),
    "detect-secrets, left out by itself": Case(
        DETECT_SECRETS, {"poetry.lock": "x"}, "skipped", "leaves out all"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_tool_passes_only_when_it_looked_at_every_file(case: Case, tmp_path: Path) -> None:
    report = report_of(case.tool, request_for(tmp_path, case.files, given=case.given))
    assert report.status == case.status, report
    assert case.says in report.reason
    assert bool(report.findings) is (case.status == "failed")
    assert {finding.tool for finding in report.findings} <= {case.tool.name}
