"""`doctor`: what this machine can do, and what is missing."""

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from gitops_auditor.execution import sandbox
from gitops_auditor.execution.isolation import IsolationReport, Obstacle
from gitops_auditor.execution.supervision.orders import Isolation
from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")


def test_doctor_reports_what_works(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_ALLOW_UNSANDBOXED", "true")
    cli("repos", "discover", str(workspace))
    ended = cli("doctor")
    assert ended.status == 0
    subjects = [row[4:17].rstrip() for row in ended.out.splitlines() if row.startswith("ok")]
    assert subjects == [
        "Python",
        "git",
        "data",
        "job user",
        "isolation",
        "workspaces",
        "ssh",
        "address",
        "PostgreSQL",
        "TLS",
    ]
    assert "3 repositories" in ended.out


def test_doctor_says_what_to_install_and_fails(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = cli("doctor")
    assert ended.status == 1
    assert "!!  git          missing\n    Install git 2.35 or newer.\n" in ended.out
    assert "ssh          not installed" in ended.out


def test_doctor_says_that_the_data_folder_cannot_be_used(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("GITOPS_DATA_DIR", str(tmp_path / "file" / "data"))
    ended = cli("doctor")
    assert ended.status == 1
    assert "Choose another with GITOPS_DATA_DIR." in ended.out


def test_doctor_warns_of_a_network_address_without_tls(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_HOST", "0.0.0.0")
    ended = cli("doctor")
    assert ended.status == 1
    assert "!!  TLS          off, listening on 0.0.0.0" in ended.out


def test_doctor_says_that_the_address_is_in_use(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("GITOPS_PORT", str(other.getsockname()[1]))
        assert "in use" in cli("doctor").out


def test_doctor_says_that_the_host_is_unknown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_HOST", "nowhere.invalid")
    assert "Set GITOPS_HOST" in cli("doctor").out


def _offer(monkeypatch: pytest.MonkeyPatch, level: Isolation, *obstacles: Obstacle) -> None:
    """Let the machine offer no more than this, which few machines can be brought to really do."""

    async def probe(*_arguments: object) -> IsolationReport:
        return IsolationReport(level, obstacles)

    monkeypatch.setattr(sandbox, "probe", probe)


def test_doctor_says_what_gives_a_better_isolation(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Obstacle(Isolation.BUBBLEWRAP, "There is no bwrap.", "install it")
    _offer(monkeypatch, Isolation.LANDLOCK, missing)
    ended = cli("doctor")
    assert ended.status == 0
    assert (
        "ok  isolation    Landlock, a seccomp filter and limits\n"
        "    bubblewrap: There is no bwrap. Remedy: install it.\n"
    ) in ended.out


def test_doctor_fails_where_jobs_are_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Obstacle(Isolation.LANDLOCK, "The kernel has no Landlock.", "boot another")
    _offer(monkeypatch, Isolation.NONE, missing)
    ended = cli("doctor")
    assert ended.status == 1
    assert "!!  isolation    no isolation beyond limits and another user\n" in ended.out
    assert "landlock: The kernel has no Landlock. Remedy: boot another.\n" in ended.out
    monkeypatch.setenv("PIPELINE_ALLOW_UNSANDBOXED", "true")
    assert cli("doctor").status == 0


@as_root
def test_doctor_connects_to_each_server_that_jobs_may_call(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_ALLOW_UNSANDBOXED", "true")
    servers = tmp_path / "mcp-servers.yaml"
    good, gone = [sys.executable, "-m", "tests.fakes.everyday"], [str(tmp_path / "gone")]
    servers.write_text(
        f"servers: {{code-linter: {{command: {json.dumps(good)}, cwd: {ROOT}}},"
        f" scanner: {{command: {json.dumps(gone)}}}}}",
        encoding="utf-8",
    )
    servers.chmod(0o600)
    monkeypatch.setenv("GITOPS_MCP_SERVERS", str(servers))
    ended = cli("doctor")
    assert "ok  MCP code-linter" in ended.out
    assert "!!  MCP scanner" in ended.out
    assert ended.status == 1


def test_doctor_says_that_there_is_no_such_user_for_jobs(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_JOB_USER", "no-such-user")
    ended = cli("doctor")
    assert ended.status == 1
    assert "!!  job user     no-such-user\n" in ended.out
    assert "Name an existing user without privileges" in ended.out


@as_root
def test_doctor_says_that_jobs_cannot_reach_their_folders(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("PIPELINE_WORKSPACES", str(closed))
    ended = cli("doctor")
    assert ended.status == 1
    assert f"!!  workspaces   {closed}\n" in ended.out
    assert "chmod o+x" in ended.out
