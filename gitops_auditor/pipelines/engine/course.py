"""One run from its claim to its end: a single coroutine owns its state, tasks report to it.

It takes in what happened, decides, writes that to the journal, and only then acts on it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gitops_auditor.pipelines.engine.approvals import UNDECIDED, outcome_of
from gitops_auditor.pipelines.engine.clock import RunClock
from gitops_auditor.pipelines.engine.crew import Crew, Running, Start
from gitops_auditor.pipelines.engine.deadlines import Deadlines
from gitops_auditor.pipelines.engine.draft import CANCELLED, LOST, UNWANTED, Draft
from gitops_auditor.pipelines.engine.helpers import Helpers
from gitops_auditor.pipelines.engine.inbox import (
    AttemptEnded,
    Inbox,
    Report,
    WorkspaceOpened,
    WorkspaceRefused,
)
from gitops_auditor.pipelines.engine.options import EngineParts
from gitops_auditor.pipelines.engine.record import (
    Decision,
    Fenced,
    Impossible,
    LoadedRun,
    NewAttempt,
    News,
)
from gitops_auditor.pipelines.engine.slots import Share
from gitops_auditor.pipelines.engine.summary import end_of
from gitops_auditor.pipelines.engine.writing import Writer
from gitops_auditor.pipelines.handlers import Attempt, AttemptLog, Outcome, Workspace
from gitops_auditor.pipelines.ordering import JobSpec
from gitops_auditor.pipelines.scheduling import Facts, Ready, advance
from gitops_auditor.pipelines.states import CancelRequested, RunStatus, RunTimedOut, StageTimedOut

TICK_SECONDS: Final = 0.2
"""Least time between two events that say how logs grew."""
BEAT_SECONDS: Final = 10.0
"""How often the elapsed time is kept while nothing else happens."""
GATHER_SECONDS: Final = 0.01
"""How long an outcome that nothing waits for may wait for others, to be kept with them."""


class Course:
    """Carries out one run: call `begin`, then `drive`; `stopping` ends one that is not over."""

    def __init__(self, run: LoadedRun, parts: EngineParts, share: Share, inbox: Inbox) -> None:
        self.draft = Draft(run)
        self.crew = Crew(parts.handlers, parts.logs, inbox, parts.grace_seconds, parts.fault)
        self.helpers = Helpers(run, parts, inbox)
        self.is_over = False
        self._run = run
        self._parts = parts
        self._share = share
        self._inbox = inbox
        self._clock = RunClock(run.memory.elapsed)
        self._writer = Writer(parts.journal, run, parts.fault)
        self._deadlines = Deadlines(
            run.definition, run.arrangement, run.memory, parts.longest_seconds
        )
        self._facts = Facts(run.definition, run.event, run.inputs, self._exists)
        self._decisions: Mapping[str, Decision] = run.decisions
        self._workspace: Workspace | None = None
        self._last_logs: dict[str, tuple[int, int]] = {}
        self._unwritten_since: float | None = None
        self._written_at = self._told_at = self._clock.now()

    def begin(self, seen: int) -> None:
        """Account for what died with another process, and let tasks help with the run.

        `seen` is the version of the journal before the run was loaded.
        """
        for name, one in self._run.state.jobs.items():
            if one.status == "running" and name not in self.draft.memory.asked:
                self.draft.finish(name, Outcome("lost", LOST))
        self.helpers.watch(seen)
        if self._run.cancel_requested:
            self._cancel()
        elif any(not one.is_final for one in self.draft.state.jobs.values()):
            self.helpers.open_workspace()

    async def drive(self) -> RunStatus:
        """Go on until the run is over. Raises Fenced, Impossible and Unavailable."""
        while True:
            self.take_in()
            self._check()
            self._proceed()
            if self.draft.state.is_final:
                return await self.finish()
            if self._must_write():
                await self.write()
            else:
                await self._inbox.wait(self._pause())

    async def finish(self) -> RunStatus:
        """Write the end of a run whose state is final, and clear up."""
        run, draft, fault = self._run, self.draft, self._parts.fault
        end = end_of(run.identity, run.arrangement, draft.state, draft.memory, datetime.now(UTC))
        fault("end.before")
        await self._writer.write(draft.change(logs=self._last_logs, end=end))
        self.is_over = True
        fault("end.after")
        if draft.state.status != "failed" or not self._parts.failed_kept:
            await self.helpers.remove_workspace()
        return draft.state.status

    async def write(self) -> None:
        """Keep all that happened, and then start what it lets start."""
        logs = {**self.crew.grown(), **self._last_logs}
        await self._writer.write(self.draft.change(logs=logs))
        started = self.draft.started
        self.draft.saved()
        self.crew.told(logs)
        self._last_logs = {}
        self._unwritten_since = None
        self._written_at = self._clock.now()
        if logs:
            self._told_at = self._written_at
        for one in started:
            if one.job not in self.draft.memory.asked:
                self._launch(one)

    async def release(self) -> None:
        """Keep all that happened, and let another process go on with the run."""
        change = self.draft.change(logs=self._last_logs, released=True)
        await self._writer.write(change, patience=0.0)
        self.is_over = True

    def let_go(self, why: Fenced) -> None:
        """End the attempts now, whatever the journal does, and leave the run as soon as it can."""
        self.crew.end_all("handed over", self._clock.now())
        self._inbox.put(why)

    def forget_ended(self) -> None:
        """Take note of attempts that ended, but of nothing that they did."""
        for report in self._inbox.drain():
            if isinstance(report, AttemptEnded) and self.crew.take(report) is not None:
                self._share.give_back()

    @property
    def is_waiting(self) -> bool:
        """Whether it does nothing but wait for somebody's approval."""
        return bool(self.draft.memory.asked) and not self.crew.running

    def take_in(self) -> None:
        """Apply all that was reported. Raises Fenced and Impossible."""
        self.draft.memory.elapsed = self._clock.now()
        for report in self._inbox.drain():
            self._take(report)
        for name in list(self.draft.memory.asked):
            if name in self._decisions:
                self.draft.finish(name, outcome_of(self._decisions[name]))

    def check_crew(self) -> None:
        """End attempts that are overdue, and kill what is left of those that do not end."""
        for running in self.crew.check(self._clock.now()):
            self.helpers.kill(running.start.cookie)

    async def wait_for_crew(self, most: float) -> None:
        """Until something is reported, or so many seconds."""
        following = self.crew.following()
        left = most if following is None else min(most, following - self._clock.now())
        await self._inbox.wait(max(left, 0.0))

    def now(self) -> float:
        """The time of the run."""
        return self._clock.now()

    def _take(self, report: Report) -> None:
        match report:
            case AttemptEnded():
                running = self.crew.take(report)
                if running is not None:
                    self._share.give_back()
                    self._conclude(running, report)
            case WorkspaceOpened(workspace):
                self._workspace = workspace
            case WorkspaceRefused(error):
                raise Impossible(error.message, hint=error.hint)
            case News():
                self._decisions = report.decisions
                if report.cancel_requested:
                    self._cancel()
            case Fenced():
                raise report

    def _conclude(self, running: Running, report: AttemptEnded) -> None:
        job, outcome = report.job, report.outcome
        if report.log_bytes > running.told:
            self._last_logs[job] = (report.number, report.log_bytes)
        if running.why == "handed over" and (outcome is None or outcome.failure is not None):
            self.draft.hand_over(job)
        else:
            ended = UNWANTED if running.why == "unwanted" else CANCELLED
            self.draft.finish(job, outcome or ended, report.log_bytes)

    def _cancel(self) -> None:
        if self.draft.state.is_cancelled:
            return
        self.draft.apply(CancelRequested())
        self.crew.end_all("cancelled", self._clock.now())
        for name in list(self.draft.memory.asked):
            self.draft.finish(name, CANCELLED)

    def _check(self) -> None:
        draft, now = self.draft, self.draft.memory.elapsed
        if not draft.state.is_late and self._deadlines.is_run_over(now):
            draft.apply(RunTimedOut())
            if self._workspace is None:
                raise Impossible(
                    "Its time was over before its folders were ready.", hint="Run it again."
                )
        for stage in self._deadlines.stages_over(draft.state, now):
            draft.apply(StageTimedOut(stage))
        for name, asked in list(draft.memory.asked.items()):
            if now >= self._deadlines.end(self._spec(name), asked):
                draft.finish(name, UNDECIDED)
        for name in draft.unwanted():
            self._end_unwanted(name)
        self.check_crew()

    def _end_unwanted(self, name: str) -> None:
        if name in self.crew.running:
            self.crew.end(self.crew.running[name], "unwanted", self._clock.now())
        elif name in self.draft.memory.asked:
            self.draft.finish(name, UNWANTED)

    def _proceed(self) -> None:
        """Decide what may start, and take it into the next write as far as there are slots."""
        draft = self.draft
        unfinished = any(not one.is_final for one in draft.state.jobs.values())
        if self._workspace is None and unfinished and not draft.state.is_cancelled:
            return
        step = advance(draft.arrangement, draft.state, self._facts)
        draft.state = step.state
        due = draft.memory.due
        ready = [one for one in step.ready if due.get(one.job, 0.0) <= draft.memory.elapsed]
        asks = [one for one in ready if self._spec(one.job).job.kind == "approval"]
        for one in asks:
            draft.ask(one)
        self._claim([one for one in ready if one not in asks])

    def _claim(self, ready: list[Ready]) -> None:
        used = len(self.crew.running)
        self._share.want(used + len(ready))
        self._inbox.ignore_wakes()
        granted = self._share.held - used
        for one in ready[:granted]:
            self.draft.start(one)
        if granted > len(ready):
            self._share.give_back(granted - len(ready))

    def _launch(self, new: NewAttempt) -> None:
        run, spec, now = self._run, self._spec(new.job), self._clock.now()
        workspace, timeout = self._workspace, self._deadlines.left(spec, now)
        if workspace is None:
            raise RuntimeError("A job was started before there were folders for it.")

        def make(log: AttemptLog) -> Attempt:
            return Attempt(
                run_id=run.identity.id,
                run_number=run.identity.number,
                pipeline_id=run.identity.pipeline_id,
                repository_id=run.identity.repository_id,
                number=new.number,
                job=spec,
                stage=run.arrangement.stages[spec.stage],
                definition=run.definition,
                event=run.event,
                inputs=run.inputs,
                outputs=outputs,
                workspace=workspace,
                cookie=new.cookie,
                timeout=timeout,
                log=log,
            )

        outputs = self._outputs()
        start = Start(
            run.identity.id, new.job, new.number, new.cookie, spec.job.kind, timeout, make
        )
        self.crew.start(start, now)

    def _outputs(self) -> dict[str, Mapping[str, str]]:
        jobs = self.draft.state.jobs
        return {
            name: facts.outputs
            for name, facts in self.draft.facts.items()
            if facts.outputs and jobs[name].status == "success"
        }

    def _must_write(self) -> bool:
        draft, now = self.draft, self._clock.now()
        if draft.started:
            return True
        if draft.has_changed:
            if self._unwritten_since is None:
                self._unwritten_since = now
            return not self.crew.running or now >= self._unwritten_since + GATHER_SECONDS
        if now >= self._written_at + BEAT_SECONDS:
            return True
        return now >= self._told_at + TICK_SECONDS and bool(self.crew.grown())

    def _pause(self) -> float:
        """Seconds until there is something to do even if nothing is reported."""
        draft, now = self.draft, self._clock.now()
        moments = [self._written_at + BEAT_SECONDS, self._deadlines.following(draft.state, now)]
        moments += [moment for moment in draft.memory.due.values() if moment > now]
        moments += [
            self._deadlines.end(self._spec(name), asked)
            for name, asked in draft.memory.asked.items()
        ]
        if self.crew.running:
            moments.append(max(self._told_at, now) + TICK_SECONDS)
            moments.append(self.crew.following() or now)
        if self._unwritten_since is not None:
            moments.append(self._unwritten_since + GATHER_SECONDS)
        return max(min(moments) - now, 0.0)

    def _spec(self, name: str) -> JobSpec:
        return self._run.arrangement.jobs[name]

    def _exists(self, path: str) -> bool | None:
        """Whether the checkout has it now; what links lead out of it to does not count."""
        if self._workspace is None:
            return None
        found = (self._workspace.checkout / path).resolve()
        return found.is_relative_to(self._workspace.checkout.resolve()) and found.exists()
