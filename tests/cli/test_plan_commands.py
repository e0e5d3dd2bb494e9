"""`plan ...` and `audit replay`: a family of repositories is changed, looked at and put back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.cli.conftest import Cli
from tests.factories.family import make_remotes
from tests.factories.git import git
from tests.factories.runs import run_folder

BUMP = ("plan", "bump", "left-pad", "2.0.0", "-r", "acme/libcore", "-r", "acme/libdb")
MERGE = (*BUMP, "--deliver", "merge")
ABSENT = "0" * 24


@pytest.fixture
def family(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of six registered and scanned bare repositories."""
    folder = tmp_path / "family"
    for remote in anyio.run(make_remotes, folder):
        assert cli("repos", "add", str(remote)).status == 0
    assert cli("scan").status == 0
    with run_folder() as runs:
        monkeypatch.setenv("PIPELINE_WORKSPACES", str(runs / "runs"))
        monkeypatch.setenv("PIPELINE_ALLOW_UNSANDBOXED", "true")
        yield folder


def planned(cli: Cli, *arguments: str) -> dict[str, Any]:
    made = cli(*arguments, "--json")
    assert (made.status, made.err) == (0, "")
    plan: dict[str, Any] = json.loads(made.out)
    return plan


def references(folder: Path, name: str) -> str:
    return anyio.run(git, folder / f"{name}.git", "for-each-ref")


def test_a_plan_is_made_looked_at_executed_and_put_back(cli: Cli, family: Path) -> None:
    before = references(family, "libdb")
    made = cli(*BUMP)
    assert made.status == 0
    assert "Bump left-pad to 2.0.0: planned" in made.out
    assert "  1. pending acme/libcore" in made.out
    (plan_id,) = set(re.findall(r"id ([0-9a-f]{24})\n", made.out))
    assert plan_id in cli("plan", "list", "--status", "planned", "--repository", "acme/libdb").out
    assert cli("plan", "list", "--status", "held").out == "There are no such plans.\n"
    assert json.loads(cli("plan", "show", plan_id, "--json").out)["status"] == "planned"

    rehearsed = cli("plan", "rehearse", plan_id, "2").out
    assert rehearsed.startswith("When phase 2 fails: steps undone 1, to be taken back by hand 0")
    assert "phase 2, acme/libdb: Delete the branch" in rehearsed

    done = cli("plan", "execute", plan_id)
    assert done.status == 0
    assert "Bump left-pad to 2.0.0: completed" in done.out
    told = [line.split(": ")[:2] for line in done.err.splitlines()]
    assert ["phase 1 acme/libcore", "done"] in told
    assert f"refs/heads/gitops-auditor/{plan_id}" in references(family, "libdb")

    replayed = cli("audit", "replay", plan_id)
    assert (replayed.status, replayed.err) == (0, "")
    assert replayed.out == "The plan comes to the same again in 2 repositories.\n"

    refused = cli("plan", "rollback", plan_id, "1")
    assert (refused.status, "Roll back phase 2 first." in refused.err) == (1, True)
    undone = cli("plan", "rollback", plan_id, "2")
    assert undone.status == 0
    (line,) = undone.err.splitlines()
    assert line.startswith("phase 2 acme/libdb: undone: Create the branch")
    assert references(family, "libdb") == before


def test_diffs_are_those_that_git_can_apply(cli: Cli, family: Path) -> None:
    plan = planned(cli, *BUMP)
    both = cli("plan", "diff", plan["id"]).out
    assert both.startswith("# acme/libcore\ndiff --git a/package.json b/package.json\n")
    assert "\n# acme/libdb\n" in both
    only = cli("plan", "diff", plan["id"], "acme/libdb").out
    assert '+    "left-pad": "^2.0.0",' in only
    (family / "libdb.patch").write_text(only, "utf-8")
    anyio.run(git, family / "work" / "libdb", "apply", str(family / "libdb.patch"))
    other = cli("plan", "diff", plan["id"], "acme/shop")
    assert (other.status, other.out) == (1, "")
    assert "acme/shop is not in the plan" in other.err
    assert "acme/libcore, acme/libdb" in other.err


def test_phases_are_executed_and_validated_in_their_order(cli: Cli, family: Path) -> None:
    plan_id = planned(cli, *BUMP)["id"]
    early = cli("plan", "phase", plan_id, "2")
    assert (early.status, early.out) == (1, "")
    assert "phase 1" in early.err.lower()
    assert "nothing to validate" in cli("plan", "validate", plan_id, "1").err
    assert "paused" in cli("plan", "phase", plan_id, "1").out
    assert "1. completed acme/libcore" in cli("plan", "validate", plan_id, "1").out
    assert "Bump left-pad to 2.0.0: cancelled" in cli("plan", "cancel", plan_id).out
    again = cli("plan", "execute", plan_id)
    assert again.status == 1
    assert f"The plan {plan_id} is cancelled" in again.err


def test_who_asked_does_not_approve_unless_a_setting_says_so(
    cli: Cli, family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(cli, *MERGE)
    plan_id, digits = plan["id"], plan["hash"][:12]
    refused = cli("plan", "execute", plan_id)
    assert refused.status == 1
    assert f"They run: gitops-auditor plan approve {plan_id} {digits}\n" in refused.err
    own = cli("plan", "approve", plan_id, digits)
    assert (own.status, own.out) == (1, "")
    assert "Ask somebody else, who has a token of their own. PLAN_LOCAL_APPROVAL lets" in own.err
    monkeypatch.setenv("PLAN_LOCAL_APPROVAL", "true")
    other = cli("plan", "approve", plan_id, "a" * 12)
    assert (other.status, other.out) == (1, "")
    assert f"has the hash {plan['hash']}, not {'a' * 12}." in other.err
    approved = cli("plan", "approve", plan_id, digits, "-m", "It is only us.")
    assert approved.out == "Bump left-pad to 2.0.0 is approved.\n"
    assert cli("plan", "execute", plan_id).status == 0
    assert anyio.run(git, family / "libcore.git", "log", "-1", "--format=%s", "main") != "start"


def test_a_plan_over_what_has_moved_is_refused_with_what_moved(cli: Cli, family: Path) -> None:
    plan_id = planned(cli, *BUMP)["id"]
    remote = family / "libdb.git"
    made = anyio.run(git, remote, "commit-tree", "-p", "main", "-m", "theirs", "main^{tree}")
    anyio.run(git, remote, "update-ref", "refs/heads/main", made)
    refused = cli("plan", "execute", plan_id)
    assert (refused.status, refused.out) == (1, "")
    assert "out of date: main of acme/libdb moved from " in refused.err
    assert "Make the plan again." in refused.err


def test_a_plan_that_is_held_ends_with_status_1_and_says_why(cli: Cli, family: Path) -> None:
    gate = '{"quality_gates": {"post_phase": [{"name": "Change log", "check": "NEWS exists"}]}}'
    work, remote = family / "work" / "libdb", family / "libdb.git"
    (work / ".gitops").mkdir()
    (work / ".gitops" / "quality-gates.yaml").write_text(gate, "utf-8")
    anyio.run(git, work, "add", ".gitops")
    anyio.run(git, work, "commit", "-q", "-m", "Gates")
    anyio.run(git, work, "push", "-q", str(remote), "HEAD:main")
    plan_id = planned(cli, *BUMP)["id"]
    held = cli("plan", "execute", plan_id)
    assert held.status == 1
    assert "Bump left-pad to 2.0.0: held" in held.out
    assert "2. rolled_back acme/libdb" in held.out
    assert "Change log" in held.out
    assert f"gitops-auditor/{plan_id}" not in references(family, "libdb")


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "show", ABSENT),
        ("plan", "diff", ABSENT),
        ("plan", "rehearse", ABSENT, "1"),
        ("plan", "approve", ABSENT, "a" * 12),
        ("plan", "execute", ABSENT),
        ("plan", "phase", ABSENT, "1"),
        ("plan", "validate", ABSENT, "1"),
        ("plan", "rollback", ABSENT, "1"),
        ("plan", "resume", ABSENT),
        ("plan", "cancel", ABSENT),
        ("audit", "replay", ABSENT),
    ],
    ids=" ".join,
)
def test_a_plan_that_there_is_not_is_told_with_what_to_do(cli: Cli, words: tuple[str, ...]) -> None:
    ended = cli(*words)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith(f"error: There is no plan {ABSENT}.\n")
    assert len(ended.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "bump", "left-pad"), "Missing argument 'version'"),
        (("plan", "rehearse", ABSENT, "0"), "Invalid value for '"),
        (("plan", "bump", "a", "1", "--deliver", "mail"), "'mail' is not one of"),
        (("plan", "script", "nothing.sh"), "'nothing.sh' does not exist"),
    ],
    ids=str,
)
def test_wrong_usage_is_told_with_status_2(cli: Cli, words: tuple[str, ...], message: str) -> None:
    ended = cli(*words)
    assert (ended.status, ended.out) == (2, "")
    assert message in ended.err


def test_an_input_that_is_none_is_refused(cli: Cli) -> None:
    ended = cli("plan", "pipeline", "deploy", "-i", "fast")
    assert (ended.status, ended.err) == (
        1,
        "error: 'fast' is no input.\n  Write it as NAME=VALUE.\n",
    )


def test_on_a_narrow_terminal_plans_are_lines_with_whole_ids(
    cli: Cli, family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = planned(cli, *MERGE)["id"]
    monkeypatch.setenv("COLUMNS", "40")
    first, second = cli("plan", "list").out.splitlines()
    assert first == f"{plan_id} planned Bump left-pad to 2.0.0"
    assert second == "  repositories 2, phases 2, approval needed, asked by local"
