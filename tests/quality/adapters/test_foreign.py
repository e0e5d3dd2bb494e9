"""Foreign servers: what they find is told, and what they only claim is an error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.security_scanner import SecurityScanner
from gitops_auditor.quality.adapters.choosing import Adapters
from gitops_auditor.quality.adapters.mapped import MappedServer
from tests.connections.wiring import connected
from tests.factories.npm_tools import npm_tool
from tests.fakes import foreign_server, sdk_server
from tests.linters.running import files_in, only

SECONDS = 60.0
FILES = {"a.py": "x = 1\nBAD = 2\n", "b/a.py": "x = 1\n", "c.py": "x = 1\n", "n.md": "BAD\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files_in(tmp_path / "root", FILES)
    return tmp_path / "root"


@asynccontextmanager
async def adapter(settings: ServerSettings, root: Path) -> AsyncIterator[MappedServer]:
    async with connected(linter=settings) as connections:
        unused = cast("CodeLinter", None), cast("SecurityScanner", None)
        found = await Adapters(connections, *unused).linter("linter", root, SECONDS)
        assert isinstance(found, MappedServer)
        yield found


async def linted(settings: ServerSettings, root: Path, *files: str) -> ScanReport:
    async with adapter(settings, root) as linter:
        return await linter.lint_files(files or None)


async def scanned(settings: ServerSettings, root: Path, *files: str) -> ScanReport:
    async with adapter(settings, root) as scanner:
        return await scanner.scan_files(files or None)


class TestAnalyzer:
    async def test_findings_have_place_rule_and_severity(self, root: Path) -> None:
        report = await linted(foreign_server("analyzer"), root)
        one = only(report, "failed")
        (found,) = one.findings
        assert (found.file, found.line, found.rule, found.severity) == ("a.py", 2, "F401", "high")
        assert len(found.fingerprint) == 32
        assert (one.files, report.unchecked) == (3, {".md": 1})

    async def test_clean_files_pass(self, root: Path) -> None:
        report = await linted(foreign_server("analyzer"), root, "b/a.py", "c.py")
        assert report.passed
        assert only(report).files == 2

    async def test_nothing_for_it_is_skipped(self, root: Path) -> None:
        report = await linted(foreign_server("analyzer"), root, "n.md")
        assert only(report, "skipped").findings == ()
        assert not report.passed

    @pytest.mark.parametrize(
        ("how", "reason"),
        [
            ("fails", 'It says that it failed: "RUFF check failed'),
            ("hides", "It lists 0 findings and counts another number"),
            ("shouts", 'It calls a finding "catastrophe"'),
        ],
    )
    async def test_a_broken_answer_is_an_error(self, root: Path, how: str, reason: str) -> None:
        report = await linted(foreign_server("analyzer", how), root, "a.py")
        assert reason in only(report, "error").reason

    async def test_what_cannot_be_parsed_is_an_error(self, root: Path) -> None:
        files_in(root, {"d.py": "def (:\n"})
        report = await linted(foreign_server("analyzer"), root, "d.py")
        assert "could not look at a file" in only(report, "error").reason

    @pytest.mark.parametrize("name", ["gone.py", "link.py", "../out.py"])
    async def test_what_is_no_file_of_the_root_is_not_sent(self, root: Path, name: str) -> None:
        files_in(root.parent, {"out.py": "x = 1\n"})
        (root / "link.py").symlink_to(root.parent / "out.py")
        report = await linted(foreign_server("analyzer"), root, name)
        assert "It is not asked" in only(report, "error").reason

    async def test_what_is_no_text_is_not_sent(self, root: Path) -> None:
        (root / "bytes.py").write_bytes(b"\xff\xfe")
        report = await linted(foreign_server("analyzer"), root, "bytes.py")
        assert "not UTF-8 text" in only(report, "error").reason

    async def test_the_format_is_checked_too(self, root: Path) -> None:
        files_in(root, {"d.py": "x=1\n"})
        async with adapter(foreign_server("analyzer"), root) as linter:
            report = await linter.check_format(["c.py", "d.py"])
        (found,) = only(report, "failed").findings
        assert (found.file, found.rule, found.fix) == ("d.py", "format", "ruff format d.py")

    async def test_it_is_not_let_to_correct_files(self, root: Path) -> None:
        async with adapter(foreign_server("analyzer"), root) as linter:
            with pytest.raises(InvalidRequest, match="not let to correct"):
                await linter.lint_files(["a.py"], fix=True)

    async def test_a_question_that_it_has_no_tool_for_is_an_error(self, root: Path) -> None:
        report = await scanned(foreign_server("analyzer"), root, "a.py")
        assert "no known tool to scan files" in only(report, "error").reason


class TestSemgrep:
    async def test_files_of_the_same_name_are_told_apart(self, root: Path) -> None:
        report = await scanned(foreign_server("semgrep"), root, "a.py", "b/a.py")
        (found,) = only(report, "failed").findings
        assert (found.file, found.line, found.severity) == ("a.py", 2, "high")
        assert only(report).files == 2

    @pytest.mark.parametrize(
        ("how", "reason"),
        [
            ("silent", "It did not look at a.py"),
            ("lies", "other.py, which it was not given"),
            ("fails", "It says that it failed"),
        ],
    )
    async def test_a_broken_answer_is_an_error(self, root: Path, how: str, reason: str) -> None:
        report = await scanned(foreign_server("semgrep", how), root, "a.py")
        assert reason in only(report, "error").reason


class TestOrigin:
    async def test_findings_are_read_from_its_text(self, root: Path) -> None:
        report = await linted(foreign_server("origin"), root, "a.py", "c.py")
        (found,) = only(report, "failed").findings
        assert (found.file, found.line, found.message) == ("a.py", 2, "E501 line too long")

    async def test_a_clean_file_passes(self, root: Path) -> None:
        assert (await linted(foreign_server("origin"), root, "c.py")).passed

    @pytest.mark.parametrize("how", ["silent", "fails"])
    async def test_a_linter_that_did_not_run_is_an_error(self, root: Path, how: str) -> None:
        report = await linted(foreign_server("origin", how), root, "c.py")
        assert "did not look at the file" in only(report, "error").reason

    async def test_a_count_that_does_not_fit_is_an_error(self, root: Path) -> None:
        report = await linted(foreign_server("origin", "lies"), root, "a.py")
        assert "counts 0 times ERROR and tells of 1" in only(report, "error").reason


class TestEslint:
    """The real one."""

    @pytest.fixture
    def eslint(self, root: Path) -> ServerSettings:
        files = {
            "eslint.config.js": "export default [{ignores: ['ignored.js']},"
            " {rules: {'no-debugger': 2, 'no-unused-vars': 1}}];\n",
            "package.json": '{"type": "module"}\n',
            "bad.js": "debugger;\nconst unused = 1;\n",
            "directive.js": "// eslint-disable-next-line no-debugger\nexport const y = 2;\n",
            "good.js": "export const z = 1;\n",
            "broken.js": "const = ;\n",
            "ignored.js": "debugger;\n",
        }
        files_in(root, files)
        command, environment = npm_tool("mcp")
        settings = {"command": [command], "cwd": root, "env": {"PATH": environment["PATH"]}}
        return ServerSettings.model_validate(settings)

    async def test_findings_are_told_of_each_file(self, eslint: ServerSettings, root: Path) -> None:
        report = await linted(eslint, root, "bad.js", "good.js", "directive.js")
        found = [(one.file, one.line, one.rule, one.severity) for one in report.findings]
        assert found == [
            ("bad.js", 1, "no-debugger", "high"),
            ("bad.js", 2, "no-unused-vars", "medium"),
            ("directive.js", 1, "linter", "medium"),
        ]

    async def test_clean_files_pass(self, eslint: ServerSettings, root: Path) -> None:
        assert (await linted(eslint, root, "good.js")).passed

    @pytest.mark.parametrize("name", ["broken.js", "ignored.js", "gone.js"])
    async def test_what_was_not_looked_at_is_an_error(
        self, eslint: ServerSettings, root: Path, name: str
    ) -> None:
        report = await linted(eslint, root, name, "good.js")
        assert only(report, "error").reason


async def test_a_server_with_other_tools_is_refused(root: Path) -> None:
    with pytest.raises(InvalidRequest, match="no tools whose answers are understood") as refused:
        await linted(sdk_server(), root, "a.py")
    assert "lint-files" in refused.value.hint


async def test_a_server_that_cannot_be_started_is_an_error_of_the_question(root: Path) -> None:
    settings = foreign_server("analyzer")
    async with connected(linter=settings) as connections:
        unused = cast("CodeLinter", None), cast("SecurityScanner", None)
        found = await Adapters(connections, *unused).linter("linter", root, SECONDS)
    report = await found.lint_files(["a.py"])
    assert only(report, "error").reason == "The platform is stopping."
