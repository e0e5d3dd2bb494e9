"""A server with the tools of the bundled ones, asked over its connection.

What it answers is believed as little as the output of a tool: a report of other files than it was
asked about, or one that cannot be read, is an error.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio
from pydantic import ValidationError

from gitops_auditor.connections.results import CallResult
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import GitOpsError, JsonValue
from gitops_auditor.formats.findings import (
    MOST_FINDINGS,
    ScanReport,
    ToolReport,
    counted,
)
from gitops_auditor.linters.selection import chosen_files

LINTING: Final = frozenset({"lint_files", "check_format"})
SCANNING: Final = frozenset({"scan_files", "scan_dependencies", "scan_secrets"})

_VERDICT: Final = ("passed", "clear", "fail_threshold", "reason")


class ConnectedServer:
    """As Linter and as Scanner. `tools` are the names of those that are asked, none meaning all."""

    def __init__(
        self,
        connections: Connections,
        server: str,
        root: Path,
        seconds: float,
        tools: Sequence[str] = (),
    ) -> None:
        self._connections = connections
        self._server = server
        self._root = root
        self._seconds = seconds
        self._tools = tuple(tools)

    async def lint_files(
        self, files: Sequence[str] | None, config: str | None = None, *, fix: bool = False
    ) -> ScanReport:
        """See Linter."""
        return await self._asked("lint_files", files, {"config": config, "fix": fix})

    async def check_format(
        self, files: Sequence[str] | None, formatter: str | None = None
    ) -> ScanReport:
        """See Linter."""
        return await self._asked("check_format", files, {"formatter": formatter}, chooses=False)

    async def scan_files(
        self, files: Sequence[str] | None, config: str | None = None
    ) -> ScanReport:
        """See Scanner."""
        return await self._asked("scan_files", files, {"config": config})

    async def scan_dependencies(self) -> ScanReport:
        """See Scanner."""
        files = await chosen_files(self._root, None)
        return await self._report("scan_dependencies", files, self._chosen({}))

    async def scan_secrets(self, files: Sequence[str] | None) -> ScanReport:
        """See Scanner."""
        return await self._asked("scan_secrets", files, {})

    async def _asked(
        self,
        tool: str,
        files: Sequence[str] | None,
        arguments: dict[str, JsonValue],
        *,
        chooses: bool = True,
    ) -> ScanReport:
        listed = await chosen_files(self._root, files)
        given = self._chosen(arguments) if chooses else arguments
        return await self._report(tool, listed, {**given, "files": list[JsonValue](listed)})

    def _chosen(self, arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
        return {**arguments, "tools": list[JsonValue](self._tools) if self._tools else None}

    async def _report(
        self, tool: str, files: Sequence[str], arguments: dict[str, JsonValue]
    ) -> ScanReport:
        given = {name: value for name, value in arguments.items() if value is not None}
        given |= {"root": str(self._root), "limit": MOST_FINDINGS}
        began = anyio.current_time()
        try:
            result = await self._connections.call(self._server, tool, given, self._seconds)
            return believed(result, files)
        except GitOpsError as failure:
            reason = failure.message
        except ValueError as wrong:
            reason = str(wrong)
        broken = ToolReport(
            tool=self._server,
            status="error",
            reason=reason,
            files=len(files),
            seconds=anyio.current_time() - began,
        )
        return ScanReport(files=len(files), tools=(broken,))


def believed(result: CallResult, files: Sequence[str]) -> ScanReport:
    """The report. Raises ValueError with a sentence for one that cannot be right."""
    if result.is_error:
        raise ValueError(f"It answered with an error: {' '.join(result.text.split())[:300]}")
    if not isinstance(result.structured, dict):
        raise ValueError("It gave no structured result.")  # noqa: TRY004 - as all that is wrong here
    told = {name: value for name, value in result.structured.items() if name not in _VERDICT}
    try:
        report = ScanReport.model_validate(told)
    except ValidationError as invalid:
        at = ".".join(map(str, invalid.errors(include_url=False)[0]["loc"]))
        raise ValueError(f"Its report cannot be read at {at}.") from None
    _require_plausible(report, files)
    return report


def _require_plausible(report: ScanReport, files: Sequence[str]) -> None:
    if report.files != len(files):
        raise ValueError(f"It speaks of {report.files} files and was asked about {len(files)}.")
    asked = {*files, ""}
    for one in report.tools:
        other = next((each.file for each in one.findings if each.file not in asked), None)
        if other is not None:
            raise ValueError(f"It spoke of {other}, which it was not given.")
        _require_agreement(one, len(files))


def _require_agreement(one: ToolReport, files: int) -> None:
    listed = counted(one.findings)
    if any(one.counts.get(severity, 0) < count for severity, count in listed.items()):
        raise ValueError(f"It counts fewer findings of {one.tool} than it lists.")
    if (one.status == "failed") is not bool(one.total) or one.files > files:
        raise ValueError(f"What it says of {one.tool} contradicts itself.")
    if one.status == "passed" and not one.files:
        raise ValueError(f"It says that {one.tool} passed without having looked at a file.")
