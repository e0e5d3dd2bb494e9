"""Biome, ESLint and Prettier: who looks at a repository's scripts, and what they correct."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_auditor.linters.tool import Fixer, Request, Tool
from gitops_auditor.linters.tools.biome import BIOME
from gitops_auditor.linters.tools.biome_format import BIOME_FORMAT
from gitops_auditor.linters.tools.eslint import ESLINT
from gitops_auditor.linters.tools.prettier import PRETTIER
from tests.linters.running import files_in
from tests.linters.tools.direct import program_of, report_of, request_for, started

RULES = 'export default [{ rules: { eqeqeq: "error", "no-var": "warn" } }];\n'
SCRIPT = "var x = 1;\nif (x == 2) { debugger; }\n"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"a.js": ""}, {BIOME, BIOME_FORMAT}),
        ({"eslint.config.mjs": RULES}, {ESLINT, BIOME_FORMAT}),
        ({".eslintrc.js": ""}, {ESLINT, BIOME_FORMAT}),
        ({"package.json": '{"eslintConfig": {}}'}, {ESLINT, BIOME_FORMAT}),
        ({".prettierrc": "{}"}, {BIOME, PRETTIER}),
        ({"package.json": '{"prettier": "@x/config"}'}, {BIOME, PRETTIER}),
        ({"package.json": "[" * 100_000}, {BIOME, BIOME_FORMAT}),
        ({"prettier.config.mjs": "", "eslint.config.js": ""}, {ESLINT, PRETTIER}),
        (
            {"biome.json": "{}", ".prettierrc": "", ".eslintrc": ""},
            {BIOME, BIOME_FORMAT, ESLINT, PRETTIER},
        ),
    ],
)
def test_one_tool_looks_at_scripts_unless_the_repository_configures_several(
    files: Mapping[str, str], wanted: set[Tool], tmp_path: Path
) -> None:
    files_in(tmp_path, files)
    tools: tuple[Tool, ...] = (BIOME, BIOME_FORMAT, ESLINT, PRETTIER)
    assert {tool for tool in tools if tool.is_wanted(Request(tmp_path, ()))} == wanted


def test_biome_tells_where_which_rule_is_broken_and_how_bad_that_is(tmp_path: Path) -> None:
    report = report_of(BIOME, request_for(tmp_path, {"s/a.js": SCRIPT}))
    told = [(one.file, one.line, one.rule, one.severity) for one in report.findings]
    assert ("s/a.js", 2, "lint/suspicious/noDoubleEquals", "medium") in told
    assert ("s/a.js", 2, "lint/suspicious/noDebugger", "high") in told


def test_biome_tells_more_than_its_twenty_first_diagnostics(tmp_path: Path) -> None:
    files = {f"{at}.js": SCRIPT for at in range(30)}
    assert report_of(BIOME, request_for(tmp_path, files)).counts["high"] == 30


def test_eslint_tells_what_it_can_correct_and_what_the_repository_calls_an_error(
    tmp_path: Path,
) -> None:
    files = {"a.js": SCRIPT, "eslint.config.mjs": RULES}
    report = report_of(ESLINT, request_for(tmp_path, files))
    told = {one.rule: (one.severity, one.line, one.fix) for one in report.findings}
    assert told == {"eqeqeq": ("medium", 2, ""), "no-var": ("low", 1, "npx eslint --fix")}


def test_a_configuration_is_given_to_the_tool_that_its_name_names(tmp_path: Path) -> None:
    files = {"a.js": SCRIPT, "other.eslint.mjs": RULES}
    request = request_for(tmp_path, files, "other.eslint.mjs", given="a.js")
    assert "eqeqeq" in {one.rule for one in report_of(ESLINT, request).findings}
    assert "other.eslint.mjs" not in PRETTIER.command(program_of(PRETTIER), request).argv


@pytest.mark.parametrize("tool", [BIOME_FORMAT, PRETTIER])
def test_a_formatter_names_the_files_and_the_command_that_formats_them(
    tool: Tool, tmp_path: Path
) -> None:
    files = {"a.js": SCRIPT, "b.json": '{ "a": 1 }\n'}
    (finding,) = report_of(tool, request_for(tmp_path, files)).findings
    assert (finding.rule, finding.file, finding.severity) == ("unformatted", "a.js", "low")
    assert finding.fix.endswith("--write a.js")


@pytest.mark.parametrize("tool", [BIOME, BIOME_FORMAT, ESLINT, PRETTIER])
def test_what_a_tool_corrects_it_does_not_find_again(tool: Tool, tmp_path: Path) -> None:
    assert isinstance(tool, Fixer)
    correctable = "let a = 1;\nconsole.log( a )\n"
    rules = 'export default [{ rules: { "prefer-const": 2 } }];\n'
    request = request_for(tmp_path, {"a.js": correctable, "eslint.config.mjs": rules})
    before = report_of(tool, request)
    invocation = tool.fix(program_of(tool), request)
    assert invocation.writable
    tool.fixed(started(invocation, request), request)
    found_before = {(one.rule, one.file) for one in before.findings}
    found_after = {(one.rule, one.file) for one in report_of(tool, request).findings}
    assert found_before
    assert found_after == set()


def test_names_that_look_like_options_or_patterns_are_files(tmp_path: Path) -> None:
    names = ("-a.js", "[b].js", "c d.js", "e*.js")
    request = request_for(tmp_path, {**dict.fromkeys(names, SCRIPT), "eslint.config.mjs": RULES})
    for tool in (BIOME, BIOME_FORMAT, ESLINT, PRETTIER):
        report = report_of(tool, request)
        assert {one.file for one in report.findings} >= set(names), report


def test_lock_files_are_nobodys_style() -> None:
    for tool in (BIOME, BIOME_FORMAT, PRETTIER):
        assert not tool.takes("web/package-lock.json")
        assert tool.takes("web/package.json")
    assert not ESLINT.takes("web/package.json")
