"""Real commits with the hook of gates: blocked with the findings on the screen, or made."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Cli, make
from tests.cli.gated import BAD, GATE_FILE, GOOD, ONE_GATE, in_git
from tests.factories.git import write_files
from tests.factories.runs import run_folder
from tests.factories.terminal import ROOT, SECONDS, Ended, environment

ORIGIN = "https://github.com/acme/tool.git"
LOADED = 'raise RuntimeError("A module of the repository was loaded.")\n'


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A repository; what it calls anyio must not be taken for the library."""
    files = {GATE_FILE: ONE_GATE, "README.md": GOOD, "anyio.py": LOADED}
    make(tmp_path / "tool", files, ORIGIN)
    return tmp_path / "tool"


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of somebody who commits."""
    who = {"NAME": "Test", "EMAIL": "test@example.org"}
    names = {f"GIT_{role}_{key}": who[key] for role in ("AUTHOR", "COMMITTER") for key in who}
    with run_folder() as runs:
        yield environment(
            tmp_path / "data",
            PIPELINE_WORKSPACES=str(runs / "runs"),
            PIPELINE_ALLOW_UNSANDBOXED="true",
            GIT_CONFIG_NOSYSTEM="1",
            **names,
        )


def ended(command: list[str], folder: Path, env: dict[str, str], typed: str = "") -> Ended:
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def committed(folder: Path, env: dict[str, str], *arguments: str, typed: str = "") -> Ended:
    return ended(["git", "commit", "-m", "change", *arguments], folder, env, typed)


def head(folder: Path) -> str:
    return in_git(folder, "show", "HEAD:README.md")


def test_a_commit_is_blocked_with_the_findings_and_made_after_the_fix(
    cli: Cli, here: Path, env: dict[str, str]
) -> None:
    assert cli("gates", "hook", "install", "-C", str(here)).status == 0
    write_files(here, {"README.md": BAD})
    in_git(here, "add", "README.md")
    blocked = committed(here, env)
    assert blocked.status == 1
    assert "✗ Finished failed" in blocked.err
    assert "README.md contains /finished/" in blocked.err
    assert "failed for what is staged of acme/tool" in blocked.err
    write_files(here, {"README.md": GOOD + "More.\n"})
    in_git(here, "add", "README.md")
    write_files(here, {"README.md": BAD})
    made = committed(here, env)
    assert made.status == 0
    assert "pre_commit passed" in made.err
    assert head(here) == (GOOD + "More.").strip()


def test_what_git_commits_is_looked_at_and_not_what_is_staged(
    cli: Cli, here: Path, env: dict[str, str]
) -> None:
    cli("gates", "hook", "install", "-C", str(here))
    write_files(here, {"README.md": BAD})
    assert committed(here, env, "--all").status == 1
    assert committed(here, env, "README.md").status == 1
    assert committed(here, env, "--patch", typed="y\n").status == 1
    # Patching has staged it, and what is committed now is another file alone.
    write_files(here, {"other.txt": "Words.\n"})
    in_git(here, "add", "other.txt")
    assert committed(here, env, "--only", "other.txt").status == 0
    assert head(here) == GOOD.strip()
    assert committed(here, env, "--all", "--no-verify").status == 0
    assert head(here) == BAD.strip()


def test_a_linked_worktree_has_the_same_hook_and_an_index_of_its_own(
    cli: Cli, here: Path, env: dict[str, str], tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    in_git(here, "worktree", "add", "-q", "-b", "topic", str(linked))
    assert cli("gates", "hook", "install", "-C", str(linked)).status == 0
    write_files(here, {"README.md": GOOD + "More.\n"})
    assert committed(here, env, "--all").status == 0
    write_files(linked, {"README.md": BAD})
    assert committed(linked, env, "--all").status == 1
    in_git(linked, "add", "README.md")
    assert committed(linked, env).status == 1
    write_files(linked, {"README.md": GOOD + "Other.\n"})
    assert committed(linked, env, "--all").status == 0
    asked = [sys.executable, "-P", "-m", "gitops_auditor", "gates", "run"]
    assert "of its linked worktrees" in ended([*asked, "--worktree"], linked, env).err
    assert ended([*asked, "--staged"], linked, env).status == 0
    at_head = ended(asked, linked, env)
    assert (at_head.status, in_git(linked, "rev-parse", "HEAD")[:10] in at_head.out) == (0, True)


def test_a_hook_of_somebody_elses_stays_unless_it_may_go(cli: Cli, here: Path) -> None:
    hook = here / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    refused = cli("gates", "hook", "install", "-C", str(here))
    assert refused.status == 1
    assert "gates run --phase pre_commit --staged --changed" in refused.err
    assert cli("gates", "hook", "uninstall", "-C", str(here)).status == 1
    assert cli("gates", "hook", "install", "--force", "-C", str(here)).status == 0
    assert os.access(hook, os.X_OK)
    assert cli("gates", "hook", "install", "-C", str(here)).status == 0
    assert cli("gates", "hook", "uninstall", "-C", str(here)).status == 0
    assert not hook.exists()
    assert "There is no hook" in cli("gates", "hook", "uninstall", "-C", str(here)).err


def test_the_hook_goes_where_git_looks_for_it(
    cli: Cli, here: Path, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = tmp_path / "gitconfig"
    everywhere.write_text("[core]\n\thooksPath = /everybody/hooks\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(everywhere))
    unheard = cli("gates", "hook", "install", "-C", str(here))
    assert unheard.status == 1
    assert "/everybody/hooks" in unheard.err
    in_git(here, "config", "core.hooksPath", ".hooks")
    assert cli("gates", "hook", "install", "-C", str(here / ".gitops")).status == 0
    assert (here / ".hooks" / "pre-commit").is_file()
    write_files(here, {"README.md": BAD})
    assert committed(here, env, "--all").status == 1


@pytest.mark.parametrize("runner", ["pre-commit", "prek"])
def test_programs_that_run_hooks_take_ours(runner: str, here: Path, env: dict[str, str]) -> None:
    """Without a network they cannot install it, so that it runs with what is installed already."""
    program = str(Path(sys.executable).with_name(runner))
    manifest = ROOT / ".pre-commit-hooks.yaml"
    assert ended([program, "validate-manifest", str(manifest)], here, env).status == 0
    (hook,) = yaml.safe_load(manifest.read_text("utf-8"))
    arguments = hook["entry"].removeprefix("gitops-auditor")
    entry = f"{sys.executable} -P -m gitops_auditor{arguments}"
    del hook["additional_dependencies"]
    local = {**hook, "language": "system", "entry": entry}
    config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]})
    write_files(here, {".pre-commit-config.yaml": config, "README.md": BAD})
    in_git(here, "add", "--all")
    failed = ended([program, "run"], here, env)
    assert failed.status == 1
    assert "✗ Finished failed" in failed.out
    write_files(here, {"README.md": GOOD + "More.\n"})
    in_git(here, "add", "--all")
    assert ended([program, "run"], here, env).status == 0
