"""Runs tools over files: which is for which, all within one bound, and what they say together."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.execution.job_user import hand_over
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.formats.findings import ScanReport, ToolReport
from gitops_auditor.linters import asking, judging
from gitops_auditor.linters.costs import cost_of
from gitops_auditor.linters.judging import Broken, Start
from gitops_auditor.linters.lines import with_fingerprints
from gitops_auditor.linters.starting import Starter
from gitops_auditor.linters.tool import (
    Exacting,
    Fixer,
    Invocation,
    Program,
    Request,
    Selective,
    Surveyor,
    Tool,
    UnreadableOutput,
    batches,
)

Progress = Callable[[int, int, str], None]
"""Told after each tool: how many are done, of how many, and a sentence. It must not block."""


class ToolRunner:
    """Runs tools in a sandbox; gates and servers share one, and with it the processors."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self._starter = Starter(sandbox, settings)
        database = settings.advisory_database
        self._advisories = None if database is None else database.expanduser().absolute()

    async def run(
        self,
        tools: Sequence[Tool],
        request: Request,
        seconds: float,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Let each tool look at the files of the request that it is for; reports in their order.

        What does not end within `seconds` is ended and an error, and so is a tool for a file that
        is missing, a link, or not a plain file inside the root. Raises InvalidRequest for the root,
        Refused for a root or config out of reach, and where jobs have too little isolation here,
        NotFound and Refused for PIPELINE_JOB_FOLDERS.
        """
        task = await self._task(request, seconds)
        wanted = await anyio.to_thread.run_sync(_wanted, tools, task.request)
        reports: dict[str, ToolReport] = {}

        async def report(tool: Tool) -> None:
            reports[tool.name] = await task.report(tool, is_wanted=tool.name in wanted)
            if progress is not None:
                said = f"{tool.name}: {reports[tool.name].status}"
                progress(len(reports), len(tools), said)

        async with anyio.create_task_group() as group:
            for tool in tools:
                group.start_soon(report, tool)
        asked = [tool for tool in tools if tool.name in wanted]
        return ScanReport(
            files=len(request.files),
            tools=tuple(reports[tool.name] for tool in tools),
            unchecked=_unchecked(asked, request.files),
        )

    async def fix(self, tools: Sequence[Tool], request: Request, seconds: float) -> list[str]:
        """Let each tool that can correct files do so in turn; returns what kept some from it.

        The root has to be a copy: it is given to the user of jobs. Raises as `run` does.
        """
        task = await self._task(request, seconds)
        await anyio.to_thread.run_sync(hand_over, request.root, self._starter.user)
        obstacles = list(task.objections.values())
        for tool in tools:
            if isinstance(tool, Fixer):
                obstacles += await task.correct(tool, tool)
        return obstacles

    async def program(self, tool: Tool, request: Request) -> Program | None:
        """The installed program of a tool; None when there is none.

        Raises Refused when there is one that the user of jobs cannot reach.
        """
        return await self._starter.program(tool, request)

    async def _task(self, request: Request, seconds: float) -> "_Task":
        deadline = anyio.current_time() + seconds
        await self._starter.require_usable()
        files = tuple(dict.fromkeys(request.files))
        request = replace(request, files=files, advisories=self._advisories)
        await anyio.to_thread.run_sync(asking.require_root, request, self._starter.user)
        objections = await anyio.to_thread.run_sync(asking.objections, request)
        return _Task(self._starter, request, deadline, objections)


class _Task:
    """One request and its deadline; `objections` say why some of its files are given to no tool."""

    def __init__(
        self, starter: Starter, request: Request, deadline: float, objections: dict[str, str]
    ) -> None:
        self.objections = objections
        self._starter = starter
        self.request = request
        self._deadline = deadline

    async def report(self, tool: Tool, *, is_wanted: bool) -> ToolReport:
        """What a tool says of the files that it is for."""
        files = tuple(file for file in self.request.files if tool.takes(file))
        if not files:
            return judging.skipped(tool, judging.NO_FILE)
        if not is_wanted:
            return judging.skipped(tool, "The folder has no configuration for it.")
        refused = [self.objections[file] for file in files if file in self.objections]
        if len(refused) == len(files):
            return judging.broken(tool, judging.refusal(refused), len(files))
        report = await self._asked(tool, tuple(one for one in files if one not in self.objections))
        return judging.hindered(report, refused) if refused else report

    async def _asked(self, tool: Tool, files: tuple[str, ...]) -> ToolReport:
        try:
            program = await self._starter.program(tool, self.request)
        except Refused as unreachable:
            return judging.broken(tool, str(unreachable), len(files))
        if program is None:
            reason = _absence(tool)
            return ToolReport(tool=tool.name, status="absent", reason=reason, files=len(files))
        return await self._looked(tool, program, files)

    async def _looked(self, tool: Tool, program: Program, files: tuple[str, ...]) -> ToolReport:
        chosen = await self._selected(tool, files)
        left_out = len(files) - len(chosen)
        if chosen and isinstance(tool, Exacting):
            report = await self._judged(tool, program, chosen, left_out)
            if report.status != "error":
                return report
        kept = await self._surveyed(tool, program, chosen)
        if isinstance(kept, str):
            return judging.broken(tool, kept, len(files))
        if not kept:
            return judging.skipped(tool, judging.ALL_LEFT_OUT)
        return await self._judged(tool, program, kept, len(files) - len(kept))

    async def _judged(
        self, tool: Tool, program: Program, files: tuple[str, ...], left_out: int
    ) -> ToolReport:
        parts = batches(files)
        starts: dict[int, Start] = {}

        async def look(at: int) -> None:
            starts[at] = await self._start(tool, program, tool.command, parts[at])

        async with anyio.create_task_group() as group:
            for at in range(len(parts)):
                group.start_soon(look, at)
        ordered = [starts[at] for at in range(len(parts))]
        report = judging.judged(tool, ordered, left_out)
        return await anyio.to_thread.run_sync(with_fingerprints, report, self.request.root)

    async def _selected(self, tool: Tool, files: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(tool, Selective):
            return files
        request = replace(self.request, files=files)
        return await anyio.to_thread.run_sync(tool.selected, request)

    async def _surveyed(
        self, tool: Tool, program: Program, files: tuple[str, ...]
    ) -> tuple[str, ...] | str:
        request = replace(self.request, files=files)
        if not isinstance(tool, Surveyor) or not tool.may_leave_out(request):
            return files
        kept: list[str] = []
        for part in batches(files):
            start = await self._start(tool, program, tool.survey, part)
            answer = judging.looked_at(tool, start)
            if isinstance(answer, str):
                return answer
            kept += answer
        return tuple(kept)

    async def correct(self, tool: Tool, fixer: Fixer) -> list[str]:
        """Correct files in place; returns sentences of what kept the tool from that."""
        files = [one for one in self.request.files if tool.takes(one)]
        files = [one for one in files if one not in self.objections]
        try:
            program = await self._starter.program(tool, self.request)
        except Refused as unreachable:
            return [f"{tool.name}: {unreachable}"]
        if program is None:
            return [_absence(tool)] if files else []
        obstacles: list[str] = []
        for part in batches(files):
            start = await self._start(tool, program, fixer.fix, part)
            obstacle = _obstacle(fixer, start)
            obstacles += [f"{tool.name}: {obstacle}"] if obstacle else []
        return obstacles

    async def _start(
        self,
        tool: Tool,
        program: Program,
        command: Callable[[Program, Request], Invocation],
        files: tuple[str, ...],
    ) -> Start:
        async with self._starter.folder() as scratch:
            request = replace(self.request, files=files, scratch=scratch)
            invocation = await anyio.to_thread.run_sync(command, program, request)
            cost = cost_of(tool.name, len(files))
            outcome = await self._starter.start(program, invocation, request, self._deadline, cost)
        if isinstance(outcome, Broken):
            outcome = await anyio.to_thread.run_sync(asking.with_suspect, outcome, request)
        return Start(request, outcome)


def _wanted(tools: Sequence[Tool], request: Request) -> set[str]:
    return {tool.name for tool in tools if tool.is_wanted(request)}


def _unchecked(tools: Sequence[Tool], files: Sequence[str]) -> dict[str, int]:
    """The files that no tool is for, by the end of their name, most first."""
    left = [file for file in files if not any(tool.takes(file) for tool in tools)]
    ends = Counter(PurePosixPath(file).suffix or PurePosixPath(file).name for file in left)
    return dict(ends.most_common())


def _absence(tool: Tool) -> str:
    return f"{tool.name} is not installed; {tool.install}"


def _obstacle(fixer: Fixer, start: Start) -> str | None:
    if isinstance(start.outcome, Broken):
        return start.outcome.reason
    try:
        fixer.fixed(start.outcome, start.request)
    except UnreadableOutput as error:
        return str(error)
    return None
