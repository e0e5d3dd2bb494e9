"""What runs keep of the files that their jobs made: within a quota, for a time."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.connections.files.opening import open_files
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import JsonValue, NotFound, Refused
from gitops_auditor.execution.artifacts import Artifact, ArtifactStore
from gitops_auditor.pipelines.fields import Artifacts
from gitops_auditor.pipelines.file_names import file_name
from gitops_auditor.pipelines.handlers import Attempt
from gitops_auditor.pipelines.store import artifacts as rows
from gitops_auditor.pipelines.store.artifacts import StoredArtifact
from gitops_auditor.storage.database import Database

_EXPIRED_AT_ONCE: Final = 500


def open_artifacts(
    settings: Settings, database: Database, connections: Connections
) -> "RunArtifacts":
    """The artifacts of runs at the place that the settings name. Raises InvalidSetting."""
    data = settings.data_dir
    location = settings.artifacts_url or str(data / "artifacts")
    files = open_files(location, connections, "PIPELINE_ARTIFACTS_URL")
    return RunArtifacts(database, ArtifactStore(files, data / "staging"), settings)


class RunArtifacts:
    """The artifacts of runs: the files, and the rows that say what there is."""

    def __init__(self, database: Database, store: ArtifactStore, settings: Settings) -> None:
        self._database = database
        self._store = store
        self._settings = settings

    async def keep(
        self, attempt: Attempt, *, failed: bool, note: Callable[[str], None]
    ) -> dict[str, JsonValue] | None:
        """Keep what the job names for its outcome; count and bytes, None when it keeps nothing.

        `note` takes a line for the job's log. Raises TooLarge beyond the quota of the run, and
        Unavailable.
        """
        wanted = attempt.job.job.artifacts
        if wanted is None or wanted.when not in ("always", "failure" if failed else "success"):
            return None
        kept = await self._store.save(
            attempt.run_id,
            file_name(attempt.job.id),
            attempt.workspace.checkout,
            wanted.paths,
            max_bytes=await self._room(attempt),
        )
        await self._record(attempt, kept, wanted)
        size = sum(one.size for one in kept)
        if kept:
            note(f"Kept {len(kept)} artifacts ({size} bytes).")
        else:
            note(f"There are no artifacts at {', '.join(wanted.paths)}.")
        return {"count": len(kept), "bytes": size}

    async def list(self, run_id: str) -> list[StoredArtifact]:
        """The artifacts of a run by job and path."""
        async with self._database.read() as connection:
            return await rows.artifacts_of_run(connection, run_id)

    async def read(self, run_id: str, job: str, path: str, *, max_bytes: int) -> bytes:
        """The content of one artifact. Raises NotFound, TooLarge, Unavailable, and Refused
        when it is not what the job left.
        """
        async with self._database.read() as connection:
            found = await rows.find_artifact(connection, run_id, job, path)
        if found is None:
            raise NotFound(
                f"Run {run_id} keeps no {path} of {job}.", hint="List the artifacts of the run."
            )
        content = await self._store.read(run_id, file_name(job), path, max_bytes=max_bytes)
        if hashlib.sha256(content).hexdigest() != found.sha256:
            raise Refused(
                f"The artifact {path} was changed where it is kept.", hint="Run the job again."
            )
        return content

    async def delete(self, run_id: str) -> None:
        """Forget the artifacts of a run; nothing happens when it has none."""
        await self._store.delete(run_id)
        async with self._database.write() as transaction:
            await rows.delete_of_run(transaction, run_id)

    async def expire(self, now: datetime) -> int:
        """Forget artifacts whose time is over; how many, zero when none is left to forget.

        It takes a bounded number at a time: call it again until it returns zero.
        """
        async with self._database.read() as connection:
            over = await rows.expired_artifacts(connection, now, _EXPIRED_AT_ONCE)
        for (run_id, job), group in groupby(over, key=lambda one: (one.run_id, one.job)):
            await self._store.remove(run_id, file_name(job), [one.path for one in group])
        if over:
            async with self._database.write() as transaction:
                await rows.delete_artifacts(transaction, over)
        return len(over)

    async def _room(self, attempt: Attempt) -> int:
        async with self._database.read() as connection:
            used = await rows.bytes_beside(connection, attempt.run_id, attempt.job.id)
        return max(self._settings.artifacts_bytes - used, 0)

    async def _record(self, attempt: Attempt, kept: Sequence[Artifact], wanted: Artifacts) -> None:
        lasting = wanted.expire_in or self._settings.artifacts_kept_days * 86_400
        expires_at = datetime.now(UTC) + timedelta(seconds=lasting)
        run_id, job = attempt.run_id, attempt.job.id
        quota = self._settings.artifacts_bytes
        stored = [
            StoredArtifact(run_id, job, **one.model_dump(), expires_at=expires_at) for one in kept
        ]
        try:
            async with self._database.write() as transaction:
                await rows.replace_of_job(transaction, run_id, job, stored, quota)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._store.remove(run_id, file_name(job), [one.path for one in kept])
            raise
