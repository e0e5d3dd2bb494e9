"""Measures how soon a running service reacts to those who use its pipelines.

    python -m tests.benchmarks.pipeline_service [--rounds N] [--calls N]

On a repository of 1,000 files, as it was cloned (its objects are packed) and as it was just
committed: the time from the call that starts a run to the first line of its script, in the process
that carries it out and over REST against `gitops-auditor serve`, beside what a bare spawn of the
same shell takes. The checkout writes all files; what writing them takes without git is printed too,
for it differs a lot between file systems.

Then the time from `cancel_run` in another process to the last process of the job gone, and how long
GitHub waits for the answer to its webhook, one delivery after another and eight at once.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import secrets
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import anyio
import httpx2
from sqlalchemy import select

from gitops_auditor.app import Platform, carrying_out, catalog_for
from gitops_auditor.config import load_settings
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.identity import LOCAL
from gitops_auditor.operations import Call
from gitops_auditor.services import Services, open_services
from gitops_auditor.storage.pipeline_tables import run_attempts
from tests.benchmarks.concurrency import server
from tests.benchmarks.pipeline_engine import made_passable
from tests.benchmarks.pipelines import GRACE, POLITE, STUBBORN
from tests.factories.git import git, make_repository

FILES: Final = 1000
SECRET: Final = "a secret of the benchmark"
SCRIPTS: Final = {"stamp": "date +%s.%N", "polite": POLITE, "stubborn": STUBBORN}
KINDS: Final = ("cloned", "committed")
AT_ONCE: Final = 8
LOOK_SECONDS: Final = 0.005


def source(name: str) -> str:
    """The definition of a pipeline of one job."""
    return (
        f"name: {name}\nstages:\n  - name: only\n    jobs:\n      - name: only\n"
        f"        script: |\n          {SCRIPTS[name]}\n"
    )


def files() -> dict[str, str]:
    """What the repository holds."""
    return {f"src/part_{number % 40}/file_{number}.txt": f"{number}\n" for number in range(FILES)}


Operation = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Way:
    """A way to call operations, and what it is called."""

    name: str
    call: Operation


def in_process(services: Services) -> Way:
    """Calls in the process that carries runs out."""
    catalog = catalog_for(services.settings)

    async def call(operation: str, **arguments: Any) -> Any:
        request = Call(operation, arguments, LOCAL, uuid.uuid4().hex)
        return (await catalog.call(services, request)).model_dump(mode="json")

    return Way("in process", call)


def over_rest(client: httpx2.AsyncClient) -> Way:
    """Calls over REST of a server that carries runs out."""

    async def call(operation: str, **arguments: Any) -> Any:
        name = arguments.pop("pipeline_id", None) or arguments.pop("run_id", None)
        method, path = {
            "create_pipeline": ("POST", "/api/pipelines"),
            "run_pipeline": ("POST", f"/api/pipelines/{name}/execute"),
            "get_run": ("GET", f"/api/runs/{name}"),
            "read_run_log": ("GET", f"/api/runs/{name}/log"),
        }[operation]
        if method == "GET":
            response = await client.get(path, params=arguments)
        else:
            response = await client.post(path, json=arguments)
        response.raise_for_status()
        return response.json()

    return Way("over REST", call)


async def define(way: Way, services: Services) -> dict[str, dict[str, str]]:
    """Keep the pipelines of each repository; gives their ids by kind and script."""
    found = {one.name: one.id for one in await services.repositories.all()}
    return {
        kind: {
            name: (
                await way.call("create_pipeline", repository_id=found[kind], source=source(name))
            )["id"]
            for name in SCRIPTS
        }
        for kind in KINDS
    }


async def bare_spawn() -> float:
    """Seconds from starting the shell to the first line of its script."""
    started = time.time()
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", SCRIPTS["stamp"], stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await shell.communicate()
    return float(printed) - started


def bare_files(folder: Path) -> float:
    """Seconds to write the files of the repository."""
    started = time.perf_counter()
    for number in range(40):
        (folder / f"src/part_{number}").mkdir(parents=True)
    for name, text in files().items():
        (folder / name).write_text(text, "utf-8")
    took = time.perf_counter() - started
    shutil.rmtree(folder / "src")
    return took


async def first_output(way: Way, pipeline_id: str) -> dict[str, float]:
    """Seconds from the call to its answer, to the first line of the script, and to the end."""
    started = time.time()
    run = await way.call("run_pipeline", pipeline_id=pipeline_id)
    answered = time.time() - started
    ended = await way.call("get_run", run_id=run["id"], wait_seconds=30)
    took = time.time() - started
    assert ended["status"] == "success", ended
    log = await way.call("read_run_log", run_id=run["id"])
    first = float(log["text"].splitlines()[1]) - started
    return {"answer": answered, "first line": first, "end": took}


async def cancelled(way: Way, services: Services, pipeline_id: str) -> float:
    """Seconds from cancelling a run in this process to its last process gone."""
    run_id = (await way.call("run_pipeline", pipeline_id=pipeline_id))["id"]
    with anyio.fail_after(30):
        while "\nready" not in await _log(services, run_id):  # noqa: ASYNC110 - files tell nobody
            await anyio.sleep(0.02)
    query = select(run_attempts.c.cookie).where(run_attempts.c.run_id == run_id)
    async with services.database.read() as connection:
        cookie = await connection.scalar(query)
    assert cookie is not None
    pids = process_tree.processes_of_job(cookie)
    assert pids, "the job cannot be seen"
    started = time.perf_counter()
    async with services.audit.operation("benchmark", "cancel_run", {}):
        await services.pipelines.runs.cancel(run_id)
    while any(map(_runs, pids)):  # noqa: ASYNC110 - the processes are not ours to wait for
        await anyio.sleep(LOOK_SECONDS)
    took = time.perf_counter() - started
    assert (await services.pipelines.runs.wait(run_id, 30)).status == "cancelled"
    assert process_tree.processes_of_job(cookie) == []
    return took


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


async def _log(services: Services, run_id: str) -> str:
    data = await services.pipelines.logs.read(run_id, "only/only", 1, 0, 65536)
    return data.data.decode()


async def deliver(client: httpx2.AsyncClient) -> float:
    """Seconds to the answer to one webhook."""
    payload = {
        "ref": "refs/heads/main",
        "after": secrets.token_hex(20),
        "repository": {"full_name": "acme/tool"},
        "commits": [{"id": secrets.token_hex(20), "message": "a change " * 20} for _ in range(20)],
    }
    body = json.dumps(payload).encode()
    headers = {
        "x-github-event": "push",
        "x-github-delivery": str(uuid.uuid4()),
        "x-hub-signature-256": "sha256="
        + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
        "content-type": "application/json",
    }
    started = time.perf_counter()
    response = await client.post("/api/webhooks/github", content=body, headers=headers)
    took = time.perf_counter() - started
    assert response.status_code == 202, response.text
    return took


async def delivered(client: httpx2.AsyncClient, calls: int, at_once: int) -> list[float]:
    """The times of so many webhooks."""

    async def some() -> list[float]:
        return [await deliver(client) for _ in range(calls // at_once)]

    return list(chain.from_iterable(await asyncio.gather(*(some() for _ in range(at_once)))))


def show(name: str, seconds: Sequence[float], less: float = 0.0) -> None:
    """Print the median and the 95th percentile."""
    ordered = sorted(seconds)
    highest = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(
        f"{name:44} median {(statistics.median(ordered) - less) * 1000:7.1f} ms"
        f"  p95 {(highest - less) * 1000:7.1f} ms",
        flush=True,
    )


async def measure_first_output(ways: Sequence[tuple[Way, Any]], folder: Path, rounds: int) -> None:
    """Alternate between all ways and repositories, so that what else runs weighs on all alike."""
    spawns, writes = [], []
    seconds: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        spawns.append(await bare_spawn())
        writes.append(bare_files(folder))
        for way, pipelines in ways:
            for kind in KINDS:
                for what, took in (await first_output(way, pipelines[kind]["stamp"])).items():
                    # The first round starts supervisors.
                    if number:
                        seconds.setdefault(f"{what}, {kind}, {way.name}", []).append(took)
    floor = statistics.median(spawns)
    show("floor: the shell alone", spawns)
    show(f"writing {FILES} files alone", writes)
    for name, each in seconds.items():
        less = floor if name.startswith("first line") else 0.0
        show(f"{name}{', over the floor' if less else ''}", each, less)


async def measure(folder: Path, rounds: int, calls: int) -> None:
    """Print all figures."""
    async with AsyncExitStack() as stack:
        local = await stack.enter_async_context(opened(folder, "local"))
        await stack.enter_async_context(
            carrying_out(Platform(local.settings, local, catalog_for(local.settings)))
        )
        here = in_process(local)
        shared = await stack.enter_async_context(opened(folder, "shared"))
        base = await stack.enter_async_context(server(folder / "shared", variables(folder)))
        client = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, timeout=60))
        there = over_rest(client)
        pipelines = await define(there, shared)
        ways = [(here, await define(here, local)), (there, pipelines)]
        (folder / "bare").mkdir()
        await measure_first_output(ways, folder / "bare", rounds)
        for name, grace in (("polite", 0.0), ("stubborn", GRACE)):
            wanted = pipelines["cloned"][name]
            each = [await cancelled(there, shared, wanted) for _ in range(rounds)]
            show(f"cancel, {name}, beyond {grace:g} s", each, grace)
        for at_once in (1, AT_ONCE):
            await delivered(client, AT_ONCE, at_once)
            show(f"webhook, {at_once} at once", await delivered(client, calls, at_once))


def variables(folder: Path) -> dict[str, str]:
    """The settings of the server."""
    return {
        "PIPELINE_WORKSPACES": str(folder / "runs"),
        "PIPELINE_GRACE_SECONDS": str(GRACE),
        "PIPELINE_ALLOW_UNSANDBOXED": "true",
        "GITHUB_WEBHOOK_SECRET": SECRET,
    }


@asynccontextmanager
async def opened(folder: Path, name: str) -> AsyncIterator[Services]:
    """Services on a data folder that know both repositories."""
    settings = load_settings(
        {},
        data_dir=folder / name,
        workspaces=folder / "runs",
        grace_seconds=GRACE,
        allow_unsandboxed=True,
    )
    async with open_services(settings) as services:
        async with services.audit.operation("benchmark", "discover_repositories", {}):
            await services.repositories.discover(folder / "repositories", LOCAL)
        yield services


async def run(options: argparse.Namespace) -> None:
    """Make the folders and measure in them."""
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as temporary:
        folder = made_passable(Path(temporary))
        for kind in KINDS:
            await make_repository(folder / "repositories" / kind, files())
        await git(folder / "repositories" / "cloned", "repack", "-adq")
        await measure(folder, options.rounds, options.calls)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="pipeline_service", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--calls", type=int, default=400)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
