"""What the attempts of jobs wrote: in files beside SQLite, in rows of PostgreSQL."""

from pathlib import Path

from gitops_auditor.pipelines.logs.files import FileLogs
from gitops_auditor.pipelines.logs.pieces import LogPiece
from gitops_auditor.pipelines.logs.rows import DatabaseLogs
from gitops_auditor.storage.database import Database

__all__ = ["DatabaseLogs", "FileLogs", "LogPiece", "Logs", "open_logs"]

Logs = FileLogs | DatabaseLogs


def open_logs(database: Database, data_dir: Path) -> Logs:
    """The logs that every process which shares the database reads and writes."""
    if database.dialect == "postgresql":
        return DatabaseLogs(database)
    return FileLogs(data_dir / "logs")
