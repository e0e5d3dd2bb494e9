"""Scans files for weaknesses and secrets, and dependencies for known vulnerabilities."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.linters.inventory import InstalledTool, inventory
from gitops_auditor.linters.running import Progress, ToolRunner
from gitops_auditor.linters.selection import LONGEST_SECONDS, chosen_files, chosen_tools
from gitops_auditor.linters.tool import Purpose, Request, Tool
from gitops_auditor.linters.tools import ALL_SCANNERS

ScannedPart = Literal["static", "secrets"]
"""What files can be scanned for."""


class SecurityScanner:
    """Asks scanners. `files` are relative to the root, None for all that git does not ignore.

    Everything raises InvalidRequest for what makes no sense, TooLarge for too many files, and
    Refused where tools have too little isolation or cannot reach the root.
    """

    def __init__(self, runner: ToolRunner) -> None:
        self._runner = runner

    async def scan_files(
        self,
        root: Path,
        files: Sequence[str] | None = None,
        config: str | None = None,
        tools: Sequence[str] | None = None,
        *,
        parts: Sequence[ScannedPart] = ("static",),
        seconds: float = LONGEST_SECONDS,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Weaknesses in code and configuration, or whatever `parts` says."""
        request = Request(root, await chosen_files(root, files), config)
        return await self._runner.run(_scanners(parts, tools), request, seconds, progress)

    async def scan_secrets(
        self,
        root: Path,
        files: Sequence[str] | None = None,
        tools: Sequence[str] | None = None,
        *,
        seconds: float = LONGEST_SECONDS,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Passwords, keys and tokens in files; what is found is not repeated in the report."""
        request = Request(root, await chosen_files(root, files))
        return await self._runner.run(_scanners(["secrets"], tools), request, seconds, progress)

    async def scan_dependencies(
        self,
        root: Path,
        tools: Sequence[str] | None = None,
        *,
        seconds: float = LONGEST_SECONDS,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Dependencies with known vulnerabilities, of all lock files and requirements."""
        request = Request(root, await chosen_files(root, None))
        return await self._runner.run(
            _scanners(["dependencies"], tools), request, seconds, progress
        )

    async def list_scanners(self, root: Path | None = None) -> tuple[InstalledTool, ...]:
        """Every scanner, also those that are not installed."""
        return await inventory(self._runner, ALL_SCANNERS, root)


def _scanners(purposes: Sequence[Purpose], names: Sequence[str] | None) -> tuple[Tool, ...]:
    offered = tuple(tool for tool in ALL_SCANNERS if tool.purpose in purposes)
    return chosen_tools(offered, names)
