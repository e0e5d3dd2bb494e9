"""What tests of tools share: files in a root, and the one report that they are about."""

from collections.abc import Mapping
from pathlib import Path

from gitops_auditor.formats.findings import ScanReport, ToolReport, ToolStatus


def files_in(root: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    """Write files below a root; returns their names."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(files)


def only(report: ScanReport, status: ToolStatus | None = None) -> ToolReport:
    """The report of the only tool, which has that status."""
    (one,) = report.tools
    assert status in (None, one.status), one
    return one
