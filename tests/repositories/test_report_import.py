"""Importing the older audit report."""

from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.events import EventLog
from gitops_auditor.identity import LOCAL
from gitops_auditor.repositories.service import RepositoryRegistry
from tests.factories.git import make_repository

REPORT: dict[str, Any] = {
    "timestamp": "2025-06-01T12:00:00Z",
    "health_status": "yellow",
    "summary": {"total": 4, "missing": 1, "extra": 0, "dirty": 1, "clean": 2},
    "repos": [
        {
            "name": "alpha",
            "status": "clean",
            "clone_url": "https://github.com/own/alpha.git",
            "dashboard_link": "http://dash/audit/alpha",
        },
        {"name": "beta", "status": "dirty", "clone_url": "git@github.com:own/beta.git"},
        {"name": "gamma", "status": "missing", "clone_url": "ext::sh -c id"},
        {"name": "delta", "status": "extra"},
    ],
    "unknown": "ignored",
}


async def test_repositories_of_a_report_are_registered_by_their_urls(
    registry: RepositoryRegistry, events: EventLog
) -> None:
    imported = await registry.import_report(REPORT)
    assert imported.registered == ["own/alpha", "own/beta"]
    assert [skipped.path for skipped in imported.skipped] == ["gamma", "delta"]
    assert imported.summary.total == 4
    assert [(row.id, row.status, row.dashboard_link) for row in imported.repositories] == [
        ("own/alpha", "clean", "http://dash/audit/alpha"),
        ("own/beta", "dirty", None),
    ]
    alpha = await registry.get("own/alpha")
    assert (alpha.clone_url, alpha.path) == ("https://github.com/own/alpha.git", None)
    [event] = (await events.read(0)).events
    assert (event.name, event.data["health_status"]) == ("report.imported", "yellow")


async def test_importing_a_report_again_changes_nothing(registry: RepositoryRegistry) -> None:
    await registry.import_report(REPORT)
    again = await registry.import_report(REPORT)
    assert (again.registered, again.unchanged) == ([], ["own/alpha", "own/beta"])
    assert (await registry.get("own/alpha")).version == 1


async def test_a_repository_named_twice_is_registered_once(registry: RepositoryRegistry) -> None:
    report = {**REPORT, "repos": [REPORT["repos"][0]] * 3}
    imported = await registry.import_report(report)
    assert (imported.registered, imported.unchanged) == (["own/alpha"], [])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"repos": None}, "repos"),
        ({"repos": [{"status": "clean"}]}, r"repos\.0\.name"),
        ({"repos": [{"name": 5}]}, r"repos\.0\.name"),
        ({"summary": {"total": -1}}, r"summary\.total"),
        ({"repos": [{"name": "x"}] * 10_001}, "repos"),
    ],
)
async def test_a_report_in_another_form_is_refused_at_the_place(
    registry: RepositoryRegistry, change: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidRequest, match=place):
        await registry.import_report({**REPORT, **change})
    assert await registry.all() == []


async def test_a_checkout_found_later_gives_an_imported_repository_its_path(
    registry: RepositoryRegistry, tmp_path: Path
) -> None:
    await registry.import_report(REPORT)
    sha = await make_repository(tmp_path / "a", {"a": "1"}, origin="git@github.com:own/alpha.git")
    report = await registry.discover(tmp_path, LOCAL)
    assert (report.updated, report.registered) == (["own/alpha"], [])
    found = await registry.refresh("own/alpha")
    assert (found.path, found.head_sha) == (str(tmp_path / "a"), sha)
