"""What servers that share a database do at the same time."""

import asyncio
from pathlib import Path

import anyio.to_thread

from tests.factories.git import make_repository
from tests.factories.terminal import ended
from tests.pipelines.remote.site import Server, Site, serving

PIPELINE = """
name: {name}
version: "1.0"
stages:
  - name: only
    jobs:
      - name: job
        script: "true"
"""


async def test_servers_that_read_the_same_files_at_once_all_know_them(
    site: Site, server: Server, folder: Path
) -> None:
    names = [f"p{number}" for number in range(5)]
    files = {f".gitops/pipelines/{name}.yaml": PIPELINE.format(name=name) for name in names}
    await make_repository(folder / "origin", dict(files))
    work = await server.call(
        "clone_repository", clone_url=f"file://{folder}/origin", wait_seconds=50
    )
    async with serving(site) as other:
        wanted = {"repository_id": work.result.id}
        read = [one.call("sync_pipelines", **wanted) for one in (server, other, server, other)]
        done = await asyncio.gather(*read)
        found = await other.call("list_pipelines", **wanted)
    assert [len(one.files) for one in done] == [5, 5, 5, 5]
    assert sorted(one.name for one in found.items) == names


async def test_migrate_makes_the_tables_of_the_queue_too_and_both_once(site: Site) -> None:
    env = site.environment("server")
    done = [await anyio.to_thread.run_sync(lambda: ended("migrate", env=env)) for _ in range(2)]
    assert [one.status for one in done] == [0, 0]
    assert "Made the tables of the queue of runs.\nMigrated from nothing to " in done[0].out
    assert done[1].out.startswith("The schema is current")
