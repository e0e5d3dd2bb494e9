"""Scanning again as if nothing had been kept."""

from datetime import UTC, datetime
from pathlib import Path

from gitops_auditor.dependencies import store
from gitops_auditor.dependencies.models import ScanReport
from gitops_auditor.dependencies.snapshots import RepositoryFacts, encode
from tests.dependencies.conftest import Workspace, ignore
from tests.factories.git import commit

NEEDS_UFO = '{"name": "h3", "dependencies": {"ufo": "^1.5.0"}}'


async def refresh(workspace: Workspace) -> ScanReport:
    async with workspace.services.audit.operation("test", "scan_dependencies", {}):
        return await workspace.services.dependencies.scan(None, progress=ignore, refresh=True)


async def falsify(workspace: Workspace, repository_id: str) -> None:
    """Keep that the repository says nothing at all, at the commit and by the readers of before."""
    database = workspace.services.database
    async with database.read() as connection:
        kept = (await store.snapshot_heads(connection))[repository_id]
    nothing = store.NewSnapshot(
        repository_id,
        kept.commit,
        kept.digest,
        kept.reader_version,
        encode(RepositoryFacts(kept.commit)),
    )
    async with database.write() as transaction:
        await store.save_snapshots(transaction, [nothing], datetime.now(UTC))


async def two(workspace: Workspace) -> Path:
    ufo = await workspace.add("ufo", {"package.json": '{"name": "ufo"}'})
    await workspace.add("h3", {"package.json": NEEDS_UFO})
    await workspace.scan()
    return ufo


async def test_a_refresh_reads_repositories_that_did_not_change(workspace: Workspace) -> None:
    await two(workspace)
    report = await refresh(workspace)
    assert (report.read, report.unchanged, report.files) == (2, 0, 2)
    assert (report.added, report.updated, report.removed) == (0, 0, 0)


async def test_a_refresh_replaces_what_was_kept_wrongly(workspace: Workspace) -> None:
    ufo = await two(workspace)
    await falsify(workspace, "h3")
    await commit(ufo, {"package.json": '{"name": "ufo", "version": "2.0.0"}'})
    await workspace.scan()
    assert await workspace.links() == []
    await refresh(workspace)
    assert await workspace.links() == [("h3", "ufo", "ufo", "^1.5.0")]
    await commit(ufo, {"package.json": '{"name": "ufo", "version": "2.1.0"}'})
    await workspace.scan()
    assert await workspace.links() == [("h3", "ufo", "ufo", "^1.5.0")]


async def test_a_refresh_does_not_forget_a_repository_that_is_out_of_reach(
    workspace: Workspace,
) -> None:
    ufo = await two(workspace)
    (workspace.folder / "h3").rename(workspace.folder.parent / "elsewhere")
    report = await refresh(workspace)
    assert report.problems_total == 1
    assert await workspace.links() == [("h3", "ufo", "ufo", "^1.5.0")]
    assert ufo.is_dir()
