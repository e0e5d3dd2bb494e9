"""Workers as processes of their own, with data folders of their own, on one PostgreSQL."""

import asyncio
import shutil
import signal
import subprocess
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import select

from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher
from gitops_auditor.storage.tables import processes
from tests.factories.git import make_repository
from tests.factories.terminal import COMMAND, Ended, announced, ended, started
from tests.pipelines.remote.site import SECONDS, Meeting, Server, Site, Wire

STAGES = """
name: {name}
version: "1.0"
{more}
stages:
"""


def pipeline(meeting: Meeting, *stages: str, more: str = "") -> str:
    """A pipeline whose jobs, one letter each, come to the meeting."""
    text = STAGES.format(name="-".join(stages), more=more)
    for jobs in stages:
        text += f"  - name: {jobs}\n    parallel: true\n    jobs:\n"
        for job in jobs:
            text += f"      - name: {job}\n        script: {meeting.script(job)}\n"
    return text


async def until_ended(process: subprocess.Popen[str]) -> str:
    _, err = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=SECONDS))
    return err


async def command(site: Site, *arguments: str) -> Ended:
    """A command in a process of its own, on a third machine."""
    return await anyio.to_thread.run_sync(
        lambda: ended(*arguments, env=site.environment("elsewhere"))
    )


async def test_a_worker_that_is_killed_loses_its_run_to_another_which_repeats_no_finished_job(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    async with site.worker("left") as left:
        run_id = await server.start(folder / "origin", pipeline(meeting, "a", "bc"))
        await meeting.until("a came")
        meeting.let_go("a")
        await meeting.until("a came", "b came", "c came")
        async with site.worker("right"):
            left.send_signal(signal.SIGKILL)
            ends = ["a came", *["b came", "b was ended", "c came", "c was ended"]]
            await meeting.until(*ends, "b came", "c came")
            meeting.let_go("b")
            meeting.let_go("c")
            run = await server.ended(run_id)
    assert run.status == "success"
    assert await server.attempts() == [
        ("a/a", 1, "success"),
        ("bc/b", 1, "lost"),
        ("bc/b", 2, "success"),
        ("bc/c", 1, "lost"),
        ("bc/c", 2, "success"),
    ]


async def test_a_worker_that_is_stopped_hands_its_run_over_at_once(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    site.dead_seconds = 3600.0
    async with site.worker("left") as left:
        run_id = await server.start(folder / "origin", pipeline(meeting, "a", "b"))
        meeting.let_go("a")
        await meeting.until("a came", "b came")
        async with site.worker("right"):
            left.send_signal(signal.SIGTERM)
            err = await until_ended(left)
            await meeting.until("a came", "b came", "b was ended", "b came")
            meeting.let_go("b")
            run = await server.ended(run_id)
    assert run.status == "success"
    assert (left.returncode, "Traceback" in err) == (0, False)
    assert await server.attempts() == [
        ("a/a", 1, "success"),
        ("b/b", 1, "lost"),
        ("b/b", 2, "success"),
    ]


async def test_a_run_is_cancelled_from_another_machine(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    async with site.worker("left"):
        run_id = await server.start(folder / "origin", pipeline(meeting, "ab", "c"))
        await meeting.until("a came", "b came")
        cancelled = await command(site, "cancel", run_id)
        assert "cancelled" in cancelled.out, cancelled
        await meeting.until("a came", "b came", "a was ended", "b was ended")
    assert (await server.run(run_id)).status == "cancelled"


async def test_logs_and_artifacts_of_a_run_are_read_on_the_server(
    site: Site, server: Server, folder: Path
) -> None:
    definition = STAGES.format(name="make", more="") + (
        "  - name: make\n    jobs:\n      - name: it\n"
        "        script: [echo made here, mkdir out, echo whole > out/it.txt]\n"
        "        artifacts: {paths: [out]}\n"
    )
    async with site.worker("left"):
        run_id = await server.start(folder / "origin", definition)
        run = await server.ended(run_id)
    assert run.status == "success", run
    log = await server.call("read_run_log", run_id=run_id, job="make/it")
    assert "made here\n" in log.text
    found = await server.call("read_artifact", run_id=run_id, job="make/it", path="out/it.txt")
    assert found.content == "whole\n"


async def test_a_run_whose_message_was_lost_in_a_crash_is_carried_out(
    site: Site, server: Server, meeting: Meeting, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        return

    meeting.let_go("a")
    with monkeypatch.context() as crashing:
        crashing.setattr(RemoteDispatcher, "submitted", crash)
        run_id = await server.start(folder / "origin", pipeline(meeting, "a"))
    async with site.worker("left"):
        assert (await server.ended(run_id)).status == "success"


async def test_a_repository_that_is_not_on_the_machine_is_cloned_from_its_origin(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    await make_repository(folder / "origin", {".gitops/pipeline.yaml": pipeline(meeting, "a")})
    await server.call("clone_repository", clone_url=f"file://{folder}/origin", wait_seconds=50)
    (folder / "here").mkdir()
    await make_repository(
        folder / "here" / "it",
        {".gitops/pipeline.yaml": pipeline(meeting, "a")},
        origin=f"file://{folder}/origin",
    )
    known = await server.call("register_repository", path=str(folder / "here" / "it"))
    run_id = await server.start_known(known.id)
    (folder / "here").rename(folder / "gone")
    meeting.let_go("a")
    async with site.worker("left"):
        run = await server.ended(run_id)
    assert run.status == "success", run.reason


async def test_jobs_are_ended_before_another_machine_may_repeat_them(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    """A worker whose heartbeats do not arrive, here because a lock holds them up, still runs."""
    async with site.worker("left"):
        async with server.services.database.read() as connection:
            own = server.services.process.id
            (left,) = await connection.scalars(select(processes.c.id).where(processes.c.id != own))
        run_id = await server.start(folder / "origin", pipeline(meeting, "a"))
        await meeting.until("a came")
        async with site.worker("right"):
            async with server.services.database.write() as transaction:
                held = select(processes).where(processes.c.id == left).with_for_update()
                await transaction.execute(held)
                await meeting.until("a came", "a was ended", "a came")
            assert meeting.log == ["a came", "a was ended", "a came"]
            meeting.let_go("a")
            run = await server.ended(run_id)
    assert run.status == "success"
    assert (await server.owners())[-1] != left


async def test_a_worker_that_is_cut_off_ends_its_jobs_before_others_repeat_them_and_comes_back(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    async with Wire(site.url).laid() as wire:
        site.ways["left"] = wire.url
        async with site.worker("left") as left:
            first = await server.start(folder / "origin", pipeline(meeting, "a"))
            await meeting.until("a came")
            async with site.worker("right"):
                wire.cut()
                await meeting.until("a came", "a was ended", "a came")
                assert meeting.log == ["a came", "a was ended", "a came"]
                meeting.let_go("a")
                run = await server.ended(first)
                assert run.status == "success", run.reason
            wire.mend()
            second = str((await server.call("run_pipeline", pipeline_id=run.pipeline_id)).id)
            assert (await server.ended(second)).status == "success"
    assert (await server.owners())[-1].startswith(f"{left.pid}-")


async def test_a_run_that_waits_for_an_approval_takes_no_place(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    asking = STAGES.format(name="asking", more="") + (
        "  - name: ask\n    jobs:\n      - name: somebody\n        approval: Shall it go on?\n"
    )
    meeting.let_go("a")
    async with site.worker("left", "--concurrency", "1"):
        asked = await server.start(folder / "asking", asking)
        other = await server.start(folder / "other", pipeline(meeting, "a"))
        assert (await server.ended(other)).status == "success"
        assert (await server.run(asked)).status == "running"
        await command(site, "approve", asked, "ask/somebody")
        assert (await server.ended(asked)).status == "success"


async def test_runs_of_a_concurrency_group_follow_one_another_on_all_machines(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    definition = pipeline(meeting, "a", more="concurrency: {group: deploy}")
    async with site.worker("left"), site.worker("right"):
        first = await server.start(folder / "origin", definition)
        run = await server.run(first)
        second = str((await server.call("run_pipeline", pipeline_id=run.pipeline_id)).id)
        await meeting.until("a came")
        assert (await server.run(second)).status == "pending"
        meeting.let_go("a")
        ends = await asyncio.gather(server.ended(first), server.ended(second))
    assert [run.status for run in ends] == ["success", "success"]
    assert ends[0].completed_at is not None
    assert ends[1].started_at is not None
    assert ends[0].completed_at <= ends[1].started_at


async def test_a_worker_goes_on_when_its_connections_were_cut(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    async with site.worker("left"):
        first = await server.start(folder / "origin", pipeline(meeting, "a", "b"))
        await meeting.until("a came")
        await server.cut_connections("left")
        meeting.let_go("a")
        meeting.let_go("b")
        run = await server.ended(first)
        assert run.status == "success", run.reason
        second = str((await server.call("run_pipeline", pipeline_id=run.pipeline_id)).id)
        assert (await server.ended(second)).status == "success"
    assert sorted(meeting.log) == ["a came", "a came", "b came", "b came"]


async def test_without_workers_a_run_is_carried_out_where_it_is_started(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    await make_repository(folder / "it", {".gitops/pipeline.yaml": pipeline(meeting, "a")})
    meeting.let_go("a")
    done = await command(site, "run", "--repository", str(folder / "it"))
    assert done.status == 0, done
    assert await server.attempts() == [("a/a", 1, "success")]


async def test_a_run_does_not_wait_for_a_worker_that_died_a_moment_ago(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    await make_repository(folder / "it", {".gitops/pipeline.yaml": pipeline(meeting, "a")})
    meeting.let_go("a")
    async with site.worker("left") as left:
        await server.start(folder / "origin", pipeline(meeting, "a"))
        await meeting.until("a came")
        left.kill()
        done = await command(site, "run", "--repository", str(folder / "it"))
    assert done.status == 0, done


async def test_a_server_that_carries_out_runs_itself_leaves_none_to_nobody(
    site: Site, server: Server, meeting: Meeting, folder: Path
) -> None:
    meeting.let_go("a")
    env = {**site.environment("serving"), "GITOPS_PORT": "0"}
    with started("serve", env=env) as serving:
        await anyio.to_thread.run_sync(announced, serving)
        run_id = await server.start(folder / "origin", pipeline(meeting, "a"))
        assert (await server.ended(run_id)).status == "success"


def may_make_namespaces() -> bool:
    """Whether a process may be put into a network namespace of its own here."""
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return tried.returncode == 0


WAITING = """
name: waiting
version: "1.0"
stages:
  - name: first
    jobs:
      - name: quick
        script: echo done
  - name: second
    jobs:
      - name: patient
        script: until [ -e go ]; do sleep 0.05; done
"""


@pytest.mark.network_namespace
@pytest.mark.skipif(
    shutil.which("unshare") is None or not may_make_namespaces(),
    reason="needs the right to make network namespaces: run the tests as root",
)
async def test_workers_that_reach_nothing_but_the_database_take_over_from_one_another(
    site: Site, server: Server, folder: Path
) -> None:
    """Each has a network of its own, without a way out, and a socket file of PostgreSQL."""
    site.url = await server.socket_url()
    apart = ("unshare", "--net", *COMMAND)
    async with site.worker("left", command=apart) as left:
        run_id = await server.start(folder / "origin", WAITING)
        await server.until_running("second/patient", attempt=1)
        async with site.worker("right", command=apart):
            left.send_signal(signal.SIGKILL)
            await server.until_running("second/patient", attempt=2)
            (folder / "right" / "runs" / run_id / "checkout" / "go").touch()
            run = await server.ended(run_id)
    assert run.status == "success", run.reason
    assert await server.attempts() == [
        ("first/quick", 1, "success"),
        ("second/patient", 1, "lost"),
        ("second/patient", 2, "success"),
    ]
