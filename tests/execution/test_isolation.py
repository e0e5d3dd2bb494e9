"""What a confined job cannot do, tried by doing it; and how the level is found and required."""

import shutil
import socket
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.execution.isolation import IsolationReport, Obstacle, probe
from gitops_auditor.execution.supervision import kernel
from gitops_auditor.execution.supervision.orders import Isolation
from tests.execution.jobs import LEVELS, NOBODY, Jobs, python, why_no_cgroups

confined = pytest.mark.parametrize("isolation", LEVELS[1:])
sandboxed = pytest.mark.skipif(shutil.which("bwrap") is None, reason="install bubblewrap")
BEST = (
    Isolation.CGROUP
    if not why_no_cgroups()
    else Isolation.BUBBLEWRAP
    if shutil.which("bwrap")
    else Isolation.LANDLOCK
)


async def test_the_probe_finds_the_best_level_by_running_a_job(jobs: Jobs) -> None:
    folder = jobs.workspace.parent / "probe"
    folder.mkdir(mode=0o755)
    report = await probe(jobs.processes, folder, NOBODY)
    assert report.level is BEST
    assert all(each.level > report.level for each in report.obstacles)
    assert list(folder.iterdir()) == []


async def test_a_missing_bubblewrap_is_named_with_its_remedy(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    folder = jobs.workspace.parent / "probe"
    folder.mkdir(mode=0o755)
    report = await probe(jobs.processes, folder, NOBODY)
    assert report.level is Isolation.LANDLOCK
    assert report.obstacles[0].remedy == "install the package bubblewrap"


def test_below_the_minimum_a_run_is_refused_with_reason_and_remedy() -> None:
    obstacle = Obstacle(Isolation.BUBBLEWRAP, "bubblewrap is not installed.", "install it")
    report = IsolationReport(Isolation.LANDLOCK, (obstacle,))
    with pytest.raises(Refused, match="bubblewrap is not installed") as refused:
        report.require(Isolation.BUBBLEWRAP)
    assert refused.value.hint == "Remedy: install it."
    assert report.require(Isolation.LANDLOCK) is Isolation.LANDLOCK


def test_no_isolation_at_all_needs_to_be_allowed() -> None:
    report = IsolationReport(
        Isolation.NONE,
        (Obstacle(Isolation.LANDLOCK, "The kernel offers no Landlock.", "boot another"),),
    )
    with pytest.raises(Refused, match="no Landlock"):
        report.require(Isolation.NONE)
    assert report.require(Isolation.NONE, allow_unsandboxed=True) is Isolation.NONE


@confined
async def test_a_job_cannot_read_what_lies_outside_its_folders(
    jobs: Jobs, isolation: Isolation
) -> None:
    secret = jobs.workspace.parent / "secret"
    secret.write_text("treasure", encoding="utf-8")
    secret.chmod(0o644)
    order = jobs.order("cat", str(secret))
    assert (await jobs.run(order)).failure is None, "without isolation it can"
    result = await jobs.run(order._replace(isolation=isolation))
    assert result.failure == "failed"
    assert jobs.stdout == "treasure"


@confined
async def test_a_job_cannot_write_outside_its_folders(jobs: Jobs, isolation: Isolation) -> None:
    shared = jobs.workspace.parent / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    text = f"touch inside; touch {shared}/one; touch /etc/one; touch /one; ls /etc/one /one"
    await jobs.run(jobs.order("sh", "-c", text, isolation=isolation))
    assert (jobs.workspace / "inside").exists()
    assert list(shared.iterdir()) == []
    assert jobs.stdout == ""


@confined
async def test_a_link_in_the_workspace_leads_nowhere_outside(
    jobs: Jobs, isolation: Isolation
) -> None:
    secret = jobs.workspace.parent / "secret"
    secret.write_text("treasure", encoding="utf-8")
    (jobs.workspace / "link").symlink_to(secret)
    result = await jobs.run(jobs.order("cat", "link", isolation=isolation))
    assert (result.failure, jobs.stdout) == ("failed", "")


@confined
async def test_a_job_reads_and_runs_what_it_was_given_to_read(
    jobs: Jobs, isolation: Isolation
) -> None:
    tools = jobs.workspace.parent / "tools"
    tools.mkdir(mode=0o755)
    (tools / "greet").write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    (tools / "greet").chmod(0o755)
    order = jobs.order("sh", "-c", f"{tools}/greet; touch {tools}/new", isolation=isolation)
    await jobs.run(order._replace(readable=(str(tools),)))
    assert jobs.stdout == "hello\n"
    assert not (tools / "new").exists()


@confined
async def test_a_job_cannot_read_another_jobs_environment(jobs: Jobs, isolation: Isolation) -> None:
    other = await jobs.start(
        jobs.order("sh", "-c", "echo pid $$; sleep 60", environment={"TOKEN": "treasure"})
    )
    await jobs.until_output(b"\n")
    pid = jobs.stdout.split()[1]
    look = await jobs.run(jobs.order("cat", f"/proc/{pid}/environ", isolation=isolation))
    other.cancel()
    await other.wait()
    assert look.failure == "failed"
    assert "treasure" not in jobs.stdout


@confined
async def test_a_job_cannot_signal_a_process_outside(jobs: Jobs, isolation: Isolation) -> None:
    if isolation is Isolation.LANDLOCK and kernel.landlock_abi() < 6:
        pytest.skip("needs Linux 6.12, whose Landlock keeps signals in")
    other = await jobs.start(jobs.order("sh", "-c", "echo pid $$; sleep 60"))
    await jobs.until_output(b"\n")
    pid = jobs.stdout.split()[1]
    result = await jobs.run(jobs.order("sh", "-c", f"kill -9 {pid}", isolation=isolation))
    assert result.failure == "failed"
    other.cancel()
    assert (await other.wait()).failure == "cancelled"


@confined
async def test_dangerous_calls_are_refused(jobs: Jobs, isolation: Isolation) -> None:
    calls = """
        import ctypes, errno, os, socket
        libc = ctypes.CDLL(None, use_errno=True)
        def tried(name, result):
            print(name, "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()])
        tried("ptrace", libc.ptrace(0, 0, 0, 0))
        tried("unshare", libc.unshare(0x10000000))
        tried("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
        for name, family, kind in (("vsock", 40, 1), ("alg", 38, 5), ("packet", 17, 3)):
            try:
                socket.socket(family, kind)
                print(name, "allowed")
            except OSError as refused:
                print(name, errno.errorcode[refused.errno])
        print("threads", __import__("threading").Thread(target=int).start())
    """
    await jobs.run(jobs.order(*python(calls), isolation=isolation))
    assert dict(line.split(" ", 1) for line in jobs.stdout.splitlines()) == {
        "ptrace": "EPERM",
        "unshare": "EPERM",
        "mount": "EPERM",
        "vsock": "EAFNOSUPPORT",
        "alg": "EAFNOSUPPORT",
        "packet": "EAFNOSUPPORT",
        "threads": "None",
    }


CONNECT = """
    import socket, sys
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5):
        print("connected")
"""


@confined
async def test_a_job_reaches_the_network_only_when_it_has_one(
    jobs: Jobs, isolation: Isolation
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        order = jobs.order(*python(CONNECT), port, isolation=isolation)
        assert (await jobs.run(order)).failure == "failed"
        assert jobs.stdout == ""
        assert (await jobs.run(order._replace(network=True))).failure is None
    assert jobs.stdout == "connected\n"


@sandboxed
async def test_a_sandbox_has_a_loopback_of_its_own(jobs: Jobs) -> None:
    own = """
        import socket
        with socket.create_server(("127.0.0.1", 0)) as server:
            with socket.create_connection(server.getsockname(), timeout=5):
                print("connected")
    """
    await jobs.run(jobs.order(*python(own), isolation=Isolation.BUBBLEWRAP))
    assert jobs.stdout == "connected\n"


@sandboxed
async def test_secrets_never_stand_on_a_command_line(jobs: Jobs) -> None:
    job = await jobs.start(
        jobs.order(
            "sh",
            "-c",
            "echo $TOKEN; sleep 60",
            isolation=Isolation.BUBBLEWRAP,
            environment={"TOKEN": "treasure"},
        )
    )
    await jobs.until_output(b"treasure")
    lines = _command_lines()
    assert any(b"bwrap" in line for line in lines)
    assert not any(b"treasure" in line for line in lines)
    job.cancel()
    await job.wait()


def _command_lines() -> list[bytes]:
    return [_command_line(path) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@sandboxed
async def test_a_sandbox_shows_nothing_of_the_machine(jobs: Jobs) -> None:
    text = "ls / ; ls /root /home /var /run /sys /etc/shadow; ls /proc | grep -c '^[0-9]'"
    await jobs.run(jobs.order("sh", "-c", text, isolation=Isolation.BUBBLEWRAP))
    shown = set(jobs.stdout.splitlines())
    assert not shown & {"root", "home", "var", "run", "sys", "srv", "boot", "mnt"}
    assert int(jobs.stdout.splitlines()[-1]) < 8


@sandboxed
async def test_a_sandbox_that_cannot_be_made_is_an_error_with_its_reason(jobs: Jobs) -> None:
    order = jobs.order("true", isolation=Isolation.BUBBLEWRAP)
    with anyio.fail_after(20):
        result = await jobs.run(order._replace(writable=("/no/such/folder",)))
    assert result.failure is not None
    assert "/no/such/folder" in jobs.stderr


async def test_a_job_is_never_run_as_root(jobs: Jobs) -> None:
    if NOBODY is None:
        pytest.skip("run the tests as root for this")
    order = jobs.order("id")
    result = await jobs.run(order._replace(user=None))
    assert (result.failure, jobs.stdout) == ("errored", "")
    assert "root" in result.reason
