"""`run` as a process: it streams, fails with status 1, and leaves nothing when interrupted."""

import json
import os
import signal
from pathlib import Path

import anyio
import pytest

from tests.cli.conftest import change, make
from tests.factories.git import git
from tests.factories.terminal import SECONDS, Ended, ended, started

GOOD = """
name: good
triggers:
  - manual:
      inputs:
        target: {default: staging}
        loud: {type: boolean, default: false}
stages:
  - name: one
    jobs:
      - first: {script: 'echo "to $INPUT_TARGET $INPUT_LOUD"'}
  - name: two
    jobs:
      - second: {script: "echo after"}
"""
BAD = """
name: bad
stages:
  - name: one
    jobs:
      - breaks: {script: "echo about to fail; exit 3"}
"""
ENDLESS = """
name: endless
stages:
  - name: one
    jobs:
      - sleeps: {script: "echo asleep; sleep 987654"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "it", {".gitops/pipeline.yaml": GOOD})
    return tmp_path / "it"


def run(folder: Path, run_env: dict[str, str], *arguments: str) -> Ended:
    return ended("run", *arguments, env=run_env, folder=folder)


def processes_with(text: str) -> list[int]:
    """The processes that have a text in their command."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in command.split(b"\0"):
            found.append(int(process.name))
    return found


def test_a_run_shows_each_line_its_jobs_and_its_end(folder: Path, run_env: dict[str, str]) -> None:
    done = run(folder, run_env)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert "one/first | to staging false" in lines
    assert lines.index("two/second | after") > lines.index("one/first | to staging false")
    assert lines[-1].startswith("success good run 1 in ")


def test_inputs_are_given_by_name(folder: Path, run_env: dict[str, str]) -> None:
    done = run(folder, run_env, "-i", "target=production", "--input", "loud=true")
    assert "one/first | to production true" in done.out
    refused = run(folder, run_env, "-i", "target")
    assert (refused.status, "NAME=VALUE" in refused.err) == (1, True)


def test_a_failed_run_has_status_1_and_says_why(folder: Path, run_env: dict[str, str]) -> None:
    change(folder, {".gitops/pipeline.yaml": BAD})
    done = run(folder, run_env)
    assert done.status == 1
    assert "one/breaks | about to fail" in done.out
    assert "failed bad run 1" in done.out
    cause, remedy = done.out.splitlines()[-2:]
    assert "one/breaks: " in cause
    assert remedy


def test_uncommitted_files_run_with_worktree_only(folder: Path, run_env: dict[str, str]) -> None:
    (folder / ".gitops/pipeline.yaml").write_text(GOOD.replace("after", "edited"), "utf-8")
    assert "second | after" in run(folder, run_env).out
    assert "second | edited" in run(folder, run_env, "--worktree").out
    assert "exclude each other" in run(folder, run_env, "--worktree", "--ref", "main").err


def test_as_json_there_is_one_object_and_nothing_else(
    folder: Path, run_env: dict[str, str]
) -> None:
    done = run(folder, run_env, "--json")
    shown = json.loads(done.out)
    assert (shown["status"], shown["run_number"]) == ("success", 1)


def test_quiet_shows_how_jobs_end_and_no_line_of_theirs(
    folder: Path, run_env: dict[str, str]
) -> None:
    done = run(folder, run_env, "--quiet")
    assert " | " not in done.out
    assert "success one/first" in done.out


def test_of_several_pipelines_one_has_to_be_named(folder: Path, run_env: dict[str, str]) -> None:
    change(folder, {".gitops/pipelines/other.yaml": BAD})
    refused = run(folder, run_env)
    assert (refused.status, "'bad', 'good'" in refused.err) == (1, True)
    assert run(folder, run_env, "good").status == 0


def test_pipelines_of_other_branches_are_no_choice(folder: Path, run_env: dict[str, str]) -> None:
    anyio.run(git, folder, "switch", "--quiet", "--create", "other")
    change(folder, {".gitops/pipelines/other.yaml": BAD})
    assert run(folder, run_env, "bad").status == 1
    anyio.run(git, folder, "switch", "--quiet", "main")
    assert "success good run 1" in run(folder, run_env).out


def test_a_repository_without_a_pipeline_says_what_to_write(
    tmp_path: Path, run_env: dict[str, str]
) -> None:
    make(tmp_path / "empty", {"README.md": "x"})
    done = run(tmp_path / "empty", run_env)
    assert (done.status, ".gitops/pipeline.yaml" in done.err) == (1, True)


def test_ctrl_c_cancels_the_run_and_leaves_no_process(
    folder: Path, run_env: dict[str, str]
) -> None:
    sleep = f"98765{os.getpid()}"
    change(folder, {".gitops/pipeline.yaml": ENDLESS.replace("987654", sleep)})
    with started("run", "--repository", str(folder), env=run_env) as running:
        assert running.stdout is not None
        assert any("asleep" in line for line in running.stdout)
        assert processes_with(sleep)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=SECONDS)
    assert running.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert processes_with(sleep) == []
    shown = ended("runs", "--json", env=run_env)
    assert [one["status"] for one in json.loads(shown.out)["items"]] == ["cancelled"]
