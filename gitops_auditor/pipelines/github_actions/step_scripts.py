"""Steps that run commands, as parts of one script.

GitHub gives each step a shell of its own: here each is a subshell, so that folders, variables and
options that one sets are not those of the next.
"""

import re
from collections.abc import Collection
from typing import Final

from gitops_auditor.formats.nodes import Node, mapping, written
from gitops_auditor.pipelines.conditions import parse_condition
from gitops_auditor.pipelines.github_actions.condition_import import condition_of, identifier
from gitops_auditor.pipelines.github_actions.github_expressions import NotUnderstood
from gitops_auditor.pipelines.github_actions.shell_tests import shell_test
from gitops_auditor.pipelines.github_actions.trigger_import import ReportNode
from gitops_auditor.pipelines.github_actions.value_import import Values

_SHELLS: Final = ("bash", "sh")
_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_END: Final = "GITOPS_STEP"


class StepScripts:
    """Writes the steps of one job. `defaults` are the settings that a step may leave out.

    A step that is alone needs no shell of its own.
    """

    def __init__(
        self,
        values: Values,
        known: Collection[str],
        defaults: dict[str, Node],
        report: ReportNode,
        *,
        is_alone: bool,
    ) -> None:
        self._is_alone = is_alone
        self._values = values
        self._known = known
        self._defaults = defaults
        self._report = report

    def written(self, step: Node, path: str) -> str | None:
        """The step as a part of a script; None when it cannot be run here, which is reported."""
        fields = mapping(step)
        try:
            body = self._body(fields, path)
        except NotUnderstood as error:
            self._report(f"{path}.run", fields["run"], f"the step is left out: {error}")
            return None
        if body is None or not _commands(body):
            return None
        if "timeout-minutes" in fields:
            reason = "only jobs have a time here"
            self._report(f"{path}.timeout-minutes", fields["timeout-minutes"], reason)
        return self._guarded(fields, path, self._subshell(fields, path, body))

    def _body(self, fields: dict[str, Node], path: str) -> str | None:
        script = written(fields["run"]).rstrip("\n")
        shell = written(fields.get("shell") or self._defaults.get("shell"))
        name = shell.partition(" ")[0]
        if name.startswith("python"):
            return self._python(name, script)
        if name and name not in _SHELLS:
            self._report(f"{path}.shell", fields["run"], f"the step is left out: no {name} here")
            return None
        loose = "set +o pipefail\n" if not shell and _PIPE.search(script) else ""
        return f"{loose}{self._values.script(script)}"

    def _python(self, name: str, script: str) -> str:
        if "${{" in script:
            raise NotUnderstood("Python is given values of expressions")
        file = '"$TMPDIR/step.py"'
        return f"cat > {file} <<'{_END}'\n{script}\n{_END}\n{name} {file}"

    def _subshell(self, fields: dict[str, Node], path: str, body: str) -> str:
        lines = []
        folder = fields.get("working-directory") or self._defaults.get("working-directory")
        if folder is not None:
            lines.append(f"cd {self._values.quoted(written(folder))}")
        for name, node in mapping(fields.get("env")).items():
            if identifier(name) != name:
                self._report(f"{path}.env.{name}", node, "no variable can have this name")
                continue
            try:
                lines.append(f"export {name}={self._values.quoted(written(node))}")
            except NotUnderstood as error:
                self._report(f"{path}.env.{name}", node, f"it is not set: {error}")
        inside = [*lines, body]
        is_plain = self._is_alone and not fields.keys() & {"if", "continue-on-error"}
        return "\n".join(inside if is_plain else ["(", *inside, ")"])

    def _guarded(self, fields: dict[str, Node], path: str, block: str) -> str | None:
        if "continue-on-error" in fields and fields["continue-on-error"].value is True:
            block = f"set +e\n(\nset -e\n{block.removeprefix('(').lstrip()}\nset -e"
        elif "continue-on-error" in fields and fields["continue-on-error"].value is not False:
            reason = "only true and false are understood"
            self._report(f"{path}.continue-on-error", fields["continue-on-error"], reason)
        if "if" not in fields:
            return block
        try:
            test = self._test(written(fields["if"]), path, fields["if"])
        except NotUnderstood as error:
            self._report(f"{path}.if", fields["if"], f"the step is left out: {error}")
            return None
        return block if test == "true" else f"if {test}; then\n{block}\nfi"

    def _test(self, condition: str, path: str, node: Node) -> str:
        def note(reason: str) -> None:
            self._report(f"{path}.if", node, reason)

        return shell_test(parse_condition(condition_of(condition, self._known, note)).root)


def _commands(body: str) -> bool:
    return any(line.strip() and not line.strip().startswith("#") for line in body.split("\n"))
