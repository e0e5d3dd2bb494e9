"""Every example does what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from gitops_auditor.cli.demo_repositories import make_workspace
from tests.factories.family import make_remotes
from tests.factories.python_programs import offer_programs
from tests.factories.runs import run_folder
from tests.factories.terminal import COMMAND, ROOT, SECONDS, announced, ended, environment, started

EXAMPLES = ROOT / "examples"
EDITORS = sorted((EXAMPLES / "editors").glob("*.json"))
KEYS = ("mcpServers", "servers", "context_servers")
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "editor", "version": "1"},
    },
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    make_workspace(folder)
    return folder


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "data", GITOPS_PORT="0")


def configured(file: Path) -> list[dict[str, Any]]:
    """The servers that an editor's file starts."""
    settings = json.loads(file.read_text("utf-8"))
    (key,) = [key for key in KEYS if key in settings]
    return list(settings[key].values())


@pytest.mark.parametrize("file", EDITORS, ids=lambda file: file.name)
def test_an_editors_file_starts_a_server_that_answers(file: Path, env: dict[str, str]) -> None:
    (server,) = configured(file)
    assert server["command"] == "gitops-auditor"
    done = subprocess.run(
        [*COMMAND, *server["args"]],
        env={**env, **server.get("env", {})},
        input=json.dumps(INITIALIZE) + "\n",
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=True,
    )
    (answer,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert answer["result"]["serverInfo"]["name"] == "gitops-auditor"


def test_the_editors_files_are_those_that_are_listed() -> None:
    listed = (EXAMPLES / "editors" / "README.md").read_text("utf-8")
    assert re.findall(r"^\| `([^`]+)`", listed, re.MULTILINE) == unsorted(EDITORS, listed)


def unsorted(files: list[Path], text: str) -> list[str]:
    """The names of the files in the order in which the text has them."""
    return sorted((file.name for file in files), key=text.index)


def test_the_agent_tells_risk_lines_and_order(workspace: Path, env: dict[str, str]) -> None:
    done = agent(env, str(workspace), "northwind/ui-kit", "3.0.0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Risk: high (61 of 100)",
        "northwind/admin-web says ^2.0.0 in package.json:7",
        "northwind/shop-web says ^1.4.0 in package.json:7",
        "1. northwind/ui-kit",
        "2. northwind/admin-web, northwind/shop-web",
        "3. northwind/deploy",
    ]


def test_the_agent_says_what_went_wrong(
    workspace: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    unknown = agent(env, str(workspace), "northwind/nothing", "3.0.0")
    assert unknown.returncode == 1
    assert "northwind/nothing" in unknown.stderr
    nowhere = agent(env, str(tmp_path / "nowhere"), "northwind/ui-kit", "3.0.0")
    assert nowhere.returncode == 1
    assert nowhere.stderr.startswith("discover_repositories: There is no folder")


def agent(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "agent" / "impact.py"), *arguments],
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: install curl")
def test_the_questions_are_answered_over_rest(workspace: Path, env: dict[str, str]) -> None:
    with started("serve", env=env) as server:
        base = announced(server)["REST"].removesuffix("/api")
        done = subprocess.run(
            ["bash", str(EXAMPLES / "rest" / "questions.sh"), str(workspace), base],
            env=env,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert json.loads(lines[1])["by_kind"]["incompatible"] == 6
    assert json.loads(lines[3])["content"].startswith("flowchart LR\n")
    assert "dependencies" in done.stdout.split("What happened?")[1]


def test_the_gates_stop_a_repository_and_let_it_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_folder() as runs:
        folders = offer_programs(runs / "programs", monkeypatch)
        env = environment(
            tmp_path / "data",
            PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            PIPELINE_WORKSPACES=str(runs / "runs"),
            PIPELINE_ALLOW_UNSANDBOXED="true",
            PIPELINE_JOB_FOLDERS=",".join(map(str, folders)),
        )
        (tmp_path / "shop").mkdir()
        done = subprocess.run(
            [str(EXAMPLES / "quality-gates" / "story.sh"), str(tmp_path / "shop")],
            env=env,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    asked, hooked, fixed = done.stdout.split("\n# ")[1:]
    assert "deploy/production.yaml:6:1  high  duplication of key" in asked
    assert "3 failed (Coverage, Documentation, Lint), 1 warned (Changelog)" in asked
    assert "exit status 1" in asked
    assert "exit status 1" in hooked
    assert "1 warned (Changelog), 3 passed" in fixed
    assert "✗ Lint failed" in done.stderr.split("✓ Lint passed")[0]


PIPELINE = "name: check\nstages: [{{name: one, jobs: [{{name: job, script: {script}}}]}}]\n"


def coordinated(
    tmp_path: Path, files: dict[str, dict[str, str]]
) -> subprocess.CompletedProcess[str]:
    """The example over three members of the family, whose pipelines are called check."""
    members = ["libcore", "libdb", "api"]
    remotes = anyio.run(make_remotes, tmp_path / "family", files)
    with run_folder() as runs:
        env = environment(
            tmp_path / "data",
            PIPELINE_WORKSPACES=str(runs / "runs"),
            PIPELINE_ALLOW_UNSANDBOXED="true",
            PLAN_APPROVAL="never",
        )
        for remote in remotes:
            if remote.stem in members:
                assert ended("repos", "add", str(remote), env=env).status == 0
        return subprocess.run(
            [
                *(sys.executable, str(EXAMPLES / "coordination" / "coordinate.py"), "check"),
                *(f"acme/{name}" for name in members),
            ],
            env=env,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )


def pipelines(**scripts: str) -> dict[str, dict[str, str]]:
    """The pipeline of each member, which does nothing unless it is given here."""
    return {
        name: {".gitops/pipeline.yaml": PIPELINE.format(script=scripts.get(name, "'true'"))}
        for name in ("libcore", "libdb", "api")
    }


def test_a_pipeline_is_coordinated_over_repositories_in_their_order(tmp_path: Path) -> None:
    done = coordinated(tmp_path, pipelines())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines() == [
        "acme/api needs acme/libdb (libdb in package.json:7)",
        "acme/libdb needs acme/libcore (libcore in package.json:6)",
        "phase 1: acme/libcore",
        "phase 2: acme/libdb",
        "phase 3: acme/api",
        "All phases completed.",
    ]


def test_a_phase_whose_pipeline_fails_is_rolled_back_and_ends_the_coordination(
    tmp_path: Path,
) -> None:
    done = coordinated(tmp_path, pipelines(libdb="exit 3"))
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    told = done.stdout.splitlines()
    assert "phase 3: acme/api" not in told
    assert told[-3].startswith("phase 2 failed: ")
    assert told[-2].startswith("rollback: ")
    assert told[-1] == "Stopped."


def test_every_example_is_in_the_list_and_can_be_run() -> None:
    listed = (EXAMPLES / "README.md").read_text("utf-8")
    folders = [entry.name for entry in EXAMPLES.iterdir() if entry.is_dir()]
    assert [name for name in folders if f"[{name}]({name})" not in listed] == []
    for script in ("rest/questions.sh", "quality-gates/story.sh"):
        assert os.access(EXAMPLES / script, os.X_OK)
