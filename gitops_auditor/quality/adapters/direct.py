"""The bundled linters and scanners, asked in this process."""

from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.security_scanner import SecurityScanner


class DirectLinter:
    """See Linter. `tools` are the names of those that are asked, none meaning all that apply."""

    def __init__(
        self, linter: CodeLinter, root: Path, seconds: float, tools: Sequence[str] = ()
    ) -> None:
        self._linter = linter
        self._root = root
        self._seconds = seconds
        self._tools = tuple(tools)

    async def lint_files(
        self, files: Sequence[str] | None, config: str | None = None, *, fix: bool = False
    ) -> ScanReport:
        """See Linter."""
        return await self._linter.lint_files(
            self._root, files, config, self._tools, fix=fix, seconds=self._seconds
        )

    async def check_format(
        self, files: Sequence[str] | None, formatter: str | None = None
    ) -> ScanReport:
        """See Linter."""
        return await self._linter.check_format(self._root, files, formatter, seconds=self._seconds)


class DirectScanner:
    """See Scanner. `tools` are the names of those that are asked, none meaning all that apply."""

    def __init__(
        self, scanner: SecurityScanner, root: Path, seconds: float, tools: Sequence[str] = ()
    ) -> None:
        self._scanner = scanner
        self._root = root
        self._seconds = seconds
        self._tools = tuple(tools)

    async def scan_files(
        self, files: Sequence[str] | None, config: str | None = None
    ) -> ScanReport:
        """See Scanner."""
        return await self._scanner.scan_files(
            self._root, files, config, self._tools, seconds=self._seconds
        )

    async def scan_dependencies(self) -> ScanReport:
        """See Scanner."""
        return await self._scanner.scan_dependencies(self._root, self._tools, seconds=self._seconds)

    async def scan_secrets(self, files: Sequence[str] | None) -> ScanReport:
        """See Scanner."""
        return await self._scanner.scan_secrets(
            self._root, files, self._tools, seconds=self._seconds
        )
