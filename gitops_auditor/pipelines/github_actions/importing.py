"""Reads a workflow file as a pipeline definition."""

from pathlib import PurePosixPath
from typing import Final

from gitops_auditor.errors import InvalidRequest, JsonValue
from gitops_auditor.formats.nodes import MalformedDocument, Node, mapping, sequence, text, written
from gitops_auditor.formats.yaml_positions import parse_yaml
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.github_actions.condition_import import identifier
from gitops_auditor.pipelines.github_actions.job_import import import_job
from gitops_auditor.pipelines.github_actions.models import Imported, NotCarriedOver
from gitops_auditor.pipelines.github_actions.stage_import import stages_of
from gitops_auditor.pipelines.github_actions.trigger_import import triggers_of
from gitops_auditor.pipelines.github_actions.value_import import has_expression
from gitops_auditor.pipelines.github_actions.yaml_text import to_yaml

_READ: Final = frozenset(
    ("name", "on", "env", "defaults", "jobs", "concurrency", "permissions", "run-name")
)
_MAX_NAME: Final = 100
_HINT: Final = "Give the text of a workflow of GitHub Actions."


def import_workflow(source: str, path: str = "") -> Imported:
    """The definition of a workflow; `path` names the pipeline when the workflow has no name.

    Jobs keep their order and what they need. Everything that is left out or works differently is
    listed with its line and column. What guarded something is never dropped: a condition that
    cannot be said holds never, and a job with nothing left to do fails. Raises InvalidRequest for
    what is not a workflow.
    """
    return _Import(_root(source), path).imported()


def _root(source: str) -> dict[str, Node]:
    try:
        documents = parse_yaml(source)
    except MalformedDocument as error:
        place = f"{error.line}:{error.column}: " if error.line else ""
        raise InvalidRequest(f"{place}{error.message}", hint=_HINT) from error
    root = mapping(documents[0].root) if documents else {}
    if not mapping(root.get("jobs")):
        raise InvalidRequest("The workflow has no jobs.", hint=_HINT)
    return root


class _Import:
    def __init__(self, root: dict[str, Node], path: str) -> None:
        self._root = root
        self._path = path
        self._jobs = mapping(root["jobs"])
        self._listed: dict[NotCarriedOver, None] = {}
        self._tools: list[str] = []

    def _report(self, path: str, node: Node, reason: str) -> None:
        self._listed[NotCarriedOver(path, node.line, node.column, f"{reason}.")] = None

    def imported(self) -> Imported:
        definition: dict[str, JsonValue] = {"name": self._name(), "version": "2.0"}
        triggers = triggers_of(self._root.get("on"), self._report)
        if triggers:
            definition["triggers"] = triggers
        if env := self._env():
            definition["env"] = env
        self._set_concurrency(definition)
        definition["stages"] = self._stages()
        if len(self._jobs) > 1 or any("strategy" in mapping(one) for one in self._jobs.values()):
            reason = "jobs of a run share a checkout: what runs at once must not write the same"
            self._report("jobs", self._root["jobs"], f"{reason} files")
        for name, node in self._root.items():
            if name not in _READ:
                self._report(name, node, "a definition has no such field")
        text_of_it = to_yaml(definition)
        parse_definition(text_of_it)
        listed = tuple(sorted(self._listed, key=lambda one: (one.line, one.column)))
        return Imported(text_of_it, listed, tuple(self._tools))

    def _name(self) -> str:
        name = text(self._root.get("name")).strip()
        if name and not has_expression(name):
            return name[:200]
        return PurePosixPath(self._path).stem[:200] or "Imported workflow"

    def _env(self) -> dict[str, JsonValue]:
        """The plain variables; each job sets those that have expressions."""
        found: dict[str, JsonValue] = {}
        for name, node in mapping(self._root.get("env")).items():
            if identifier(name) != name:
                self._report(f"env.{name}", node, "no variable can have this name")
            elif not has_expression(written(node)):
                found[name] = written(node)
        return found

    def _set_concurrency(self, definition: dict[str, JsonValue]) -> None:
        node = self._root.get("concurrency")
        if node is None:
            return
        group = text(node) or text(mapping(node).get("group"))
        if not group or has_expression(group):
            self._report("concurrency", node, "the name of a group is fixed here, so there is none")
            return
        ends = mapping(node).get("cancel-in-progress")
        definition["concurrency"] = {
            "group": group[:200],
            "cancel_in_progress": ends is not None and ends.value is True,
        }

    def _stages(self) -> list[JsonValue]:
        needs = {name: self._needs(name) for name in self._jobs}
        found: list[JsonValue] = []
        taken: set[str] = set()
        for names in stages_of(needs):
            title = self._stage_name(names, len(found) + 1, taken)
            taken.add(title)
            stage: dict[str, JsonValue] = {"name": title}
            if len(names) > 1:
                stage["parallel"] = True
            stage["jobs"] = [self._job(name, needs[name]) for name in names]
            found.append(stage)
        return found

    def _stage_name(self, names: list[str], number: int, taken: set[str]) -> str:
        titles = {text(mapping(self._jobs[one]).get("name")).partition(" / ")[0] for one in names}
        wanted = names[0] if len(names) == 1 else f"stage-{number}"
        has_stage = all(" / " in text(mapping(self._jobs[one]).get("name")) for one in names)
        if has_stage and len(titles) == 1:
            wanted = titles.pop()
        short = " ".join(wanted.split())[:_MAX_NAME] or f"stage-{number}"
        return short if short not in taken else f"stage-{number}"

    def _needs(self, name: str) -> list[str]:
        node = mapping(self._jobs[name]).get("needs")
        if node is None:
            return []
        wanted = [written(one) for one in sequence(node)] or [written(node)]
        for one in wanted:
            if one not in self._jobs:
                self._report(f"jobs.{name}.needs", node, f"there is no job {one!r}")
        return [one for one in dict.fromkeys(wanted) if one in self._jobs]

    def _job(self, name: str, needs: list[str]) -> JsonValue:
        fields = import_job(name, self._jobs[name], self._root, self._tools, self._report)
        before: dict[str, JsonValue] = {"needs": [one[:_MAX_NAME] for one in needs]}
        return {"name": name[:_MAX_NAME], **(before if needs else {}), **fields}
