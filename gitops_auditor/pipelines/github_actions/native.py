"""A pipeline itself as a workflow: stages become `needs`, all else what GitHub has for it."""

from collections.abc import Mapping
from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.github_actions.expressions import Facts
from gitops_auditor.pipelines.github_actions.job_conditions import When, when
from gitops_auditor.pipelines.github_actions.job_graph import PlacedJob, place
from gitops_auditor.pipelines.github_actions.job_steps import (
    Step,
    approval_step,
    artifacts_step,
    cache_step,
    checkout,
    only_if,
    refusal,
    script_step,
)
from gitops_auditor.pipelines.github_actions.models import ExportOptions
from gitops_auditor.pipelines.github_actions.names import literal, minutes, slug
from gitops_auditor.pipelines.github_actions.runtime_variables import runtime_variables
from gitops_auditor.pipelines.github_actions.trigger_export import Report, events_of
from gitops_auditor.pipelines.inputs import declared_inputs
from gitops_auditor.pipelines.models import Matrix, PipelineDefinition
from gitops_auditor.pipelines.scope import environment
from gitops_auditor.pipelines.trigger_models import Push

Workflow = dict[str, JsonValue]

_UNSAID_FIELDS: Final = {
    "coverage": "GitHub checks no coverage",
    "network": "GitHub does not cut a job off the network",
    "idempotent": "GitHub repeats no job whose runner died",
}


def native_workflow(
    definition: PipelineDefinition, options: ExportOptions, report: Report
) -> Workflow:
    """The workflow. Raises InvalidRequest when the definition has no order."""
    placed = place(definition)
    _report_definition(definition, placed, report)
    workflow: Workflow = {
        "name": literal(definition.name),
        "on": events_of(definition, report),
        "permissions": {"contents": "read"},
    }
    if definition.env:
        workflow["env"] = _env(definition.env)
    if definition.concurrency is not None:
        ends = definition.concurrency.cancel_in_progress
        how: Workflow = {"cancel-in-progress": True} if ends else {"queue": "max"}
        workflow["concurrency"] = {"group": literal(definition.concurrency.group), **how}
    by_id = {one.id: one for one in placed}
    jobs: Workflow = {
        one.id: _Job(definition, one, options, report, by_id).exported() for one in placed
    }
    return {**workflow, "jobs": jobs}


def _report_definition(
    definition: PipelineDefinition, placed: list[PlacedJob], report: Report
) -> None:
    if definition.timeout is not None:
        report("timeout", "GitHub limits the time of jobs, not of a run")
    if sum(one.job.kind == "script" for one in placed) > 1:
        report("stages", "GitHub gives each job a checkout of its own: pass files as artifacts")
    for stage in definition.stages:
        path = f"stages.{stage.name}"
        if stage.timeout is not None:
            report(f"{path}.timeout", "GitHub limits the time of jobs, not of stages")
        if stage.description:
            report(f"{path}.description", "GitHub has no place for it")


def _env(variables: dict[str, str]) -> JsonValue:
    return {name: literal(value) for name, value in variables.items()}


def _strategy(matrix: Matrix) -> JsonValue:
    axes: dict[str, JsonValue] = {
        name: [literal(one) for one in values] for name, values in matrix.axes.items()
    }
    for name, rules in (("include", matrix.include), ("exclude", matrix.exclude)):
        if rules:
            axes[name] = [{key: literal(one) for key, one in rule.items()} for rule in rules]
    return {"fail-fast": matrix.fail_fast, "matrix": axes}


def _makes_releases(definition: PipelineDefinition) -> bool:
    pushes = [one for one in definition.triggers if isinstance(one, Push)]
    return any(one.tags or any("release" in name for name in one.branches) for one in pushes)


class _Job:
    def __init__(
        self,
        definition: PipelineDefinition,
        placed: PlacedJob,
        options: ExportOptions,
        report: Report,
        jobs: Mapping[str, PlacedJob],
    ) -> None:
        self._all = jobs
        self._is_needed = any(placed.id in one.inner for one in jobs.values())
        self._definition = definition
        self._placed = placed
        self._job = placed.job
        self._options = options
        self._report = report

    def exported(self) -> JsonValue:
        """The job as GitHub reads it."""
        self._report_unsaid()
        run_when = when(self._placed, self._facts(), self._report)
        found: dict[str, JsonValue] = {
            "name": literal(f"{self._placed.stage.name} / {self._job.name}")
        }
        if self._placed.waits:
            found["needs"] = list(self._placed.waits)
        if run_when.job:
            found["if"] = f"${{{{ {run_when.job} }}}}"
        labels = list(self._options.runs_on)
        found["runs-on"] = labels[0] if len(labels) == 1 else [*labels]
        return {**found, **self._settings(), "steps": [*self._steps(run_when)]}

    def _facts(self) -> Facts:
        variables = environment(self._definition, self._placed.stage.stage, self._job)
        return Facts(variables, declared_inputs(self._definition))

    def _report_unsaid(self) -> None:
        for field, reason in _UNSAID_FIELDS.items():
            if getattr(self._job, field) is not None:
                self._report(f"{self._placed.path}.{field}", reason)
        if self._job.description:
            self._report(f"{self._placed.path}.description", "GitHub has no place for it")

    def _settings(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        if self._job.matrix is not None:
            found["strategy"] = _strategy(self._job.matrix)
        if self._job.timeout is not None:
            found["timeout-minutes"] = minutes(self._job.timeout)
            self._report_time(self._job.timeout)
        if self._may_fail():
            found["continue-on-error"] = True
        name = self._environment()
        if name is not None:
            found["environment"] = name
        if variables := {**self._placed.stage.stage.env, **self._job.env}:
            found["env"] = _env(variables)
        if self._job.outputs:
            outputs = {one: f"${{{{ steps.script.outputs.{one} }}}}" for one in self._job.outputs}
            found["outputs"] = dict(outputs)
        return found

    def _may_fail(self) -> bool:
        """GitHub takes a job that may fail for a success, so nothing of its stage may need it."""
        stage = self._placed.stage.stage
        if stage.allow_failure and not self._job.allow_failure and self._is_needed:
            reason = f"GitHub fails the run with {self._job.name!r}, which others of the stage need"
            self._report(f"stages.{stage.name}.allow_failure", reason)
            return False
        return stage.allow_failure or self._job.allow_failure

    def _report_time(self, seconds: int) -> None:
        path = f"{self._placed.path}.timeout"
        if seconds % 60:
            self._report(path, "GitHub counts whole minutes; it was rounded up")
        if self._job.retries is not None:
            self._report(path, "on GitHub it holds for all attempts together")

    def _environment(self) -> str | None:
        if self._job.approval is None:
            return literal(self._job.environment) if self._job.environment else None
        name = self._job.environment or f"approval-{slug(self._job.name)}"
        reason = (
            f"GitHub asks the reviewers of the environment {name!r}: set them there, and its"
            " variable GITOPS_APPROVAL to `required`; message, approvers and form are not said"
        )
        self._report(f"{self._placed.path}.approval", reason)
        return literal(name)

    def _steps(self, run_when: When) -> list[Step]:
        kind = self._job.kind
        if kind == "approval":
            return [approval_step()]
        if kind != "script":
            reason = "GitHub cannot do it: there the job fails, so that nothing passes unchecked"
            self._report(f"{self._placed.path}.{kind}", reason)
            return [refusal(kind)]
        return [checkout(), *self._work(run_when.steps)]

    def _cached(self) -> list[Step]:
        if self._job.cache is None:
            return []
        if _makes_releases(self._definition):
            reason = "left out on GitHub: what a release is made of could be poisoned there"
            self._report(f"{self._placed.path}.cache", reason)
            return []
        return [cache_step(self._job.cache, self._placed.id)]

    def _work(self, condition: str) -> list[Step]:
        secrets = {**self._definition.secrets, **self._job.secrets}
        inputs = declared_inputs(self._definition)
        variables = runtime_variables(self._placed, self._all, inputs, self._report)
        script = script_step(self._job, secrets, variables, self._placed.path, self._report)
        steps = [only_if(one, condition) for one in (*self._cached(), script)]
        if self._job.artifacts is not None:
            is_matrix = self._job.matrix is not None
            kept = artifacts_step(self._job.artifacts, self._placed.id, is_matrix=is_matrix)
            guard = {"success": "", "failure": "failure()", "always": "!cancelled()"}
            both = [one for one in (guard[self._job.artifacts.when], condition) if one]
            steps.append(only_if(kept, " && ".join(both)))
        return steps
