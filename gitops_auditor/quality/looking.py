"""Answers the scans and lints of gates through whatever linter or scanner the gate names."""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, get_args

import anyio

from gitops_auditor import __version__
from gitops_auditor.connections.bundled import CODE_LINTER, SECURITY_SCANNER
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import GitOpsError, InvalidRequest, Refused
from gitops_auditor.formats.findings import ScanReport, ToolReport
from gitops_auditor.linters.running import ToolRunner
from gitops_auditor.linters.tool import Purpose, Request, Tool
from gitops_auditor.linters.tools import ALL_FORMATTERS, ALL_LINTERS, ALL_SCANNERS
from gitops_auditor.quality.adapters.choosing import Adapters
from gitops_auditor.quality.adapters.protocol import Scanner
from gitops_auditor.quality.checks.scans import concerned
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate, ScanPart
from gitops_auditor.quality.shared_answers import SharedAnswers

DEFAULT_PARTS: Final[tuple[ScanPart, ...]] = ("static", "secrets")
NOWHERE: Final = Path("/nowhere")
"""In place of a root: what a repository itself brings is not asked for."""
_FORMAT: Final = frozenset({"format", "check_format", "format-check"})
_LINT: Final = frozenset({"lint", "lint_files"})


class Looking:
    """What gates of the kinds mcp and scan look with."""

    def __init__(self, adapters: Adapters, runner: ToolRunner, connections: Connections) -> None:
        self._adapters = adapters
        self._runner = runner
        self._connections = connections
        self._shared = SharedAnswers()

    async def lint(self, gate: Gate, subject: Subject, seconds: float) -> ScanReport:
        """What linters say of the files that the gate is about; its action is lint or format.

        Raises InvalidRequest for another action, and what the linter raises.
        """
        action = gate.action or "lint"
        if action not in _LINT | _FORMAT:
            raise InvalidRequest(
                f"The gate's action is {action!r}, which is none of a linter.",
                hint="Write lint or format.",
            )
        server = gate.mcp or CODE_LINTER
        files = tuple(await concerned(gate, subject))
        formats = action in _FORMAT

        async def ask() -> ScanReport:
            linter = await self._adapters.linter(server, subject.root, seconds, gate.tools)
            if formats:
                return await linter.check_format(files, gate.tools[0] if gate.tools else None)
            return await linter.lint_files(files, gate.config)

        question = (subject.root, server, formats, gate.tools, gate.config, seconds, files)
        return await self._shared.of(question, ask)

    async def scan(self, gate: Gate, subject: Subject, seconds: float) -> ScanReport:
        """What scanners say: of code and of secrets unless the gate says of what."""
        files = await concerned(gate, subject)
        chosen = parts_of(gate)
        reports: dict[ScanPart, ScanReport] = {}
        failures: list[GitOpsError] = []

        async def part(name: ScanPart) -> None:
            try:
                scanner = await self._adapters.scanner(
                    gate.mcp or SECURITY_SCANNER, subject.root, seconds, chosen[name]
                )
                reports[name] = await _part(scanner, name, files)
            except GitOpsError as failure:
                failures.append(failure)

        async with anyio.create_task_group() as tasks:
            for name in chosen:
                tasks.start_soon(part, name)
        if failures:
            raise failures[0]
        return joined([(name, reports[name]) for name in chosen], len(files))

    async def identity(self, gate: Gate) -> str | None:
        """The programs that the gate's answer depends on; None where more than they decide.

        That are servers of others, and databases of vulnerabilities.
        """
        server = gate.mcp or SECURITY_SCANNER
        if server in self._connections.configured or (
            gate.kind == "scan" and "dependencies" in parts_of(gate)
        ):
            return None
        hashed = hashlib.sha256(__version__.encode())
        for tool in _tools(gate):
            hashed.update(f"\0{tool.name}\0{await self._program(tool)}".encode())
        return hashed.hexdigest()

    async def _program(self, tool: Tool) -> str:
        try:
            found = await self._runner.program(tool, Request(NOWHERE, ()))
        except Refused:
            return "out of reach"
        return found.identity if found else "absent"


def parts_of(gate: Gate) -> dict[ScanPart, tuple[str, ...]]:
    """The parts of a scan, each with the tools that are asked for it, none meaning all that apply.

    A gate that names tools and no parts asks only the parts that its tools are for.
    """
    purposes = {tool.name: tool.purpose for tool in ALL_SCANNERS}
    named = {
        part: tuple(name for name in gate.tools if purposes.get(name, part) == part)
        for part in gate.scan or get_args(ScanPart)
    }
    if gate.scan or not gate.tools:
        return {part: named.get(part, ()) for part in gate.scan or DEFAULT_PARTS}
    return {part: names for part, names in named.items() if names}


async def _part(scanner: Scanner, name: ScanPart, files: Sequence[str]) -> ScanReport:
    if name == "dependencies":
        return await scanner.scan_dependencies()
    look = scanner.scan_files if name == "static" else scanner.scan_secrets
    return await partial(look, files)()


def joined(parts: Sequence[tuple[ScanPart, ScanReport]], files: int) -> ScanReport:
    """Several reports as one; a file is unchecked when it is in all of them.

    Dependencies are looked for in the whole repository, whichever files are asked for.
    """
    tools: list[ToolReport] = [tool for _, report in parts for tool in report.tools]
    of_files = [report for name, report in parts if name != "dependencies"]
    endings = set.intersection(*(set(one.unchecked) for one in of_files)) if of_files else set()
    unchecked = {
        ending: min(one.unchecked[ending] for one in of_files) for ending in sorted(endings)
    }
    differing = [one.files for one in of_files if one.files != files]
    return ScanReport(
        files=differing[0] if differing else files, tools=tuple(tools), unchecked=unchecked
    )


def _tools(gate: Gate) -> tuple[Tool, ...]:
    if gate.kind == "scan":
        purposes: set[Purpose] = set(parts_of(gate))
        return tuple(tool for tool in ALL_SCANNERS if tool.purpose in purposes)
    return (*ALL_LINTERS, *ALL_FORMATTERS)
