"""Lints and checks the format of files in any language that a tool is here for."""

from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.linters.copying import copied
from gitops_auditor.linters.fixing import Fixes, fixes
from gitops_auditor.linters.inventory import InstalledTool, inventory
from gitops_auditor.linters.running import Progress, ToolRunner
from gitops_auditor.linters.selection import LONGEST_SECONDS, chosen_files, chosen_tools
from gitops_auditor.linters.tool import Fixer, Local, Request, Tool
from gitops_auditor.linters.tools import ALL_FORMATTERS, ALL_LINTERS

_FORMAT = "-format"


class CodeLinter:
    """Asks linters and formatters; the folders that they look at are never changed.

    `files` are relative to the root, None for all that git does not ignore. `config` is a file of
    the root, which is given to the tools that have configurations of its name. Everything raises
    InvalidRequest for what makes no sense, TooLarge for too many files, and Refused where tools
    have too little isolation or cannot reach the root.
    """

    def __init__(self, runner: ToolRunner) -> None:
        self._runner = runner

    async def lint_files(
        self,
        root: Path,
        files: Sequence[str] | None = None,
        config: str | None = None,
        tools: Sequence[str] | None = None,
        *,
        fix: bool = False,
        seconds: float = LONGEST_SECONDS,
        progress: Progress | None = None,
    ) -> ScanReport:
        """What linters find; with `fix`, what they still find when they corrected a copy."""
        chosen = chosen_tools(ALL_LINTERS, tools)
        request = Request(root, await chosen_files(root, files), config)
        if not fix:
            return await self._runner.run(chosen, request, seconds, progress)
        async with copied(root, request.files, packages=_bring_packages(chosen)) as copy:
            inside = Request(copy, request.files, config)
            await self._runner.fix(chosen, inside, seconds)
            return await self._runner.run(chosen, inside, seconds, progress)

    async def check_format(
        self,
        root: Path,
        files: Sequence[str] | None = None,
        formatter: str | None = None,
        *,
        seconds: float = LONGEST_SECONDS,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Which files are not as the formatters leave them; `formatter` may lack its `-format`."""
        names = None if formatter is None else [_formatter_named(formatter)]
        request = Request(root, await chosen_files(root, files))
        tools = chosen_tools(ALL_FORMATTERS, names)
        return await self._runner.run(tools, request, seconds, progress)

    async def fix_files(
        self,
        root: Path,
        files: Sequence[str] | None = None,
        tools: Sequence[str] | None = None,
        *,
        seconds: float = LONGEST_SECONDS,
    ) -> Fixes:
        """What the tools would change; without names those are the linters, not the formatters."""
        chosen = chosen_tools((*ALL_LINTERS, *ALL_FORMATTERS), tools or _fixing(ALL_LINTERS))
        unable = [tool.name for tool in chosen if not isinstance(tool, Fixer)]
        if unable:
            can = ", ".join(_fixing((*ALL_LINTERS, *ALL_FORMATTERS)))
            raise InvalidRequest(f"{unable[0]} corrects nothing.", hint=f"These do: {can}.")
        request = Request(root, await chosen_files(root, files))
        return await fixes(self._runner, chosen, request, seconds)

    async def list_linters(self, root: Path | None = None) -> tuple[InstalledTool, ...]:
        """Every linter and formatter, also those that are not installed."""
        return await inventory(self._runner, (*ALL_LINTERS, *ALL_FORMATTERS), root)


def _fixing(tools: Sequence[Tool]) -> list[str]:
    return [tool.name for tool in tools if isinstance(tool, Fixer)]


def _bring_packages(tools: Sequence[Tool]) -> bool:
    return any(isinstance(tool, Local) for tool in tools)


def _formatter_named(name: str) -> str:
    known = {tool.name for tool in ALL_FORMATTERS}
    return name if name in known or f"{name}{_FORMAT}" not in known else f"{name}{_FORMAT}"
