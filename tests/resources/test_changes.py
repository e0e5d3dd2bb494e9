"""Which resources an event touches."""

import pytest

from gitops_auditor.errors import JsonValue
from gitops_auditor.resources import FORMS
from gitops_auditor.resources.changes import changes_of, everything


def test_a_registered_repository_changes_the_list_of_resources_and_its_own() -> None:
    changes = changes_of("repositories", "repository.registered", {"id": "acme/api"})
    assert changes.listed
    assert "gitops://repositories" in changes.uris
    assert "gitops://repositories/acme/api" in changes.uris
    assert "gitops://repositories/acme%2Fapi" in changes.uris


def test_a_discovered_workspace_changes_what_it_registered_and_updated() -> None:
    found: dict[str, JsonValue] = {"registered": ["a/new"], "updated": ["a/old"]}
    changes = changes_of("repositories", "workspace.discovered", found)
    assert changes.listed
    assert {"gitops://repositories/a/new", "gitops://repositories/a/old"} <= set(changes.uris)


def test_a_workspace_without_new_repositories_does_not_change_the_list() -> None:
    found: dict[str, JsonValue] = {"registered": [], "updated": ["a/old"]}
    assert not changes_of("repositories", "workspace.discovered", found).listed


def test_a_finished_scan_changes_graph_and_conflicts_but_no_list() -> None:
    changes = changes_of("dependencies", "dependency.added", {"repository": "api"})
    assert not changes.listed
    assert "gitops://dependencies/graph" in changes.uris
    assert "gitops://dependencies/conflicts" in changes.uris
    assert "gitops://dependencies/repository/api" in changes.uris


def test_progress_of_work_changes_that_work_alone() -> None:
    changes = changes_of("operations", "work.running", {"id": "w1"})
    assert changes.uris == ("gitops://work/w1",)


def test_an_event_of_another_channel_changes_nothing() -> None:
    assert changes_of("templates", "template.applied", {"id": "t1"}).uris == ()


RUN: dict[str, JsonValue] = {"run_id": "r1", "pipeline_id": "p1", "repository_id": "acme/api"}


@pytest.mark.parametrize("name", ["pipeline.queued", "pipeline.started", "pipeline.failed"])
def test_what_happens_to_a_run_changes_it_and_its_pipeline(name: str) -> None:
    changes = changes_of("pipelines", name, RUN)
    assert changes.uris == ("gitops://runs/r1", "gitops://pipelines/p1")
    assert not changes.listed


def test_what_happens_to_a_job_changes_its_run_alone() -> None:
    assert changes_of("pipelines", "pipeline.job.update", RUN).uris == ("gitops://runs/r1",)


def test_what_a_job_writes_changes_the_log_of_its_run_alone() -> None:
    assert changes_of("pipelines", "pipeline.log", RUN).uris == ("gitops://runs/r1/log",)


def test_a_new_definition_changes_its_pipeline_and_their_list() -> None:
    changes = changes_of("pipelines", "pipeline.updated", {"pipeline_id": "p1"})
    assert changes.uris == ("gitops://pipelines", "gitops://pipelines/p1")


def test_a_refused_file_that_defines_no_pipeline_changes_nothing() -> None:
    data: dict[str, JsonValue] = {"repository_id": "acme/api", "pipeline_id": None}
    assert changes_of("pipelines", "pipeline.refused", data).uris == ()


def test_missed_events_announce_every_overview_and_what_was_subscribed() -> None:
    changes = everything(("gitops://work/w1",))
    overviews = {form.uri.text for form in FORMS if not form.uri.variables}
    assert set(changes.uris) == overviews | {"gitops://work/w1"}
    assert changes.listed
