"""The facts of an event that conditions ask for, as one job sees them."""

from collections.abc import Mapping

from gitops_auditor.pipelines.conditions import Value
from gitops_auditor.pipelines.models import Job, PipelineDefinition, Stage
from gitops_auditor.pipelines.trigger_models import Event

Names = Mapping[str, Value | Mapping[str, Value]]


def environment(
    definition: PipelineDefinition, stage: Stage, job: Job | None = None
) -> dict[str, str]:
    """The variables that the definition sets; the narrower place wins."""
    return {**definition.env, **stage.env, **(job.env if job else {})}


def names_for(
    definition: PipelineDefinition,
    event: Event,
    inputs: Mapping[str, Value],
    stage: Stage,
    job: Job | None = None,
    matrix: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> Names:
    """What a condition of the stage, or of one of its jobs, can ask for.

    `outputs` are those of earlier jobs, as `JOB.NAME`; None while they are not known.
    """
    known = {} if outputs is None else {"outputs": outputs}
    return {
        "branch": event.branch,
        "tag": event.tag,
        "event": event.type,
        "base_branch": event.base_branch,
        "env": environment(definition, stage, job),
        "inputs": inputs,
        "matrix": matrix or {},
        **known,
    }
