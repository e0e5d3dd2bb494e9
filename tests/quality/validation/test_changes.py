"""What is looked at: a commit, what is staged, the folder; all files, or those that changed."""

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.quality.results import GateResult
from tests.factories.gates import GatedProject, named, written
from tests.factories.git import commit, git, write_files

LINT = {"name": "Lint", "mcp": "code-linter", "tools": ["ruff"], "fail_threshold": "high"}
STYLE = {"name": "Style", "command": "yamllint -f parsable"}
OLD = "print(old)\n"
NEW = "print(new)\n"


@pytest.fixture
async def gated(gated: GatedProject) -> GatedProject:
    await gated.state(written("pre_merge", LINT, STYLE), {"old.py": OLD, "old.yaml": "a:  1\n"})
    return gated


def places(result: GateResult) -> list[tuple[str, int | None]]:
    return [(one.file, one.line) for one in result.findings]


async def test_a_commit_is_looked_at_as_it_is_whatever_lies_in_the_folder(
    gated: GatedProject,
) -> None:
    write_files(gated.path, {"old.py": "x = 1\n", "loose.py": NEW})
    report = await gated.validate()
    assert places(named(report, "Lint")) == [("old.py", 1)]


async def test_changed_files_are_those_that_differ_from_the_base(gated: GatedProject) -> None:
    await git(gated.path, "switch", "-q", "-c", "feature")
    await commit(gated.path, {"new.py": NEW, "new.yaml": "---\na: 1\n"})
    report = await gated.validate("feature", base="main", changed_only=True)
    assert report.files == ["new.py", "new.yaml"]
    assert places(named(report, "Lint")) == [("new.py", 1)]
    assert named(report, "Style").status == "passed"


async def test_a_change_without_files_for_a_gate_is_skipped_and_no_pass(
    gated: GatedProject,
) -> None:
    await git(gated.path, "switch", "-q", "-c", "feature")
    await commit(gated.path, {"notes.txt": "hello\n"})
    report = await gated.validate("feature", base="main", changed_only=True)
    assert [one.status for one in report.gates] == ["skipped", "skipped"]
    assert (report.status, report.passed) == ("skipped", False)


async def test_only_what_is_staged_counts_as_staged(gated: GatedProject) -> None:
    write_files(gated.path, {"staged.py": NEW})
    await git(gated.path, "add", "staged.py")
    write_files(gated.path, {"staged.py": "x = 1\n", "loose.py": NEW})
    report = await gated.validate("STAGED", changed_only=True)
    assert (report.ref, report.files) == ("STAGED", ["staged.py"])
    assert places(named(report, "Lint")) == [("staged.py", 1)]


async def test_what_lies_in_the_folder_is_looked_at_with_what_git_does_not_know(
    gated: GatedProject,
) -> None:
    write_files(gated.path, {"loose.py": NEW, "old.py": "x = 1\n"})
    report = await gated.validate("WORKTREE", changed_only=True)
    assert report.files is not None
    assert set(report.files) == {"loose.py", "old.py"}
    assert places(named(report, "Lint")) == [("loose.py", 1)]
    assert not (gated.path / ".ruff_cache").exists()


async def test_named_files_are_looked_at_and_no_others(gated: GatedProject) -> None:
    await commit(gated.path, {"new.py": NEW})
    report = await gated.validate(files=("new.py", "gone.py", ".gitops"))
    assert places(named(report, "Lint")) == [("new.py", 1)]
    assert report.notes == ["These are no files of what was looked at: .gitops, gone.py."]


@pytest.mark.parametrize("file", ["../outside.py", "/etc/passwd", "a/../../b"])
async def test_files_outside_of_the_repository_are_refused(gated: GatedProject, file: str) -> None:
    with pytest.raises(InvalidRequest):
        await gated.validate(files=(file,))


async def test_without_a_base_nobody_knows_what_a_commit_changed(gated: GatedProject) -> None:
    with pytest.raises(InvalidRequest, match="Without a base"):
        await gated.validate(changed_only=True)


async def test_only_new_findings_count_where_the_file_says_so(gated: GatedProject) -> None:
    gates = f"baseline: new_issues_only\nquality_gates: {{pre_merge: [{LINT}]}}\n"
    base = await gated.state(gates)
    await commit(gated.path, {"old.py": f"# Moved.\n\n{OLD}"})
    same = await gated.only(base=base)
    assert (same.status, same.new) == ("passed", 0)
    await commit(gated.path, {"old.py": f"{NEW}# Moved.\n\n{OLD}"})
    worse = await gated.only(base=base)
    assert (worse.status, worse.new) == ("failed", 1)
    assert ("old.py", 1) in places(worse)


@pytest.mark.parametrize("ref", ["main", "WORKTREE", "STAGED"])
async def test_coverage_of_new_code_is_that_of_the_lines_that_changed(
    gated: GatedProject, ref: str
) -> None:
    gate = {"name": "Coverage", "new_code_minimum": 80, "report": "lcov.info"}
    base = await gated.state(gate, {"a.py": "a = 1\n"})
    lines = range(1, 31)
    hits = "".join(f"DA:{line},{int(line < 16)}\n" for line in lines)
    files = {
        "a.py": "".join(f"a = {line}\n" for line in lines),
        "lcov.info": f"SF:a.py\n{hits}LF:30\nLH:15\nend_of_record\n",
    }
    write_files(gated.path, files)
    await git(gated.path, "add", "--all")
    if ref == "main":
        await commit(gated.path, {})
    result = await gated.only(ref, base=base)
    assert (result.status, result.metrics.get("new_code_lines")) == ("failed", 29), result.reason
    assert ("a.py", 16) in places(result)
