"""Shows a run on the terminal while it runs: the logs of its jobs, and how each of them ended."""

import sys
from dataclasses import dataclass, field
from typing import Final

import anyio

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call
from gitops_auditor.cli.terminal import line, plain, visible
from gitops_auditor.pipelines.records import JobRun, Run

LOOK_SECONDS: Final = 0.1
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
class _Shown:
    """What was shown of one attempt: bytes of its log, and a line that is not whole yet."""

    offset: int = 0
    rest: str = ""
    ended: bool = False


@dataclass
class RunFollower:
    """Follows one run, or one job of it."""

    platform: Platform
    run_id: str
    job: str | None = None
    quiet: bool = False
    _shown: dict[tuple[str, int], _Shown] = field(default_factory=dict)

    async def follow(self) -> Run:
        """Show what comes until the run is over, and return it."""
        while True:
            run = await self.shown()
            if run.finished:
                return run
            await anyio.sleep(LOOK_SECONDS)

    async def shown(self) -> Run:
        """Show what there is and was not shown yet."""
        run: Run = await call(self.platform, "get_run", run_id=self.run_id)
        for job in self._jobs(run):
            if job.attempt and not self.quiet:
                await self._show_log(job)
            self._show_end(job)
        return run

    def _jobs(self, run: Run) -> list[JobRun]:
        jobs = [job for stage in run.stages for job in stage.jobs]
        if self.job is None:
            return jobs
        return [one for one in jobs if self.job in (one.job, one.job.rpartition("/")[2])]

    async def _show_log(self, job: JobRun) -> None:
        state = self._shown.setdefault((job.job, job.attempt), _Shown())
        while job.log_bytes > state.offset or job.status == "running" or not state.ended:
            piece = await call(
                self.platform,
                "read_run_log",
                run_id=self.run_id,
                job=job.job,
                attempt=job.attempt,
                offset=state.offset,
                limit=PIECE_BYTES,
            )
            state.offset, state.ended = piece.next_offset, piece.complete
            self._print(job, state, piece.text)
            if not piece.text or piece.complete:
                break

    def _print(self, job: JobRun, state: _Shown, text: str) -> None:
        *lines, state.rest = (state.rest + text).split("\n")
        if state.ended and state.rest:
            lines.append(state.rest)
            state.rest = ""
        for one in lines:
            _write(job.job, one)

    def _show_end(self, job: JobRun) -> None:
        state = self._shown.setdefault((job.job, -1), _Shown())
        if state.ended or job.status in ("pending", "running"):
            return
        state.ended = True
        reason = f": {plain(job.reason)}" if job.reason else ""
        status = f"[{COLOURS[job.status]}]{job.status}[/]"
        line(f"{status} [bold]{plain(job.job)}[/bold]{_seconds(job)}{reason}")


def _write(job: str, text: str) -> None:
    shown = visible(text.rstrip("\r").rpartition("\r")[2])
    if sys.stdout.isatty():
        line(f"[dim]{plain(job)} |[/dim] {plain(text.rstrip(chr(13)).rpartition(chr(13))[2])}")
    else:
        sys.stdout.write(f"{job} | {shown}\n")
        sys.stdout.flush()


def _seconds(job: JobRun) -> str:
    if job.started_at is None or job.completed_at is None:
        return ""
    return f" [dim]{(job.completed_at - job.started_at).total_seconds():.1f} s[/dim]"
