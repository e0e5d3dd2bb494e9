"""Commands as processes: pipes, terminals, signals."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.terminal import COMMAND, ended, environment, on_terminal, started

STOP_SECONDS = 5


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "data")


def git(path: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(
        ["git", *identity, *arguments], cwd=path, check=True, capture_output=True, timeout=30
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "workspace" / "shop"
    path.mkdir(parents=True)
    (path / "package.json").write_text('{"dependencies": {"react": "^18"}}', encoding="utf-8")
    git(path, "init", "--quiet", "--initial-branch=main")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message=first")
    return path


def test_a_first_command_makes_the_data_folder_and_answers(
    env: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    done = ended("scan", str(repository.parent), "--json", env=env)
    assert (done.status, done.err) == (0, "")
    (found,) = json.loads(done.out)["dependencies"]
    assert (found["source_repo"], found["name"], found["line"]) == ("shop", "react", 1)
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_the_exit_status_of_the_process_is_that_of_the_command(env: dict[str, str]) -> None:
    statuses = [ended(*words, env=env).status for words in (["repos"], ["repos", "remove", "x"])]
    assert statuses == [2, 1]


def test_progress_is_shown_on_a_terminal_only(env: dict[str, str], repository: Path) -> None:
    shown = on_terminal("scan", str(repository.parent), env=env).out
    assert "Scanning" in shown
    assert "1 repositories, 1 dependencies" in shown
    piped = ended("maintenance", "refresh-cache", env=env)
    assert (piped.status, piped.err) == (0, "")
    assert piped.out == "1 repositories scanned, 1 dependencies.\n"


def test_a_terminal_gets_colours_and_tables_of_its_width(
    env: dict[str, str], repository: Path
) -> None:
    ended("scan", str(repository.parent), env=env)
    shown = on_terminal("graph", env=env, columns=60).out
    assert "\x1b[1m" in shown
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).splitlines()
    assert max(map(len, lines)) <= 60


def test_a_terminal_without_unicode_gets_plain_lines(env: dict[str, str], repository: Path) -> None:
    plain = {**env, "PYTHONIOENCODING": "ascii"}
    scanned = ended("scan", str(repository.parent), env=plain)
    done = ended("graph", env=plain)
    assert (scanned.status, done.status) == (0, 0), done.err
    assert done.out.isascii()


def test_a_reader_that_leaves_early_ends_the_command_quietly(env: dict[str, str]) -> None:
    script = f"{' '.join(COMMAND)} openapi | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_standard_output_is_told(env: dict[str, str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "openapi"],
            env=env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: There is no space left")


def slow_git(folder: Path) -> dict[str, str]:
    """A git that says where it runs and then never ends, in front of the real one."""
    folder.mkdir()
    pipe = folder / "started"
    os.mkfifo(pipe)
    program = folder / "git"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *--version*) echo git version 2.40.0; exit;; esac\n'
        f'echo $$ > "{pipe}"\n'
        "exec sleep 600\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_leaves_no_process_and_no_traceback(
    env: dict[str, str], repository: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    ended("repos", "discover", str(repository.parent), env=env)
    slow = {**env, **slow_git(tmp_path / "bin")}
    with started("maintenance", "refresh-cache", env=slow) as command:
        child = int((tmp_path / "bin" / "started").read_text("utf-8"))
        command.send_signal(sent)
        out, err = command.communicate(timeout=STOP_SECONDS)
    assert (command.returncode, out, err) == (130, "", "")
    assert not Path(f"/proc/{child}").exists()
    assert json.loads(ended("audit", "export", env=env).out.splitlines()[-1])["result"] == "failure"


def test_a_command_in_the_background_of_a_shell_ends_on_sigterm(
    env: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    ended("repos", "discover", str(repository.parent), env=env)
    slow = {**env, **slow_git(tmp_path / "bin")}
    ignoring_interrupts = ("sh", "-c", 'trap "" INT; exec "$@"', "sh", *COMMAND)
    with started("scan", env=slow, command=ignoring_interrupts) as command:
        (tmp_path / "bin" / "started").read_text("utf-8")
        command.send_signal(signal.SIGTERM)
        command.communicate(timeout=STOP_SECONDS)
    assert command.returncode == 130


def test_an_interrupt_of_work_that_takes_long_cancels_it(
    env: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    ended("repos", "discover", str(repository.parent), env=env)
    slow = {**env, **slow_git(tmp_path / "bin")}
    impatient = (
        "import sys; from gitops_auditor.cli import main, session; session.FIRST_WAIT = 0.001;"
        " sys.exit(main.run(sys.argv[1:]))"
    )
    python = (sys.executable, "-c", impatient)
    with started("maintenance", "refresh-cache", env=slow, command=python) as command:
        child = int((tmp_path / "bin" / "started").read_text("utf-8"))
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=STOP_SECONDS)
    assert (command.returncode, out, err) == (130, "", "")
    assert not Path(f"/proc/{child}").exists()


def test_the_next_scan_after_an_interrupt_works(
    env: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    ended("repos", "discover", str(repository.parent), env=env)
    slow = {**env, **slow_git(tmp_path / "bin")}
    with started("scan", env=slow) as command:
        (tmp_path / "bin" / "started").read_text("utf-8")
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=STOP_SECONDS)
    done = ended("scan", env=env)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("1 repositories, 1 dependencies")


def test_stdio_writes_nothing_but_json_rpc(env: dict[str, str]) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    done = ended("stdio", "--read-only", env=env, standard_input=json.dumps(hello) + "\n")
    assert done.status == 0
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [(one["jsonrpc"], one["id"]) for one in answers] == [("2.0", 1)]
