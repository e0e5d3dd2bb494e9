"""`gitops-auditor gates run`: what is looked at, and the exit status."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, change, make
from tests.cli.gated import BAD, FINISHED, GATE_FILE, GOOD, ONE_GATE, gates, in_git, stage
from tests.factories.git import write_files
from tests.factories.runs import run_folder
from tests.factories.terminal import environment, on_terminal

MEASURED = {"name": "Measured", "minimum": 80, "required": True}
ADVISORY = {**FINISHED, "name": "Wished", "check": "LICENSE exists", "required": False}
NARROW = 40
STRICT = gates(
    pre_commit=[FINISHED],
    pre_merge=[FINISHED, ADVISORY],
    pre_deploy=[FINISHED, MEASURED],
    post_phase=[{**FINISHED, "check": "LICENSE exists"}],
)


@pytest.fixture
def here(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository with one gate that passes, which is where commands are called."""
    folder = tmp_path / "tool"
    make(folder, {GATE_FILE: ONE_GATE, "README.md": GOOD, "docs/guide.md": "Read it.\n"})
    with run_folder() as runs:
        monkeypatch.setenv("PIPELINE_WORKSPACES", str(runs / "runs"))
        monkeypatch.setenv("PIPELINE_ALLOW_UNSANDBOXED", "true")
        monkeypatch.chdir(folder)
        yield folder


def test_the_exit_status_is_that_of_the_gates(cli: Cli, here: Path) -> None:
    change(here, {GATE_FILE: STRICT})
    ended = cli("gates", "run")
    assert (ended.status, ended.err) == (0, "")
    assert "pre_merge passed with warnings" in ended.out
    assert cli("gates", "run", "--phase", "post-phase").status == 1
    undecided = cli("gates", "run", "--phase", "pre_deploy")
    assert undecided.status == 2
    assert "Measured could not look" in undecided.out
    assert "To do: " in undecided.out


def test_a_phase_without_gates_is_no_pass(cli: Cli, here: Path) -> None:
    ended = cli("gates", "run", "--phase", "pre_deploy")
    assert ended.status == 2
    assert "No gate is defined for pre_deploy" in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--phase", "pre_lunch"), "'pre_lunch' is no type of gates."),
        (("--ref", "nowhere"), "has no branch, tag or commit 'nowhere'"),
        (("--base", "nowhere"), "has no branch, tag or commit 'nowhere'"),
        (("--changed",), "Without a base nobody knows which files changed."),
        (("--gate", "Typo"), "there are: Finished."),
        (("--staged", "--worktree"), "exclude each other"),
        (("--staged", "--ref", "main"), "exclude each other"),
        (("-C", "/"), "/ is in no git repository."),
        (("-C", "nowhere"), "There is no folder"),
        (("nothing.py",), "There is no file nothing.py"),
        (("../other.py",), "is not in"),
        (("--output", "no/such/folder"), "cannot be written"),
        (("--format", "smoke"), "smoke"),
        (("--loud",), "--loud"),
    ],
)
def test_what_cannot_be_asked_is_not_a_failed_gate(
    cli: Cli, here: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = cli("gates", "run", *arguments)
    assert ended.status == 2
    assert message in ended.err


def test_a_gate_file_that_cannot_be_read_is_not_a_pass(cli: Cli, here: Path) -> None:
    change(here, {GATE_FILE: "quality_gates: {pre_merge: [{name: x, check: [}]}"})
    ended = cli("gates", "run")
    assert ended.status == 2
    assert GATE_FILE in ended.out


def test_a_tool_that_is_missing_is_not_a_pass_and_is_said_how_to_install(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    lint = {"name": "Lint", "mcp": "code-linter", "required": True}
    change(here, {GATE_FILE: gates(pre_merge=[lint]), "a.ts": "let a = 1;\n"})
    ended = cli("gates", "run", "a.ts")
    assert ended.status == 2
    assert "is not installed" in ended.out


def test_with_enforcement_off_nothing_is_looked_at_and_nothing_fails(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(here, {"README.md": BAD})
    monkeypatch.setenv("QUALITY_GATE_ENFORCEMENT", "off")
    ended = cli("gates", "run")
    assert ended.status == 0
    assert "pre_merge was skipped" in ended.out
    monkeypatch.setenv("QUALITY_GATE_ENFORCEMENT", "warn")
    warned = cli("gates", "run")
    assert warned.status == 0
    assert "Finished warns" in warned.out


def test_a_folder_of_the_repository_is_as_good_as_its_top(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here / "docs")
    assert cli("gates", "run").status == 0
    ended = cli("gates", "run", "guide.md", "--format", "json")
    assert json.loads(ended.out)["files"] == ["docs/guide.md"]


def test_what_is_staged_and_what_lies_there_are_looked_at_apart(cli: Cli, here: Path) -> None:
    stage(here, {"README.md": BAD})
    write_files(here, {"README.md": GOOD})
    assert cli("gates", "run", "--staged").status == 1
    assert cli("gates", "run", "--worktree").status == 0
    assert cli("gates", "run", "--phase", "pre_commit").status == 0
    assert cli("gates", "run").status == 0
    changed = cli("gates", "run", "--staged", "--changed", "--format", "json")
    assert json.loads(changed.out)["files"] == ["README.md"]
    in_git(here, "commit", "-q", "-m", "bad")
    assert cli("gates", "run").status == 1
    assert cli("gates", "run", "--ref", "HEAD~1").status == 2
    first = in_git(here, "rev-parse", "HEAD~1")
    assert cli("gates", "run", "--ref", first).status == 0


def test_changes_are_told_since_the_base(cli: Cli, here: Path) -> None:
    in_git(here, "checkout", "-q", "-b", "topic")
    change(here, {"docs/new.md": "New.\n"})
    ended = cli("gates", "run", "--base", "main", "--changed", "--format", "json")
    report = json.loads(ended.out)
    assert (ended.status, report["files"]) == (0, ["docs/new.md"])
    assert report["base"] == in_git(here, "rev-parse", "main")


def test_a_change_that_no_gate_is_about_may_go_on(cli: Cli, here: Path) -> None:
    lint = {"name": "Lint", "mcp": "code-linter", "required": True}
    change(here, {GATE_FILE: gates(pre_merge=[lint])})
    stage(here, {"notes.txt": "Words.\n"})
    ended = cli("gates", "run", "--staged", "--changed")
    assert ended.status == 0
    assert "Lint was skipped" in ended.out
    # A name is mistyped easily, and of a commit nobody looks whether it is there.
    assert cli("gates", "run", "--ref", "main", "notes.tyt").status == 2


def test_an_answer_is_reused_until_it_is_asked_anew(cli: Cli, here: Path) -> None:
    def reused(*arguments: str) -> bool:
        ended = cli("gates", "run", "--gate", "Finished", "--format", "json", *arguments)
        (gate,) = json.loads(ended.out)["gates"]
        return gate["cached_from"] is not None

    assert [reused(), reused(), reused("--fresh")] == [False, True, False]


def test_a_program_gets_what_it_can_read(cli: Cli, here: Path) -> None:
    change(here, {"README.md": BAD})
    told = {
        name: cli("gates", "run", "--format", name).out
        for name in ("json", "sarif", "junit", "github", "md")
    }
    assert json.loads(told["json"])["status"] == "failed"
    (run,) = json.loads(told["sarif"])["runs"]
    assert run["results"][0]["locations"]
    assert told["junit"].startswith("<?xml")
    assert told["github"].startswith("::warning file=README.md")
    assert told["md"].startswith("#")
    assert "Finished" in told["md"]


def test_a_file_gets_what_the_terminal_would(cli: Cli, here: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.sarif"
    ended = cli("gates", "run", "--format", "sarif", "--output", str(report))
    assert (ended.status, ended.out) == (0, "")
    assert json.loads(report.read_text("utf-8"))["version"] == "2.1.0"
    assert os.access(report, os.R_OK)


def test_colours_and_folded_lines_are_for_terminals(
    cli: Cli, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(here, {"README.md": BAD})
    piped = cli("gates", "run").out
    assert "\x1b" not in piped
    assert max(map(len, piped.splitlines())) > NARROW
    env = environment(
        tmp_path / "data",
        PIPELINE_WORKSPACES=os.environ["PIPELINE_WORKSPACES"],
        PIPELINE_ALLOW_UNSANDBOXED="true",
        DATABASE_URL=os.environ["DATABASE_URL"],
    )
    ended = on_terminal("gates", "run", env=env, columns=NARROW)
    assert ended.status == 1
    assert "\x1b[31m" in ended.out
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ended.out)
    reason = told.partition("Finished failed")[2].partition("gitops-auditor")[0]
    assert "  To do: Make it so that README.md\r\n  contains /finished/." in reason
