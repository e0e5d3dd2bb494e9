import json
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from gitops_auditor.app import open_platform
from gitops_auditor.cli.session import call
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


def test_saved_pipelines_are_loaded_by_another_platform(
    cli: Cli, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_STORAGE_URL", str(tmp_path / "saved"))
    assert cli("maintenance", "load-pipelines").status == 1
    cli("scan", str(workspace))
    anyio.run(define, "acme/ui")
    assert cli("maintenance", "save-pipelines").out == "1 pipelines saved.\n"
    anyio.run(forget, "p")
    assert cli("maintenance", "load-pipelines", "--dry-run").out == "create acme/ui: p\n"
    assert cli("maintenance", "load-pipelines").out == "created acme/ui: p\n"
    assert cli("maintenance", "load-pipelines").out == ""
    anyio.run(forget, "p")
    (saved,) = (tmp_path / "saved").rglob("*.yaml")
    saved.write_text("other", encoding="utf-8")
    left = cli("maintenance", "load-pipelines")
    assert (left.status, "left acme/ui: p: The file acme/ui/" in left.out) == (1, True)


async def define(repository_id: str) -> None:
    async with open_platform(load_settings()) as platform:
        await call(platform, "create_pipeline", repository_id=repository_id, source=PIPELINE)


async def forget(name: str) -> None:
    async with open_platform(load_settings()) as platform:
        await call(platform, "delete_pipeline", pipeline_id=name)
