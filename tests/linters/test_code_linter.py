"""The bundled linters in this process, with the tools that are installed here."""

from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tools import ALL_FORMATTERS, ALL_LINTERS
from tests.factories.git import git, make_repository
from tests.linters.running import files_in

FAULTS = {
    "a.py": "import os\nx=1\n",
    "run.sh": "#!/bin/sh\necho $1\n",
    "README.md": "hello\n",
}


@pytest.fixture
def linter(runner: ToolRunner) -> CodeLinter:
    return CodeLinter(runner)


async def test_every_file_of_a_folder_is_linted_by_the_tool_for_it(
    linter: CodeLinter, root: Path
) -> None:
    files_in(root, FAULTS)
    report = await linter.lint_files(root)
    found = {one.tool: one for one in report.tools}
    assert list(found) == [tool.name for tool in ALL_LINTERS]
    assert [one.rule for one in found["ruff"].findings] == ["I001", "F401"]
    assert [one.rule for one in found["shellcheck"].findings] == ["SC2086"]
    assert found["hadolint"].status == "skipped"
    assert report.unchecked == {".md": 1}
    assert not report.passed


async def test_only_the_files_and_tools_that_are_named_are_asked(
    linter: CodeLinter, root: Path
) -> None:
    files_in(root, FAULTS)
    report = await linter.lint_files(root, ["run.sh"], tools=["shellcheck", "ruff"])
    assert [(one.tool, one.status) for one in report.tools] == [
        ("shellcheck", "failed"),
        ("ruff", "skipped"),
    ]


async def test_a_tool_that_is_not_known_is_refused_with_the_nearest(
    linter: CodeLinter, root: Path
) -> None:
    with pytest.raises(InvalidRequest, match="'rff'") as refused:
        await linter.lint_files(root, tools=["rff"])
    assert refused.value.hint == "Did you mean ruff?"


async def test_a_configuration_is_given_to_the_tool_that_it_is_of(
    linter: CodeLinter, root: Path
) -> None:
    files_in(root, {**FAULTS, "strict/ruff.toml": "lint.select = ['D100']\n"})
    report = await linter.lint_files(root, ["a.py", "run.sh"], config="strict/ruff.toml")
    assert {one.rule for one in report.findings} == {"D100", "SC2086"}


async def test_a_file_that_is_not_there_is_an_error(linter: CodeLinter, root: Path) -> None:
    files_in(root, FAULTS)
    report = await linter.lint_files(root, ["a.py", "gone.py"], tools=["ruff"])
    assert [one.status for one in report.tools] == ["error"]


async def test_the_format_is_checked_by_the_formatter_that_is_named(
    linter: CodeLinter, root: Path
) -> None:
    files_in(root, FAULTS)
    for name in ("ruff", "ruff-format"):
        report = await linter.check_format(root, ["a.py"], name)
        (one,) = report.tools
        assert (one.tool, one.status, one.total) == ("ruff-format", "failed", 1)


async def test_without_a_name_all_formatters_are_asked(linter: CodeLinter, root: Path) -> None:
    files_in(root, FAULTS)
    report = await linter.check_format(root)
    assert [one.tool for one in report.tools] == [tool.name for tool in ALL_FORMATTERS]


class TestFixing:
    async def test_corrections_are_a_patch_and_the_folder_stays_as_it_is(
        self, linter: CodeLinter, root: Path
    ) -> None:
        await make_repository(root, FAULTS)
        before = {name: (root / name).stat() for name in FAULTS}
        fixes = await linter.fix_files(root, tools=["ruff", "ruff-format"])
        assert {name: (root / name).stat() for name in FAULTS} == before
        assert (fixes.files, fixes.obstacles) == (("a.py",), ())
        (root.parent / "patch").write_text(fixes.diff, "utf-8")
        await git(root, "apply", "--check", str(root.parent / "patch"))
        await git(root, "apply", str(root.parent / "patch"))
        assert (root / "a.py").read_text("utf-8") == "x = 1\n"

    async def test_the_patch_survives_odd_names_and_missing_line_ends(
        self, linter: CodeLinter, root: Path
    ) -> None:
        names = ["with space.py", 'quo"te.py', "ünï.py", "-dash.py", "crlf.py"]
        await make_repository(root, dict.fromkeys(names[:-1], "import os\nx=1"))
        (root / names[-1]).write_bytes(b"import os\r\nx=1\r\n")
        fixes = await linter.fix_files(root)
        assert sorted(fixes.files) == sorted(names)
        (root.parent / "patch").write_bytes(fixes.diff.encode())
        await git(root, "apply", str(root.parent / "patch"))
        assert {(root / name).read_bytes() for name in names} == {b"x=1", b"x=1\r\n"}

    async def test_what_is_left_after_corrections_can_be_told(
        self, linter: CodeLinter, root: Path
    ) -> None:
        files_in(root, {"a.py": "import os\nprint(unknown)\n"})
        report = await linter.lint_files(root, tools=["ruff"], fix=True)
        assert [one.rule for one in report.findings] == ["F821"]
        assert (root / "a.py").read_text("utf-8").startswith("import os")

    async def test_a_link_is_never_followed_into_the_copy(
        self, linter: CodeLinter, root: Path, tmp_path: Path
    ) -> None:
        files_in(tmp_path / "out", {"secret.py": "import os\n"})
        (root / "folder").symlink_to(tmp_path / "out")
        fixes = await linter.fix_files(root, ["folder/secret.py"], ["ruff"])
        assert fixes.diff == ""
        assert any("behind a link" in obstacle for obstacle in fixes.obstacles)

    async def test_a_tool_that_corrects_nothing_is_refused(
        self, linter: CodeLinter, root: Path
    ) -> None:
        with pytest.raises(InvalidRequest, match="shellcheck corrects nothing") as refused:
            await linter.fix_files(root, tools=["shellcheck"])
        assert "ruff" in refused.value.hint

    async def test_nothing_is_left_behind(
        self, linter: CodeLinter, root: Path, monkeypatch: pytest.MonkeyPatch, runs_in: Path
    ) -> None:
        temporary = runs_in / "temporary"
        temporary.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(temporary))
        files_in(root, FAULTS)
        await linter.fix_files(root)
        assert list(temporary.iterdir()) == []


async def test_every_tool_is_listed_with_its_version_or_how_to_get_it(linter: CodeLinter) -> None:
    listed = {one.name: one for one in await linter.list_linters()}
    assert list(listed) == [tool.name for tool in (*ALL_LINTERS, *ALL_FORMATTERS)]
    assert listed["ruff"].installed
    assert listed["ruff"].version
    assert Path(listed["ruff"].program).name == "ruff"
    for one in listed.values():
        assert one.installed or one.hint


async def test_a_tool_that_is_missing_says_how_to_install_it(
    linter: CodeLinter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gitops_auditor.linters.programs.search_folders", lambda: [tmp_path])
    listed = {one.name: one for one in await linter.list_linters()}
    assert not listed["ruff"].installed
    assert "pip install ruff" in listed["ruff"].hint
