"""The lines that findings are about, for their fingerprints."""

from functools import lru_cache
from pathlib import Path

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.formats.fingerprints import ReadLine, fingerprinted

_FILES = 64
"""Files that are kept at once; findings come file by file."""
_LARGEST = 16 * 2**20


def with_fingerprints(report: ToolReport, root: Path) -> ToolReport:
    """The report with fingerprints of its findings, from the files that it is about; it blocks."""
    found = fingerprinted(report.findings, line_reader(root))
    return report.model_copy(update={"findings": tuple(found)})


def line_reader(root: Path) -> ReadLine:
    """Reads lines of files below a folder, when they are asked for; it blocks."""

    @lru_cache(maxsize=_FILES)
    def lines(file: str) -> list[str]:
        path = root / file
        try:
            if path.is_symlink() or path.stat().st_size > _LARGEST:
                return []
            return path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return []

    def line(file: str, number: int) -> str | None:
        known = lines(file)
        return known[number - 1] if number <= len(known) else None

    return line
