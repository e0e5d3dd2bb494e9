"""Workers as processes of their own, with data folders of their own, on one PostgreSQL."""

import signal
import subprocess
from pathlib import Path

import anyio
import anyio.to_thread

from tests.pipelines.remote.site import SECONDS, Meeting, Server, Site


def pipeline(meeting: Meeting) -> str:
    return f"""
name: three
version: "1.0"
stages:
  - name: first
    jobs:
      - name: a
        script: {meeting.script("a")}
  - name: second
    parallel: true
    jobs:
      - name: b
        script: {meeting.script("b")}
      - name: c
        script: {meeting.script("c")}
"""


async def until_ended(process: subprocess.Popen[str]) -> str:
    _, err = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=SECONDS))
    return err


async def test_a_worker_that_is_killed_loses_its_run_to_another_which_repeats_no_finished_job(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    with site.worker("left") as left:
        run_id = await server.start(folder / "origin", pipeline(meeting))
        await meeting.until("a")
        meeting.let_go("a")
        await meeting.until("a", "b", "c")
        with site.worker("right"):
            left.send_signal(signal.SIGKILL)
            await meeting.until("a", "b", "c", "b", "c")
            meeting.let_go("b")
            meeting.let_go("c")
            run = await server.ended(run_id)
    assert run.status == "success"
    assert await server.attempts() == [
        ("first/a", 1, "success"),
        ("second/b", 1, "lost"),
        ("second/b", 2, "success"),
        ("second/c", 1, "lost"),
        ("second/c", 2, "success"),
    ]
