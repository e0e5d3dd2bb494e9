"""Rows of artifacts, on both databases."""

from datetime import timedelta

import pytest

from gitops_auditor.errors import TooLarge
from gitops_auditor.pipelines.store import artifacts as rows
from gitops_auditor.pipelines.store.artifacts import StoredArtifact
from gitops_auditor.storage.database import Database
from tests.pipelines.store.stored_runs import NOW, store_runs


def artifact(job: str, path: str, size: int = 10, days: int | None = 1) -> StoredArtifact:
    expires_at = None if days is None else NOW + timedelta(days=days)
    return StoredArtifact("run1", job, path, size, "digest", expires_at)


async def test_the_quota_counts_what_other_jobs_keep(database: Database) -> None:
    await store_runs(database, "run1")
    async with database.write() as transaction:
        await rows.replace_of_job(transaction, "run1", "a", [artifact("a", "x", 60)], 100)
        await rows.replace_of_job(transaction, "run1", "a", [artifact("a", "y", 70)], 100)
    with pytest.raises(TooLarge, match="110 bytes"):
        async with database.write() as transaction:
            await rows.replace_of_job(transaction, "run1", "b", [artifact("b", "x", 40)], 100)
    async with database.read() as connection:
        assert await rows.artifacts_of_run(connection, "run1") == [artifact("a", "y", 70)]
        assert await rows.bytes_beside(connection, "run1", "a") == 0


async def test_expired_ones_come_longest_over_first_and_bounded(database: Database) -> None:
    await store_runs(database, "run1")
    kept = [artifact("a", "two", days=2), artifact("a", "one"), artifact("a", "ever", days=None)]
    async with database.write() as transaction:
        await rows.replace_of_job(transaction, "run1", "a", kept, 100)
    async with database.write() as transaction:
        over = await rows.expired_artifacts(transaction, NOW + timedelta(days=2), 1)
        assert [one.path for one in over] == ["one"]
        await rows.delete_artifacts(transaction, over)
    async with database.read() as connection:
        left = await rows.artifacts_of_run(connection, "run1")
        assert [one.path for one in left] == ["ever", "two"]
        assert await rows.find_artifact(connection, "run1", "a", "one") is None
