"""Logs of real runs over a WebSocket, while they are written and afterwards."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import ClientConnection, connect

from gitops_auditor.config import Settings
from tests.factories.runs import Project, run_settings

SECONDS = 30
SLOW = """
name: slow
stages:
  - name: one
    jobs:
      - talks:
          script: echo first && sleep 1 && echo "second €" && sleep 600
"""
QUICK = """
name: quick
stages:
  - name: one
    parallel: true
    jobs:
      - counts: {script: "seq 1 20000"}
      - fails: {script: 'echo attempt && false', retries: {limit: 1, on: [failed], delay: 0}}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@asynccontextmanager
async def connected(base: str) -> AsyncIterator[ClientConnection]:
    async with connect(base.replace("http", "ws", 1) + "/ws") as socket:
        yield socket


async def follow(socket: ClientConnection, run_id: str, **asked: Any) -> None:
    await socket.send(json.dumps({"type": "phase2.logs", "run_id": run_id, **asked}))


async def message(socket: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(SECONDS):
        received: dict[str, Any] = json.loads(await socket.recv())
        return received


async def pieces(socket: ClientConnection) -> list[dict[str, Any]]:
    """Every piece up to the end of the run."""
    found = []
    while (received := await message(socket))["type"] != "phase2.log.end":
        assert received["type"] == "phase2.log", received
        found.append(received)
    return found


def text_of(found: list[dict[str, Any]], job: str, attempt: int = 1) -> str:
    """What the job itself wrote in an attempt, without the line that the platform begins with."""
    mine = [one for one in found if (one["job"], one["attempt"]) == (job, attempt)]
    whole = "".join(one["text"] for one in mine)
    return whole.partition("\n")[2] if whole.startswith("[gitops-auditor]") else whole


async def test_what_a_job_writes_arrives_while_it_runs_and_ends_with_the_run(
    live_server: str, project: Project
) -> None:
    await project.define(SLOW)
    run = await project.start()
    async with connected(live_server) as socket:
        await follow(socket, run.id)
        found = [await message(socket)]
        while "second" not in text_of(found, "one/talks"):
            found.append(await message(socket))
        assert not (await project.services.pipelines.runs.get(run.id)).finished
        assert text_of(found, "one/talks") == "first\nsecond €\n"
        await project.cancel(run.id)
        assert (await pieces(socket))[-1]["complete"]


async def test_every_attempt_of_every_job_arrives_to_its_last_byte(
    live_server: str, project: Project
) -> None:
    await project.define(QUICK)
    run = await project.start()
    async with connected(live_server) as socket:
        await follow(socket, run.id)
        found = await pieces(socket)
    assert text_of(found, "one/counts") == "".join(f"{n}\n" for n in range(1, 20001))
    assert text_of(found, "one/fails", 1) == text_of(found, "one/fails", 2) == "attempt\n"


async def test_a_client_that_comes_back_goes_on_at_its_offset(
    live_server: str, project: Project
) -> None:
    await project.define(QUICK)
    run = await project.run()
    async with connected(live_server) as socket:
        await follow(socket, run.id, job="counts")
        size = (await pieces(socket))[-1]["size"]
        await follow(socket, run.id, job="counts", offset=size - 8)
        found = await pieces(socket)
        assert (found[0]["offset"], text_of(found, "one/counts")) == (size - 8, "9\n20000\n")
        await follow(socket, run.id, job="one/fails", attempt=2)
        (second,) = await pieces(socket)
        await follow(socket, run.id, job="one/fails", attempt=2, offset=second["size"] - 5)
        assert text_of(await pieces(socket), "one/fails", 2) == "empt\n"


async def test_a_new_request_for_logs_replaces_the_one_before_and_leaves_events(
    live_server: str, project: Project
) -> None:
    await project.define(SLOW)
    first = await project.start()
    async with connected(live_server) as socket:
        await socket.send(json.dumps({"type": "phase2.subscribe", "channels": ["repositories"]}))
        assert (await message(socket))["type"] == "phase2.subscribed"
        await follow(socket, first.id)
        assert (await message(socket))["run_id"] == first.id
        await project.define(QUICK)
        second = await project.run()
        await follow(socket, second.id, job="counts")
        async with project.services.database.write() as transaction:
            await project.services.events.append(transaction, "repositories", "x", {})
        received = [await message(socket)]
        while {"phase2.log.end", "phase2.event"} - {one["type"] for one in received}:
            received.append(await message(socket))
        ends = [one for one in received if one["type"] == "phase2.log.end"]
        assert [one["run_id"] for one in ends] == [second.id]
    await project.cancel(first.id)


async def test_a_client_that_leaves_leaves_no_task_behind(
    live_server: str, project: Project
) -> None:
    await project.define(SLOW)
    run = await project.start()
    async with connected(live_server) as socket:
        await follow(socket, run.id)
        assert (await message(socket))["type"] == "phase2.log"
    with anyio.fail_after(SECONDS):
        while following_tasks():
            await anyio.lowlevel.checkpoint()
    await project.cancel(run.id)


def following_tasks() -> list[anyio.TaskInfo]:
    found = anyio.get_running_tasks()
    return [one for one in found if one.name is not None and "_forward_logs" in one.name]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"run_id": "absent"}, "There is no run"),
        ({"run_id": "absent", "offset": -1}, "phase2.logs"),
        ({"run_id": "absent", "more": 1}, "phase2.logs"),
    ],
)
async def test_what_cannot_be_followed_is_answered_and_the_socket_stays(
    live_server: str, asked: dict[str, Any], said: str
) -> None:
    async with connected(live_server) as socket:
        for _ in range(2):
            await socket.send(json.dumps({"type": "phase2.logs", **asked}))
            answer = await message(socket)
            assert answer["type"] == "phase2.error"
            assert said in answer["error"]


class TestSwitchedOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"websocket_pipeline_updates": False})

    async def test_logs_are_refused_where_pipelines_are_not_told_of(self, live_server: str) -> None:
        async with connected(live_server) as socket:
            await follow(socket, "any")
            assert "not offered" in (await message(socket))["error"]


async def test_nothing_is_compressed_for_a_client_that_offers_to_take_it(live_server: str) -> None:
    async with connected(live_server) as socket:
        assert socket.request is not None
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" in socket.request.headers
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
