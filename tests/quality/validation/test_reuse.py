"""An answer is reused for the same question, and for no other."""

from typing import Any

import pytest

from tests.factories.gates import GatedProject
from tests.factories.git import commit, git, write_files

LINT = {"name": "Lint", "mcp": "code-linter", "tools": ["ruff"]}
GOOD = "x = 1\n"
BAD = "print(undefined)\n"


@pytest.fixture
async def gated(gated: GatedProject) -> GatedProject:
    await gated.state(LINT, {"a.py": BAD, "b.py": GOOD})
    return gated


async def test_the_same_question_is_answered_without_looking_again(gated: GatedProject) -> None:
    first, second = await gated.only(), await gated.only()
    assert (first.status, first.cached_from) == ("failed", None)
    assert second.cached_from == first.id
    assert (second.status, second.reason, second.counts) == (
        first.status,
        first.reason,
        first.counts,
    )
    assert second.findings == first.findings
    assert [one.counts for one in second.tools] == [one.counts for one in first.tools]
    assert second.duration_seconds == 0
    third = await gated.only()
    assert third.cached_from in {first.id, second.id}


async def test_who_wants_it_fresh_gets_a_new_look(gated: GatedProject) -> None:
    first, second = await gated.only(), await gated.only(reuse=False)
    assert (second.cached_from, second.status) == (None, first.status)


@pytest.mark.parametrize("changes", [{"quality_gate_cache_enabled": False}])
async def test_where_nothing_is_reused_every_question_is_a_new_look(gated: GatedProject) -> None:
    assert [(await gated.only()).cached_from for _ in range(2)] == [None, None]


async def test_a_commit_with_the_same_files_has_the_same_answer(gated: GatedProject) -> None:
    first = await gated.only()
    await commit(gated.path, {}, "empty")
    second = await gated.only()
    assert second.commit != first.commit
    assert second.cached_from == first.id


@pytest.mark.parametrize(
    ("gate", "files"),
    [
        (LINT, {"c.py": GOOD}),
        ({**LINT, "fail_threshold": "critical"}, {}),
    ],
)
async def test_another_file_and_another_definition_are_another_question(
    gated: GatedProject, gate: dict[str, Any], files: dict[str, str]
) -> None:
    await gated.only()
    await gated.state(gate, files)
    assert (await gated.only()).cached_from is None


async def test_other_changed_files_are_another_question(gated: GatedProject) -> None:
    whole = await gated.only()
    some = await gated.only(files=("b.py",))
    again = await gated.only(files=("b.py",))
    assert (whole.status, some.status, some.cached_from) == ("failed", "passed", None)
    assert again.cached_from == some.id


async def test_files_that_nobody_committed_are_another_question(gated: GatedProject) -> None:
    before = await gated.only("WORKTREE")
    write_files(gated.path, {"a.py": GOOD})
    after = await gated.only("WORKTREE")
    assert (before.status, after.status, after.cached_from) == ("failed", "passed", None)


async def test_another_program_is_another_question(
    gated: GatedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gated.only()
    monkeypatch.setattr("gitops_auditor.quality.looking.__version__", "99.0")
    assert (await gated.only()).cached_from is None


async def test_what_could_not_look_is_not_reused(gated: GatedProject) -> None:
    await gated.state({"name": "Lint", "command": "ruff check --select NOSUCHRULE"})
    first, second = await gated.only(), await gated.only()
    assert (first.status, second.status, second.cached_from) == ("error", "error", None)


async def test_another_base_is_another_question(gated: GatedProject) -> None:
    first = await git(gated.path, "rev-parse", "HEAD")
    second = await gated.state({**LINT, "new_issues_only": True}, {"b.py": BAD})
    clean = await commit(gated.path, {"c.py": GOOD})
    of_first, of_second = await gated.only(clean, base=first), await gated.only(clean, base=second)
    assert (of_first.status, of_first.new) == ("failed", 1)
    assert (of_second.status, of_second.new, of_second.cached_from) == ("passed", 0, None)
    again = await gated.only(clean, base=first)
    assert (again.cached_from, again.new, again.status) == (of_first.id, 1, "failed")
