"""One job of a workflow as a job of ours."""

import re
from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text, written
from gitops_auditor.pipelines.github_actions.condition_import import condition_of, identifier
from gitops_auditor.pipelines.github_actions.github_expressions import NotUnderstood
from gitops_auditor.pipelines.github_actions.matrix_import import Imported as ImportedMatrix
from gitops_auditor.pipelines.github_actions.matrix_import import matrix_of
from gitops_auditor.pipelines.github_actions.runner_variables import runner_for
from gitops_auditor.pipelines.github_actions.step_actions import Job, apply_action, use_of
from gitops_auditor.pipelines.github_actions.step_scripts import StepScripts
from gitops_auditor.pipelines.github_actions.trigger_import import ReportNode
from gitops_auditor.pipelines.github_actions.value_import import (
    Values,
    has_expression,
    secret_in,
)

_UNSAID: Final = {
    "container": "jobs run on the machine, not in a container",
    "services": "no service is started beside a job",
    "concurrency": "only whole pipelines have a concurrency group",
    "snapshot": "jobs make no image",
}
_STEP_FIELDS: Final = frozenset(
    (
        "name", "id", "run", "shell", "working-directory", "env", "if", "continue-on-error",
        "timeout-minutes",
    )
)  # fmt: skip
_FOREIGN_RUNNER = re.compile(r"windows|macos|self-hosted", re.IGNORECASE)
_STEP_OUTPUT = re.compile(r"\$\{\{ *steps\.([\w-]+)\.outputs\.([\w-]+) *\}\}", re.ASCII)
_NEVER: Final = "false"


def import_job(
    name: str, node: Node, workflow: dict[str, Node], tools: list[str], report: ReportNode
) -> dict[str, JsonValue]:
    """The fields of the job but its name and needs."""
    return _JobImport(name, node, workflow, tools, report).fields()


class _JobImport:
    def __init__(
        self,
        name: str,
        node: Node,
        workflow: dict[str, Node],
        tools: list[str],
        report: ReportNode,
    ) -> None:
        self._path = f"jobs.{name}"
        self._node = node
        self._given = mapping(node)
        self._workflow = workflow
        self._report = report
        self._secrets: dict[str, str] = {}
        self._job = Job({}, tools)
        self._matrix: ImportedMatrix = matrix_of(self._given, self._path, report)
        env = [*mapping(workflow.get("env")), *mapping(self._given.get("env"))]
        self._known = {*(f"matrix.{one}" for one in self._matrix.names), *(f"env.{x}" for x in env)}
        self._values = Values(self._known, self._secrets)

    def fields(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        description = text(self._given.get("name"))
        if description and not has_expression(description):
            found["description"] = description
        exports = self._environment(found)
        found |= {"script": self._script(exports), **self._settings(), **self._job.fields}
        if outputs := self._outputs():
            found["outputs"] = [*outputs]
        if self._matrix.fields:
            found["matrix"] = dict(self._matrix.fields)
        if self._secrets:
            found["secrets"] = dict(self._secrets)
        return found

    def _environment(self, found: dict[str, JsonValue]) -> list[str]:
        """Sets plain variables; what has expressions is exported by the script."""
        plain: dict[str, JsonValue] = {}
        exports: list[str] = []
        given = {**_expressions(self._workflow.get("env")), **mapping(self._given.get("env"))}
        for name, node in given.items():
            value = written(node)
            secret = secret_in(value)
            if identifier(name) != name:
                self._report(f"{self._path}.env.{name}", node, "no variable can have this name")
            elif secret is not None:
                self._secrets[name] = secret
            elif not has_expression(value):
                plain[name] = value
            else:
                exports += self._exported(name, node, value)
        if plain:
            found["env"] = plain
        return exports

    def _exported(self, name: str, node: Node, value: str) -> list[str]:
        try:
            return [f"export {name}={self._values.quoted(value)}"]
        except NotUnderstood as error:
            self._report(f"{self._path}.env.{name}", node, f"it is not set: {error}")
            return []

    def _script(self, exports: list[str]) -> str:
        blocks = [*self._blocks()]
        if not blocks:
            return self._nothing_left()
        runner = runner_for("\n".join(blocks), {*self._secrets})
        for name in runner.missing:
            self._report(f"{self._path}.steps", self._given["steps"], f"{name} is not set here")
        after = runner.after if len(blocks) > 1 else []
        blocks = ["\n".join([one, *after]) for one in blocks]
        return "\n".join([*exports, *runner.before, *blocks]) + "\n"

    def _blocks(self) -> list[str]:
        run = {
            **mapping(child(self._workflow.get("defaults"), "run")),
            **mapping(child(self._given.get("defaults"), "run")),
        }
        alone = sum("run" in mapping(one) for one in sequence(self._given.get("steps"))) == 1
        scripts = StepScripts(self._values, self._known, run, self._report, is_alone=alone)
        found: list[str] = []
        for index, step in enumerate(sequence(self._given.get("steps"))):
            path = f"{self._path}.steps.{index}"
            fields = mapping(step)
            if "uses" in fields:
                apply_action(use_of(step, path), self._job, self._report)
                continue
            for name in fields.keys() - _STEP_FIELDS:
                self._report(f"{path}.{name}", fields[name], "steps have no such field here")
            block = scripts.written(step, path) if "run" in fields else None
            if block is not None:
                title = text(fields.get("name")) or f"Step {index + 1}"
                found.append(f"# {' '.join(title.split())}\n{block}")
        return found

    def _nothing_left(self) -> str:
        """Fails rather than passes for a job whose work cannot be done here."""
        steps = [mapping(one) for one in sequence(self._given.get("steps"))]
        used = [written(one["uses"]).partition("@")[0] for one in steps if "uses" in one]
        harmless = {"actions/checkout", "actions/download-artifact"}
        if steps and len(used) == len(steps) and set(used) <= harmless:
            return "true\n"
        if "uses" in self._given:
            used = [written(self._given["uses"])]
            self._report(f"{self._path}.uses", self._given["uses"], "workflows are not called here")
        what = ", ".join(dict.fromkeys(one for one in used if one not in harmless)) or "its steps"
        what = re.sub(r"[^\w ./@,-]", "", what, flags=re.ASCII)
        return f'echo "Nothing here does what the workflow did: {what}." >&2\nexit 1\n'

    def _outputs(self) -> list[str]:
        """Those that a script of the job writes under their own names."""
        steps = [mapping(one) for one in sequence(self._given.get("steps"))]
        scripts = {written(one.get("id")) for one in steps if "run" in one}
        found: list[str] = []
        for name, node in mapping(self._given.get("outputs")).items():
            value = _STEP_OUTPUT.fullmatch(written(node))
            if value is not None and value[1] in scripts and identifier(value[2]) == name:
                found.append(name)
            else:
                reason = "only what a script writes under this name is handed on"
                self._report(f"{self._path}.outputs.{name}", node, reason)
        return found

    def _settings(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        if "if" in self._given:
            found["condition"] = self._condition(self._given["if"])
        time = self._given.get("timeout-minutes")
        if time is not None and isinstance(time.value, int | float) and time.value > 0:
            found["timeout"] = max(1, int(time.value * 60))
        elif time is not None:
            self._report(f"{self._path}.timeout-minutes", time, "it is no number")
        self._set_leniency(found)
        self._set_environment(found)
        self._report_rest()
        return found

    def _condition(self, node: Node) -> str:
        path = f"{self._path}.if"
        try:
            return condition_of(
                written(node), self._known, lambda reason: self._report(path, node, reason)
            )
        except NotUnderstood as error:
            reason = f"{error}; until a person writes a condition, the job never runs"
            self._report(path, node, reason)
            return _NEVER

    def _set_leniency(self, found: dict[str, JsonValue]) -> None:
        node = self._given.get("continue-on-error")
        if node is None:
            return
        if isinstance(node.value, bool):
            found["allow_failure"] = node.value
        else:
            self._report(f"{self._path}.continue-on-error", node, "only true and false are known")

    def _set_environment(self, found: dict[str, JsonValue]) -> None:
        node = self._given.get("environment")
        if node is None:
            return
        name = text(node) or text(child(node, "name"))
        if name and not has_expression(name):
            found["environment"] = name
            reason = "its protection rules are not here: ask by a job with `approval`"
            self._report(f"{self._path}.environment", node, reason)
        else:
            self._report(f"{self._path}.environment", node, "its name is computed")

    def _report_rest(self) -> None:
        for name, reason in _UNSAID.items():
            if name in self._given:
                self._report(f"{self._path}.{name}", self._given[name], reason)
        for node in (self._given.get("permissions"), self._workflow.get("permissions")):
            if node is not None and "write" in {written(one) for one in mapping(node).values()}:
                reason = "jobs get no token of GitHub: give one as a secret where it is needed"
                self._report(f"{self._path}.permissions", node, reason)
        runner = self._given.get("runs-on")
        labels = [written(one) for one in sequence(runner)] or [written(runner)]
        foreign = [one for one in labels if _FOREIGN_RUNNER.search(one)]
        if runner is not None and foreign:
            reason = f"jobs run on the platform's machine, not on {', '.join(foreign)}"
            self._report(f"{self._path}.runs-on", runner, reason)


def _expressions(node: Node | None) -> dict[str, Node]:
    """Variables of the whole workflow that have expressions; the others are the definition's."""
    return {
        identifier(name): one for name, one in mapping(node).items() if has_expression(written(one))
    }
