"""What gates ask of a linter and of a scanner, wherever it is.

An adapter is made for one root. What it was asked about and could not look at is in the report as
`error` or `absent`; a GitOpsError is raised only when the question makes no sense, such as a file
outside of the root.
"""

from collections.abc import Sequence
from typing import Protocol

from gitops_auditor.formats.findings import ScanReport


class Linter(Protocol):
    """Answers questions about the style and the mistakes of files.

    `files` are relative to the root, None for all that git does not ignore. `config` is a file of
    the root for the linter.
    """

    async def lint_files(
        self, files: Sequence[str] | None, config: str | None = None, *, fix: bool = False
    ) -> ScanReport:
        """What is wrong; with `fix`, what is still wrong when a copy was corrected."""

    async def check_format(
        self, files: Sequence[str] | None, formatter: str | None = None
    ) -> ScanReport:
        """Which files a formatter does not leave as they are."""


class Scanner(Protocol):
    """Answers questions about the security of files, and of what they depend on."""

    async def scan_files(
        self, files: Sequence[str] | None, config: str | None = None
    ) -> ScanReport:
        """Mistakes in the code."""

    async def scan_dependencies(self) -> ScanReport:
        """Dependencies with known vulnerabilities."""

    async def scan_secrets(self, files: Sequence[str] | None) -> ScanReport:
        """Passwords, keys and tokens in files."""
