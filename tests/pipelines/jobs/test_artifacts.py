"""Runs keep the files that their jobs name, within a quota and for a time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound, Refused
from gitops_auditor.pipelines.jobs.artifacts import RunArtifacts
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.storage.database import Database
from tests.pipelines.jobs.attempts import Attempts
from tests.pipelines.store.stored_runs import store_runs

JOB = "check/job"
MAKE = "mkdir -p dist; echo app > dist/app.js; ln -s /etc/passwd dist/link"


@pytest.fixture
async def kept(database: Database, artifacts: RunArtifacts) -> RunArtifacts:
    await store_runs(database, "run1", "run2")
    return artifacts


async def test_artifacts_are_listed_and_read(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts
) -> None:
    outcome, log = await attempts.run(scripts, {"script": MAKE, "artifacts": "dist/**"})
    assert outcome.metrics["artifacts"] == {"count": 1, "bytes": 4}
    assert "Kept 1 artifacts (4 bytes)." in log
    (only,) = await kept.list("run1")
    assert (only.job, only.path, only.size) == (JOB, "dist/app.js", 4)
    assert await kept.read("run1", JOB, "dist/app.js", max_bytes=100) == b"app\n"
    for path in ("dist/link", "../../../etc/passwd", "dist"):
        with pytest.raises(NotFound):
            await kept.read("run1", JOB, path, max_bytes=100)


@pytest.mark.parametrize(
    ("when", "exit_code", "count"),
    [("success", 0, 1), ("success", 1, 0), ("failure", 0, 0), ("failure", 1, 1), ("always", 1, 1)],
)
async def test_the_outcome_decides_what_is_kept(
    scripts: ScriptJobs,
    attempts: Attempts,
    kept: RunArtifacts,
    when: str,
    exit_code: int,
    count: int,
) -> None:
    job = {"script": f"{MAKE}; exit {exit_code}", "artifacts": {"paths": "dist", "when": when}}
    outcome, _ = await attempts.run(scripts, job)
    assert outcome.exit_code == exit_code
    assert len(await kept.list("run1")) == count


async def test_too_little_coverage_counts_as_failure(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts
) -> None:
    artifacts = {"paths": "dist", "when": "failure"}
    await attempts.run(scripts, {"script": MAKE, "coverage": 80, "artifacts": artifacts})
    assert len(await kept.list("run1")) == 1


async def test_the_quota_holds_for_the_whole_run(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts
) -> None:
    fill = "head -c 700000 /dev/zero > $GITOPS_JOB_NAME"
    artifacts = ["one", "two"]
    first, _ = await attempts.run(scripts, {"name": "one", "script": fill, "artifacts": artifacts})
    assert first.failure is None
    job = {"name": "two", "script": f"rm one; {fill}", "artifacts": artifacts}
    second, _ = await attempts.run(scripts, job)
    assert second.failure == "failed"
    assert "to collect" in second.reason
    assert [one.path for one in await kept.list("run1")] == ["one"]


async def test_a_repeated_job_replaces_what_it_kept(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts
) -> None:
    for name in ("a", "b"):
        await attempts.run(scripts, {"script": f"rm -f a; echo > {name}", "artifacts": ["a", "b"]})
    assert [one.path for one in await kept.list("run1")] == ["b"]


async def test_nothing_to_keep_is_noted(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts
) -> None:
    outcome, log = await attempts.run(scripts, {"script": "true", "artifacts": "dist"})
    assert outcome.failure is None
    assert "There are no artifacts at dist." in log
    assert await kept.list("run1") == []


async def test_artifacts_go_when_their_time_is_over(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts, settings: Settings
) -> None:
    day = {"script": MAKE, "artifacts": {"paths": "dist", "expire_in": "1d"}}
    await attempts.run(scripts, day)
    month = {"script": "touch dist/app.js", "artifacts": "dist"}
    await attempts.run(scripts, month, run_id="run2")
    assert await kept.expire(datetime.now(UTC)) == 0
    assert await kept.expire(datetime.now(UTC) + timedelta(days=2)) == 1
    assert await kept.list("run1") == []
    assert len(await kept.list("run2")) == 1
    folder = settings.data_dir / "artifacts"
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["app.js"]
    assert await kept.expire(datetime.now(UTC) + timedelta(days=31)) == 1


async def test_a_deleted_run_keeps_nothing(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts, settings: Settings
) -> None:
    await attempts.run(scripts, {"script": MAKE, "artifacts": "dist"})
    await kept.delete("run1")
    await kept.delete("run1")
    assert await kept.list("run1") == []
    assert not [path for path in (settings.data_dir / "artifacts").rglob("*") if path.is_file()]


async def test_an_artifact_that_was_changed_is_not_given_out(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts, settings: Settings
) -> None:
    await attempts.run(scripts, {"script": MAKE, "artifacts": "dist"})
    (file,) = (path for path in (settings.data_dir / "artifacts").rglob("*") if path.is_file())
    file.write_text("evil", encoding="utf-8")
    with pytest.raises(Refused, match="was changed"):
        await kept.read("run1", JOB, "dist/app.js", max_bytes=100)


async def test_files_of_a_run_that_is_gone_are_not_left(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts, settings: Settings
) -> None:
    with pytest.raises(IntegrityError):
        await attempts.run(scripts, {"script": MAKE, "artifacts": "dist"}, run_id="gone")
    assert await kept.list("gone") == []
    assert not [path for path in (settings.data_dir / "artifacts").rglob("*") if path.is_file()]


async def test_folders_nested_beyond_reason_fail_the_job(
    scripts: ScriptJobs, attempts: Attempts, kept: RunArtifacts
) -> None:
    script = f"mkdir -p {'d/' * 1500}"
    try:
        outcome, _ = await attempts.run(scripts, {"script": script, "artifacts": "d"})
    finally:
        # More than pytest itself can remove.
        await attempts.run(scripts, "rm -rf d")
    assert outcome.failure == "failed"
    assert "nested too deeply" in outcome.reason
