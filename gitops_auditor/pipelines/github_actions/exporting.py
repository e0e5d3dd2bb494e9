"""Writes a pipeline as a workflow file."""

from gitops_auditor.pipelines.github_actions.actions import ALL
from gitops_auditor.pipelines.github_actions.managed import managed_workflow
from gitops_auditor.pipelines.github_actions.models import Exported, ExportOptions, NotMapped
from gitops_auditor.pipelines.github_actions.names import slug
from gitops_auditor.pipelines.github_actions.native import native_workflow
from gitops_auditor.pipelines.github_actions.yaml_text import to_yaml
from gitops_auditor.pipelines.models import PipelineDefinition

_MADE_BY = "Made by GitOps Auditor from a pipeline definition."


def export_workflow(definition: PipelineDefinition, options: ExportOptions) -> Exported:
    """The workflow of a pipeline, in the shape that the options ask for.

    Whatever GitHub cannot do, or does differently, is listed with its path. What guards something
    (a condition, a gate, an approval) is never left out: where it cannot be said, the job does not
    run or fails. Raises InvalidRequest for a definition without an order.
    """
    found: dict[NotMapped, None] = {}

    def report(path: str, reason: str) -> None:
        found[NotMapped(path, f"{reason}.")] = None

    if options.shape == "managed":
        workflow = managed_workflow(definition, options, report)
    else:
        workflow = native_workflow(definition, options, report)
    text = _header(definition) + to_yaml(workflow)
    return Exported(f"{options.prefix}-{slug(definition.name)}.yml", _pinned(text), tuple(found))


def _header(definition: PipelineDefinition) -> str:
    lines = [
        "Made by GitOps Auditor from a pipeline definition.",
        *definition.description.split("\n"),
    ]
    return "".join(f"# {line.strip()}\n" for line in lines if line.strip())


def _pinned(text: str) -> str:
    """Says which release each commit is; only whole lines of ours, never a part of a script."""
    for action in ALL:
        line = f"\n      uses: {action.reference}"
        text = text.replace(f"{line}\n", f"{line} # {action.release}\n")
    return text
