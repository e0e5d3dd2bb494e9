"""What a scan tells those who follow the event log: a summary by repository, then one of all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gitops_auditor.dependencies.changes import Change
from gitops_auditor.dependencies.models import ScanReport
from gitops_auditor.errors import JsonValue
from gitops_auditor.events import EventLog

CHANNEL: Final = "dependencies"
_NAMED: Final = 20
_REPOSITORIES: Final = 200
"""More change at once only when the workspace itself does; then the last event says enough."""


async def announce(
    events: EventLog, transaction: Any, changes: Sequence[Change], report: ScanReport
) -> None:
    """Append the events of a scan to the log, as part of the transaction that stores the scan."""
    grouped: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.edge.source_repo, change.kind].append(change)
    for (repository, kind), group in sorted(grouped.items())[:_REPOSITORIES]:
        await events.append(transaction, CHANNEL, f"dependency.{kind}", _summary(repository, group))
    await events.append(transaction, CHANNEL, "scan.completed", totals(report))


def _summary(repository: str, changes: Sequence[Change]) -> Mapping[str, JsonValue]:
    return {
        "repository": repository,
        "count": len(changes),
        "dependencies": [_named(change) for change in changes[:_NAMED]],
    }


def _named(change: Change) -> JsonValue:
    edge = change.edge
    return {
        "id": edge.id,
        "name": edge.name,
        "target_repo": edge.target_repo,
        "file": edge.file,
        "line": edge.line,
        "old_version": change.old_version,
        "new_version": change.new_version,
    }


def totals(report: ScanReport) -> Mapping[str, JsonValue]:
    """The figures of a report."""
    return report.model_dump(mode="json", exclude={"problems", "seconds"})
