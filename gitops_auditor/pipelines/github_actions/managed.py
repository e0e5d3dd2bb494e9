"""A workflow that the platform starts: it runs the pipeline and reports back to the platform.

Nothing of an event or an input is ever part of a shell command: it comes in variables.
"""

from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.github_actions.job_steps import Step, checkout, only_if
from gitops_auditor.pipelines.github_actions.models import ExportOptions
from gitops_auditor.pipelines.github_actions.names import literal
from gitops_auditor.pipelines.github_actions.trigger_export import Report
from gitops_auditor.pipelines.models import PipelineDefinition

_REPORT: Final = """\
case "$PIPELINE_ID" in
  '' | *[!A-Za-z0-9_-]*) echo 'This is not the id of a pipeline.' >&2; exit 1 ;;
esac
printf 'header = "Authorization: Bearer %s"\\n' "$GITOPS_TOKEN" |
  curl --config - --fail --silent --show-error --max-time 30 --retry 3 \\
    --request POST "${GITOPS_URL%/}/api/pipelines/$PIPELINE_ID/webhook" \\
    --header 'Content-Type: application/json' \\
    --data "{\\"event\\": \\"$EVENT\\", \\"run_id\\": \\"$GITHUB_RUN_ID\\"}"
"""
_EXECUTE: Final = """\
python3 -m venv "$RUNNER_TEMP/gitops-auditor"
"$RUNNER_TEMP/gitops-auditor/bin/pip" install --quiet "$PACKAGE"
"$RUNNER_TEMP/gitops-auditor/bin/gitops-auditor" run "$PIPELINE"
"""
_OUTCOME: Final = "${{ job.status == 'success' && 'completed' || 'failed' }}"


def managed_workflow(
    definition: PipelineDefinition, options: ExportOptions, report: Report
) -> dict[str, JsonValue]:
    """The workflow. It finds the pipeline by its name, among those of the repository."""
    if not options.definition_path:
        report("stages", "the runner finds it only in the repository: commit the definition there")
    labels = list(options.runs_on)
    return {
        "name": literal(definition.name),
        "on": {
            "workflow_dispatch": {
                "inputs": {
                    "pipeline_id": {
                        "description": "Pipeline ID from GitOps Auditor",
                        "required": True,
                        "type": "string",
                    }
                }
            }
        },
        "permissions": {"contents": "read"},
        "jobs": {
            "execute": {
                "name": "Execute",
                "runs-on": labels[0] if len(labels) == 1 else [*labels],
                "steps": [*_steps(definition, options)],
            }
        },
    }


def _steps(definition: PipelineDefinition, options: ExportOptions) -> list[Step]:
    execute: Step = {
        "name": "Execute pipeline",
        "env": {
            "PACKAGE": literal(options.package),
            "PIPELINE": literal(definition.name),
        },
        "shell": "bash",
        "run": _EXECUTE,
    }
    notify = _callback("Notify GitOps Auditor", "started")
    final = _callback("Report to GitOps Auditor", _OUTCOME)
    return [notify, checkout(), execute, only_if(final, "always()")]


def _callback(name: str, event: str) -> Step:
    return {
        "name": name,
        "env": {
            "GITOPS_URL": "${{ secrets.GITOPS_URL }}",
            "GITOPS_TOKEN": "${{ secrets.GITOPS_TOKEN }}",
            "PIPELINE_ID": "${{ inputs.pipeline_id }}",
            "EVENT": event,
        },
        "shell": "bash",
        "run": _REPORT,
    }
