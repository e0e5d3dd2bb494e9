"""Commits of a real repository are validated; the linter is one that needs no tool."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.identity import LOCAL
from gitops_auditor.quality.asking import Asker
from gitops_auditor.quality.keeping import Keeping
from gitops_auditor.quality.known import Known
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.quality.selection import GateSelection
from gitops_auditor.quality.trusting import Trusting
from gitops_auditor.quality.validation import Validator
from gitops_auditor.repositories.revisions import STAGED, WORKTREE
from gitops_auditor.services import Services
from gitops_auditor.wiring.gate_workspaces import GateWorkspaces
from tests.factories.git import commit, git, make_repository, write_files
from tests.factories.runs import run_settings
from tests.quality.asked import LineCheck

GATE = {"name": "Lint", "mcp": "code-linter", "new_issues_only": True}
GATES = {"quality_gates": {"pre_merge": [GATE]}}
GOOD = "good\n" * 8
FILES = {
    ".gitops/quality-gates.yaml": json.dumps(GATES),
    "old.py": f"{GOOD}bad 1\nbad 2\n",
    "same.py": "bad\n",
}
Validate = Callable[..., Awaitable[QualityReport]]


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
async def validate(services: Services, source: Path) -> Validate:
    """Validates refs of a repository whose first commit holds FILES."""
    await make_repository(source, FILES)
    async with services.audit.operation("test", "register_repository", {}):
        known = await services.repositories.register_path(source, LOCAL)
    settings, quality = services.settings, services.quality

    async def open_asker() -> Asker:
        return Asker({"mcp": LineCheck()}, Known(services.database), settings)

    validator = Validator(
        services.repositories,
        GateWorkspaces(services.repositories, settings, services.process),
        GateSelection(quality.gates, Trusting(settings)),
        open_asker,
        Keeping(services.database, services.events, services.audit, quality.baselines),
        settings,
    )

    async def run(ref: str, **request: Any) -> QualityReport:
        asked = ValidationRequest(known.id, "pre_merge", ref, **request)
        async with services.audit.operation("test", "validate_quality", {}):
            return await validator.validate(asked, "somebody", _untold)

    return run


async def _untold(_done: float, _total: float | None, _message: str) -> None:
    """Nobody follows."""


async def rename(source: Path) -> None:
    await git(source, "mv", "old.py", "new.py")


async def worsen(source: Path) -> None:
    write_files(source, {"new.py": f"bad 3\n{GOOD}bad 1\nbad 2\n"})
    await git(source, "add", "--all")


@pytest.mark.parametrize("changed_only", [False, True])
@pytest.mark.parametrize("ref", ["HEAD", STAGED, WORKTREE])
async def test_only_what_a_change_adds_to_a_renamed_file_is_new(
    validate: Validate, source: Path, ref: str, *, changed_only: bool
) -> None:
    base = await git(source, "rev-parse", "HEAD")
    await rename(source)
    if ref == "HEAD":
        ref = await commit(source, {})
    same = await validate(ref, base=base, changed_only=changed_only)
    assert (same.status, same.gates[0].new) == ("passed", 0)
    await worsen(source)
    if ref not in (STAGED, WORKTREE):
        ref = await commit(source, {})
    worse = await validate(ref, base=base, changed_only=changed_only)
    assert (worse.status, worse.passed, worse.gates[0].new) == ("failed", False, 1)
    assert worse.base == base


async def test_without_a_base_everything_counts(validate: Validate) -> None:
    report = await validate("main")
    assert (report.status, report.gates[0].new, report.gates[0].counts) == (
        "failed",
        None,
        {"high": 3},
    )


async def test_the_same_question_is_answered_from_what_is_known(validate: Validate) -> None:
    first, second = await validate("main"), await validate("main")
    assert second.gates[0].cached_from == first.gates[0].id
    assert second.gates[0].findings == first.gates[0].findings
    third = await validate("main", reuse=False)
    assert third.gates[0].cached_from is None
    assert (first.score, second.score, third.score) == (first.score,) * 3


async def test_a_commit_states_its_own_gates(validate: Validate, source: Path) -> None:
    first = await git(source, "rev-parse", "HEAD")
    weaker = {"quality_gates": {"pre_merge": [{**GATE, "required": False}]}}
    await commit(source, {".gitops/quality-gates.yaml": json.dumps(weaker)})
    assert (await validate(first)).status == "failed"
    assert (await validate("main")).status == "warning"


async def test_mistakes_in_the_gates_of_a_commit_let_nothing_pass(
    validate: Validate, source: Path
) -> None:
    await commit(source, {".gitops/quality-gates.yaml": "quality_gates: {pre_merge: 3}"})
    report = await validate("main")
    assert (report.status, report.passed, report.score) == ("error", False, None)
    assert "has to be a list" in report.reason


async def test_a_gate_that_there_is_not_is_said_so(validate: Validate) -> None:
    with pytest.raises(NotFound, match="there are: Lint"):
        await validate("main", gate="Spelling")
