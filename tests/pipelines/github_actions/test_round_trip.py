"""Order survives the way to a workflow and back."""

import yaml
from hypothesis import HealthCheck, given, settings

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.github_actions import (
    ExportOptions,
    export_workflow,
    import_workflow,
)
from gitops_auditor.pipelines.github_actions.job_graph import place
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import arrange
from tests.pipelines.github_actions.definitions import definitions

_UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def export(definition: PipelineDefinition) -> str:
    return export_workflow(definition, ExportOptions()).text


def before(definition: PipelineDefinition) -> dict[str, set[str]]:
    """Every job of the stages, and all that are over before it starts."""
    arrangement = arrange(definition)
    found: dict[str, set[str]] = {}
    for stage in arrangement.order:
        spec = arrangement.stages[stage]
        earlier = {
            arrangement.jobs[job].job.name
            for one in spec.before
            for job in arrangement.stages[one].jobs
        }
        for job in arrangement.order[stage]:
            upstream = {arrangement.jobs[one].job.name for one in arrangement.jobs[job].upstream}
            found[arrangement.jobs[job].job.name] = earlier | upstream
    return found


@given(definitions(conditions=False))
@_UNHURRIED
def test_the_order_of_jobs_survives_export_and_import(definition: PipelineDefinition) -> None:
    ids = {one.job.name: one.id for one in place(definition)}
    imported = parse_definition(import_workflow(export(definition)).definition_text)
    earlier = before(definition)
    assert before(imported) == {ids[job]: {ids[one] for one in earlier[job]} for job in earlier}


@given(definitions())
@_UNHURRIED
def test_an_imported_definition_waits_for_the_same_jobs_after_another_export(
    definition: PipelineDefinition,
) -> None:
    once = parse_definition(import_workflow(export(definition)).definition_text)
    twice = parse_definition(import_workflow(export(once)).definition_text)
    ids = {one.job.name: one.id for one in place(once)}
    earlier = before(once)
    assert before(twice) == {ids[job]: {ids[one] for one in earlier[job]} for job in earlier}


@given(definitions())
@_UNHURRIED
def test_every_definition_exports_to_yaml_that_reads_back_with_its_events(
    definition: PipelineDefinition,
) -> None:
    read = yaml.safe_load(export(definition))
    assert "on" in read
    count = sum(len(stage.jobs) for stage in definition.stages)
    assert len(read["jobs"]) == count
