"""`runs`, `logs`, `cancel`, `rerun` and `approve`: runs that were started in the background."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import make
from tests.factories.terminal import Ended, ended, started

TWO = """
name: two
stages:
  - name: one
    jobs:
      - says: {script: "echo hello; echo again"}
  - name: two
    jobs:
      - breaks: {script: "echo bye; exit 3"}
"""
ENDLESS = """
name: endless
stages:
  - name: one
    jobs:
      - sleeps: {script: "echo asleep; sleep 600"}
"""
ASKS = """
name: asks
stages:
  - name: gate
    jobs: [{name: ask, approval: Deploy?}]
  - name: deploy
    jobs: [{name: ship, script: echo shipped}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {f".gitops/pipelines/{name}.yaml": text for name, text in DEFINED.items()}
    make(tmp_path / "it", files)
    return tmp_path / "it"


DEFINED = {"two": TWO, "endless": ENDLESS, "asks": ASKS}


def detached(folder: Path, env: dict[str, str], name: str) -> str:
    """Start a pipeline in the background; returns the run's id."""
    done = ended("run", name, "-d", "--json", env=env, folder=folder)
    assert (done.status, done.err) == (0, "")
    found: str = json.loads(done.out)["id"]
    return found


def shown(env: dict[str, str], run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended("runs", run_id, "--json", env=env).out)
    return found


def follow(env: dict[str, str], run_id: str) -> Ended:
    return ended("logs", "-f", run_id, env=env)


def test_logs_of_a_run_in_the_background_are_followed_to_its_end(
    folder: Path, executed: dict[str, str]
) -> None:
    run_id = detached(folder, executed, "two")
    done = follow(executed, run_id)
    assert done.status == 0
    lines = [line for line in done.out.splitlines() if "[gitops-auditor]" not in line]
    assert lines[:2] == ["one/says | hello", "one/says | again"]
    assert "two/breaks | bye" in lines
    later = ended("logs", run_id, "--job", "breaks", env=executed).out
    assert "two/breaks | bye" in later
    assert "one/says" not in later


def test_a_run_in_the_background_is_carried_out_without_a_server(
    folder: Path, run_env: dict[str, str]
) -> None:
    run_id = detached(folder, run_env, "two")
    assert "two/breaks | bye" in follow(run_env, run_id).out
    assert shown(run_env, run_id)["status"] == "failed"


def test_runs_are_listed_and_one_is_shown_with_its_jobs(
    folder: Path, executed: dict[str, str]
) -> None:
    run_id = detached(folder, executed, "two")
    follow(executed, run_id)
    listed = ended("runs", "--pipeline", "two", "--status", "failed", env=executed)
    assert run_id in listed.out
    assert ended("runs", "--status", "success", env=executed).out == "There are no such runs.\n"
    one = ended("runs", run_id, env=executed).out
    assert "two run 1: failed" in one
    assert "failed two/breaks" in one
    as_json = shown(executed, run_id)
    assert [stage["name"] for stage in as_json["stages"]] == ["one", "two"]
    page = json.loads(ended("runs", "--json", env=executed).out)
    assert [run["id"] for run in page["items"]] == [run_id]


def test_a_run_is_cancelled_from_elsewhere(folder: Path, executed: dict[str, str]) -> None:
    run_id = detached(folder, executed, "endless")
    with started("logs", "-f", run_id, env=executed) as following:
        assert following.stdout is not None
        assert any("asleep" in line for line in following.stdout)
        done = ended("cancel", run_id, env=executed)
        assert (done.status, "endless run 1: cancelled" in done.out) == (0, True)
        assert following.wait(20) == 0


def test_what_failed_is_repeated(folder: Path, executed: dict[str, str]) -> None:
    first = detached(folder, executed, "two")
    follow(executed, first)
    done = ended("rerun", first, "--failed", env=executed)
    assert "run 2" in done.out
    again = done.out.split()[-1]
    assert "one/says | hello" not in follow(executed, again).out
    assert shown(executed, again)["rerun_of"] == first
    from_job = ended("rerun", first, "--from", "one/says", env=executed).out.split()[-1]
    assert "one/says | hello" in follow(executed, from_job).out
    refused = ended("rerun", first, "--failed", "--from", "x", env=executed)
    assert (refused.status, "exclude each other" in refused.err) == (1, True)


@pytest.mark.parametrize(("arguments", "status"), [((), "success"), (("--reject",), "failed")])
def test_a_job_that_waits_is_approved_or_rejected(
    folder: Path, executed: dict[str, str], arguments: tuple[str, ...], status: str
) -> None:
    run_id = detached(folder, executed, "asks")
    with started("logs", "-f", run_id, env=executed) as following:
        assert following.stdout is not None
        hint = next(line for line in following.stdout if "approve" in line)
        assert f"gitops-auditor approve {run_id} 'gate/ask'" in hint
        done = ended("approve", run_id, "gate/ask", *arguments, "-m", "well", env=executed)
        assert done.status == 0, done
        assert following.wait(20) == 0
    assert shown(executed, run_id)["status"] == status
    again = ended("approve", run_id, "gate/ask", env=executed)
    assert (again.status, "does not wait" in again.err) == (1, True)


def test_an_unknown_run_is_refused_by_every_command(run_env: dict[str, str]) -> None:
    for command in (["runs", "x"], ["logs", "x"], ["logs", "-f", "x"], ["cancel", "x"]):
        done = ended(*command, env=run_env)
        assert (done.status, "There is no run 'x'" in done.err) == (1, True), done
