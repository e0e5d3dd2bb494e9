import json
from datetime import UTC, datetime
from pathlib import Path

import anyio

from gitops_auditor.app import open_platform
from gitops_auditor.config import load_settings
from gitops_auditor.dependencies import store
from gitops_auditor.dependencies.snapshots import RepositoryFacts, encode
from tests.cli.conftest import Cli, change, make
from tests.factories.terminal import ended

PIPELINE = "name: p\nstages: [{name: s, jobs: [{name: j, script: 'true'}]}]\n"


async def falsify(repository_id: str) -> None:
    """Keep, where the last scan kept what it read, that the repository says nothing."""
    async with open_platform(load_settings()) as platform:
        database = platform.services.database
        async with database.read() as connection:
            kept = (await store.snapshot_heads(connection))[repository_id]
        facts = encode(RepositoryFacts(kept.commit))
        nothing = store.NewSnapshot(
            repository_id, kept.commit, kept.digest, kept.reader_version, facts
        )
        async with database.write() as transaction:
            await store.save_snapshots(transaction, [nothing], datetime.now(UTC))


def test_refresh_cache_reads_again_what_did_not_change(cli: Cli, workspace: Path) -> None:
    cli("scan", str(workspace))
    anyio.run(falsify, "acme/shop")
    change(workspace / "ui", {"package.json": '{"name": "@acme/ui"}'})
    assert "1 dependencies" in cli("scan", str(workspace)).out
    ended = cli("maintenance", "refresh-cache")
    assert (ended.status, ended.out) == (0, "3 repositories scanned, 3 dependencies.\n")
    assert "shop" in cli("graph", "acme/ui").out


def test_cleanup_runs_lists_first_and_then_forgets(run_env: dict[str, str], tmp_path: Path) -> None:
    make(tmp_path / "it", {".gitops/pipeline.yaml": PIPELINE})
    for _ in range(2):
        assert ended("run", "--quiet", env=run_env, folder=tmp_path / "it").status == 0
    command = ("maintenance", "cleanup-runs", "--days", "0", "--keep", "1")
    looked = ended(*command, "--dry-run", env=run_env).out.splitlines()
    assert looked[0].endswith(" run 1 success")
    assert looked[1] == "1 runs are to go."
    assert ended(*command, env=run_env).out == "1 runs are gone.\n"
    assert ended(*command, env=run_env).out == "0 runs are gone.\n"
    listed = json.loads(ended("runs", "--json", env=run_env).out)["items"]
    assert [run["run_number"] for run in listed] == [2]
