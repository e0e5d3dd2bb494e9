"""Processes found and ended by what /proc says."""

import os
import subprocess
import threading
import uuid

from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import COOKIE


def test_a_job_without_a_supervisor_is_killed_by_its_cookie() -> None:
    cookie = uuid.uuid4().hex
    text = "setsid sleep 60 & echo ready; sleep 60"
    with subprocess.Popen(
        ["sh", "-c", text], env={"PATH": "/usr/bin:/bin", COOKIE: cookie}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert len(process_tree.processes_of_job(cookie)) >= 2
        assert process_tree.kill_job(cookie)
    assert process_tree.processes_of_job(cookie) == []


def test_the_tasks_of_a_user_include_its_threads() -> None:
    ended = threading.Event()
    before = process_tree.tasks_of_user(os.getuid())
    threads = [threading.Thread(target=ended.wait, args=(30,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    during = process_tree.tasks_of_user(os.getuid())
    ended.set()
    for thread in threads:
        thread.join()
    assert during >= before + 10


def test_descendants_of_a_process_are_found() -> None:
    with subprocess.Popen(
        ["sh", "-c", "sh -c 'echo $$; read line'"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        innermost = int(process.stdout.readline())
        assert innermost in {process.pid, *process_tree.descendants(process.pid)}
        assert process.pid in process_tree.descendants(os.getpid())


def test_a_process_that_is_gone_uses_nothing() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert process_tree.memory([gone.pid], 0) == 0
    assert process_tree.cpu_seconds([gone.pid]) == 0
    assert process_tree.descendants(gone.pid) == []


def test_the_memory_of_a_process_is_at_most_its_resident_size() -> None:
    resident = process_tree.memory([os.getpid()], 2**63)
    assert 0 < process_tree.memory([os.getpid()], 0) <= resident * 1.1
