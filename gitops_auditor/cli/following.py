"""Shows a run on the terminal while it runs: the logs of its jobs, and how each of them ended."""

import sys
from dataclasses import dataclass, field
from typing import Final

import anyio

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call
from gitops_auditor.cli.terminal import line, plain, visible
from gitops_auditor.pipelines.log_reading import LogText
from gitops_auditor.pipelines.records import JobRun, Run

WAIT_SECONDS: Final = 5.0
PIECE_BYTES: Final = 60_000
COLOURS: Final = {
    "success": "green",
    "failed": "red",
    "cancelled": "yellow",
    "skipped": "dim",
    "running": "cyan",
    "pending": "dim",
}


@dataclass
class RunFollower:
    """Follows one run, or one job of it.

    With `quiet` only how jobs end is shown, with `silent` nothing.
    """

    platform: Platform
    run_id: str
    job: str | None = None
    quiet: bool = False
    silent: bool = False
    _rests: dict[str, str] = field(default_factory=dict)
    _read: set[tuple[str, int]] = field(default_factory=set)
    _told: set[tuple[str, str]] = field(default_factory=set)

    async def follow(self) -> Run:
        """Show what comes until the run is over, and return it."""
        if self.quiet or self.silent:
            return await self._watch()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_logs)
            run = await self._watch()
        self._tell(run)
        return run

    async def show(self) -> None:
        """Show what there is of the run at this moment."""
        run: Run = await call(self.platform, "get_run", run_id=self.run_id)
        for job in self._jobs(run):
            await self._show_log(job)
        self._tell(run)

    async def _follow_logs(self) -> None:
        async for piece in self.platform.services.pipelines.log_follower.follow(
            self.run_id, self.job
        ):
            self._print(piece)

    async def _watch(self) -> Run:
        services = self.platform.services
        while True:
            seen = services.database.changes.version
            run: Run = await call(self.platform, "get_run", run_id=self.run_id)
            if not self.silent:
                self._tell(run)
            if run.finished:
                return run
            await services.database.changes.wait(seen, WAIT_SECONDS)

    async def _show_log(self, job: JobRun) -> None:
        offset = 0
        while job.attempt:
            piece = await call(
                self.platform,
                "read_run_log",
                run_id=self.run_id,
                job=job.job,
                offset=offset,
                limit=PIECE_BYTES,
            )
            self._print(piece)
            if piece.complete or not piece.text:
                return
            offset = piece.next_offset

    def _jobs(self, run: Run) -> list[JobRun]:
        return [one for one in run.jobs if self.job in (None, one.job, one.job.rpartition("/")[2])]

    def _print(self, piece: LogText) -> None:
        *lines, rest = (self._rests.pop(piece.job, "") + piece.text).split("\n")
        if piece.complete:
            self._read.add((piece.job, piece.attempt))
            lines += [rest] if rest else []
        else:
            self._rests[piece.job] = rest
        for one in lines:
            _write(piece.job, one)

    def _tell(self, run: Run) -> None:
        """Say how jobs ended whose logs were shown, and which ones wait for somebody."""
        for job in self._jobs(run):
            is_over = job.status not in ("pending", "running")
            is_read = self.quiet or not job.log_bytes or (job.job, job.attempt) in self._read
            if is_over and is_read and (job.job, "over") not in self._told:
                self._told.add((job.job, "over"))
                _show_end(job)
        for name in run.awaiting_approval:
            if (name, "waits") not in self._told:
                self._told.add((name, "waits"))
                line(f"[yellow]waits[/] for: gitops-auditor approve {run.id} '{plain(name)}'")


def _show_end(job: JobRun) -> None:
    reason = f": {plain(job.reason)}" if job.reason else ""
    allowed = " (allowed)" if job.tolerated else ""
    status = f"[{COLOURS[job.status]}]{job.status}{allowed}[/]"
    line(f"{status} [bold]{plain(job.job)}[/bold]{_seconds(job)}{reason}")


def _write(job: str, text: str) -> None:
    # What a progress bar wrote over itself is not seen on a terminal either.
    shown = text.rstrip("\r").rpartition("\r")[2]
    if sys.stdout.isatty():
        line(f"[dim]{plain(job)} |[/dim] {plain(shown)}")
    else:
        sys.stdout.write(f"{job} | {visible(shown)}\n")
        sys.stdout.flush()


def _seconds(job: JobRun) -> str:
    if job.started_at is None or job.completed_at is None:
        return ""
    return f" [dim]{(job.completed_at - job.started_at).total_seconds():.1f} s[/dim]"
