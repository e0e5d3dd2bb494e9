"""GitHub's conditions in ours."""

import re
from collections.abc import Callable, Collection
from typing import Final

from gitops_auditor.pipelines.github_actions import expressions
from gitops_auditor.pipelines.github_actions.github_expressions import (
    Call,
    Constant,
    Negation,
    NotUnderstood,
    Operation,
    Part,
    Reference,
    parse_expression,
)

EVENTS: Final = {
    "push": "push",
    "pull_request": "pull_request",
    "pull_request_target": "pull_request",
    "schedule": "schedule",
    "workflow_dispatch": "manual",
    "repository_dispatch": "webhook",
}
"""GitHub's events that can start a pipeline, and what they are called here."""
_NOT_A_REQUEST: Final = "event != 'pull_request'"
_NAMES: Final = {
    "github.base_ref": "base_branch",
    "gitops.branch": "branch",
    "gitops.tag": "tag",
    "gitops.event": "event",
    "gitops.status": "status",
}
_OURS: Final = (
    (expressions.BRANCH, "gitops.branch"),
    (expressions.TAG, "gitops.tag"),
    (expressions.EVENT, "gitops.event"),
    (expressions.STATUS, "gitops.status"),
)
_SAME_REPOSITORY: Final = {"github.event.pull_request.head.repo.full_name", "github.repository"}
_GLOB = re.compile(r"[*?\[\]!]")
_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]")
_BRACES = re.compile(r"\$\{\{(.*)\}\}", re.DOTALL)


def identifier(name: str) -> str:
    """The name as one that a variable can have: `node-version` is `node_version`."""
    found = _IDENTIFIER.sub("_", name)
    return found if not found[:1].isdigit() else f"_{found}"


def condition_of(text: str, known: Collection[str], note: Callable[[str], None]) -> str:
    """Our condition for GitHub's. `known` are the names of the matrix and of variables.

    `note` takes what had to be assumed. Raises NotUnderstood.
    """
    braced = _BRACES.fullmatch(text.strip())
    bare = braced[1] if braced else text
    for theirs, ours in _OURS:
        bare = bare.replace(theirs, ours)
    return translated(parse_expression(bare), known, note)


def translated(part: Part, known: Collection[str], note: Callable[[str], None]) -> str:
    """Our condition for a tree of GitHub's. Raises NotUnderstood."""
    return _Translation(known, note).truth(part)


class _Translation:
    def __init__(self, known: Collection[str], note: Callable[[str], None]) -> None:
        self._known = known
        self._note = note

    def truth(self, part: Part) -> str:
        match part:
            case Constant(text):
                return "true" if text not in ("", "false", "0") else "false"
            case Reference():
                return self._value(part)
            case Negation(operand):
                return f"!({self.truth(operand)})"
            case Operation(("&&" | "||") as operator, left, right):
                return self._joined(operator, self.truth(left), self.truth(right))
            case Operation():
                return self._compared(part)
            case Call():
                return self._called(part)

    def _joined(self, operator: str, left: str, right: str) -> str:
        neutral = "true" if operator == "&&" else "false"
        if neutral in (left, right):
            return right if left == neutral else left
        return f"({left} {operator} {right})"

    def _compared(self, operation: Operation) -> str:
        left, right = operation.left, operation.right
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right = right, left
        is_equal = operation.operator == "=="
        if isinstance(left, Reference) and isinstance(right, Reference):
            return self._compared_references(left, right, is_equal=is_equal)
        if isinstance(left, Reference) and isinstance(right, Constant):
            found = self._special(left.path, right.text)
            if found is not None:
                return found if is_equal else f"!({found})"
        if isinstance(left, Call) and left.function == "hashfiles" and right == Constant(""):
            exists = self._exists(left)
            return f"!({exists})" if is_equal else exists
        return f"{self._value(left)} {operation.operator} {self._value(right)}"

    def _compared_references(self, left: Reference, right: Reference, *, is_equal: bool) -> str:
        if {left.path, right.path} == _SAME_REPOSITORY:
            return "!(branch =~ /:/)" if is_equal else "branch =~ /:/"
        operator = "==" if is_equal else "!="
        return f"{self._value(left)} {operator} {self._value(right)}"

    def _special(self, path: str, text: str) -> str | None:
        """What compares with a text that is written differently here."""
        word = _quoted(text)
        if path == "github.ref":
            return self._of_ref(text, "==")
        if path in ("github.repository", "github.repository_owner"):
            self._note(f"`{path} == '{text}'` is taken as true: a pipeline has one repository")
        return {
            "github.ref_name": f"({_NOT_A_REQUEST} && (branch == {word} || tag == {word}))",
            "github.ref_type": "tag != ''" if text == "tag" else "tag == ''",
            "github.event_name": f"event == '{EVENTS[text]}'" if text in EVENTS else "false",
            "github.head_ref": f"(event == 'pull_request' && branch == {word})",
            "github.repository": "true",
            "github.repository_owner": "true",
            "runner.os": "true" if text == "Linux" else "false",
        }.get(path)

    def _of_ref(self, text: str, operator: str) -> str:
        kind, _, name = text.removeprefix("refs/").partition("/")
        if not text.startswith("refs/") or kind not in ("heads", "tags"):
            raise NotUnderstood(f"`github.ref` is compared with {text!r}")
        fact = "branch" if kind == "heads" else "tag"
        if operator == "starts":
            found = f"{fact} =~ /^{_pattern(name)}/" if name else f"{fact} != ''"
        else:
            found = f"{fact} == {_quoted(name)}"
        return found if fact == "tag" else f"({_NOT_A_REQUEST} && {found})"

    def _called(self, call: Call) -> str:
        match call.function:
            case "success" | "failure" | "always":
                return f"{call.function}()"
            case "cancelled":
                return "false"
            case "startswith" | "endswith" | "contains" if len(call.arguments) == 2:
                return self._searched(call)
            case "hashfiles":
                return self._exists(call)
            case _:
                return self._value(call)

    def _searched(self, call: Call) -> str:
        value, word = call.arguments
        if not isinstance(word, Constant):
            raise NotUnderstood(f"`{call.function}` is given no text")
        if value == Reference("github.ref") and call.function == "startswith":
            return self._of_ref(word.text, "starts")
        starts = "^" if call.function == "startswith" else ""
        ends = "$" if call.function == "endswith" else ""
        if not word.text:
            return "true"
        return f"{self._value(value)} =~ /{starts}{_pattern(word.text)}{ends}/"

    def _exists(self, call: Call) -> str:
        if len(call.arguments) != 1 or not isinstance(call.arguments[0], Constant):
            raise NotUnderstood("`hashFiles` of several files")
        path = call.arguments[0].text
        if _GLOB.search(path.removesuffix("/**")):
            raise NotUnderstood(f"`hashFiles` of the pattern {path!r}")
        return f"exists({_quoted(path.removesuffix('/**'))})"

    def _value(self, part: Part) -> str:
        match part:
            case Constant(text):
                return _quoted(text)
            case Reference(path):
                return self._name(path)
            case Call("format", (Constant("{0}"), value)):
                return self._value(value)
            case _:
                raise NotUnderstood("it computes a value")

    def _name(self, path: str) -> str:
        if path in _NAMES:
            return _NAMES[path]
        bare = path.removeprefix("github.event.")
        context, _, name = bare.partition(".")
        ours = f"{context}.{identifier(name)}"
        if context == "inputs" and name and "." not in name:
            return ours
        if context in ("matrix", "env") and ours in self._known:
            return ours
        raise NotUnderstood(f"nothing here is `{path}`")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _pattern(text: str) -> str:
    return re.sub(r"([^\w \-:@,=])", r"\\\1", text, flags=re.ASCII)
