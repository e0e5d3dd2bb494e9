"""The typed inputs of a reusable template, and how their values are filled in.

`{{ inputs.NAME }}` stands for a value. Alone it keeps the type of the value; within a text it is
written into it. Shell text is never written to: the scripts of a template find each input in the
environment, as INPUT_NAME in capitals, where a quote or a `$(` in it is only text.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final, Literal, Self

from pydantic import ValidationError, model_validator

from gitops_auditor.formats.nodes import MAX_NODES, Finding, MalformedDocument, Node, mapping
from gitops_auditor.formats.nodes import written as written_scalar
from gitops_auditor.formats.written import Part, Text, Written

InputType = Literal["string", "number", "boolean", "choice", "list"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_PLACE: Final = re.compile(r"\{\{\s*inputs\.([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}")
_UNSAFE_IN_CONDITION: Final = frozenset("'\"\\/\n")


class TemplateInput(Part):
    """One input of a template. A list has scalars as items, and is one a line in a script."""

    type: InputType = "string"
    description: str = ""
    required: bool = False
    default: Written | tuple[Written, ...] | None = None
    options: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.type == "choice") != bool(self.options):
            raise ValueError("give `options` with type choice, and only with it")
        return self

    def accepts(self, node: Node) -> bool:
        """Whether the value is of the declared type; text may be written as a number."""
        value = node.value
        match self.type:
            case "boolean":
                return isinstance(value, bool)
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "choice":
                return _is_scalar(node) and written_scalar(node) in self.options
            case "list":
                return isinstance(value, list) and all(_is_scalar(one) for one in value)
            case "string":
                return _is_scalar(node)

    def typed(self, node: Node) -> Node:
        """The value as it is filled in: text as text, the rest as it was written."""
        return node._replace(value=written_scalar(node)) if self._is_text else node

    def fallback(self, at: Node) -> Node:
        """What stands in for a value where there is neither one nor a default."""
        first = self.options[0] if self.options else ""
        values: dict[InputType, Written | list[Node]] = {
            "string": "", "number": 0, "boolean": False, "choice": first, "list": [],
        }  # fmt: skip
        return at._replace(value=values[self.type])

    @property
    def _is_text(self) -> bool:
        return self.type in ("string", "choice")


def resolve_values(
    declared: Mapping[str, Node], given: Mapping[str, Node], use: Node, findings: list[Finding]
) -> dict[str, Node] | None:
    """Every declared input with its value, None when one does not fit; `findings` says why."""
    before = len(findings)
    inputs = {name: _declaration(name, node, findings) for name, node in declared.items()}
    findings += _clashes(declared)
    findings += (Finding(_unknown(name, declared), *one[1:]) for name, one in given.items()
                 if name not in declared)  # fmt: skip
    values = {
        name: _value(name, one, declared[name], given.get(name), use, findings)
        for name, one in inputs.items()
        if one is not None
    }
    return values if len(findings) == before else None


def script_environment(values: Mapping[str, Node]) -> dict[str, Node]:
    """The variables in which the scripts of a template find its inputs."""
    return {_variable(name): node._replace(value=_as_text(node)) for name, node in values.items()}


class Filling:
    """Copies parts of a template with the values filled in. `base` is added to every line.

    `size` counts the values copied, on top of those that were before.
    """

    def __init__(
        self, values: Mapping[str, Node], base: int, findings: list[Finding], size: int
    ) -> None:
        self._values = values
        self._base = base
        self._findings = findings
        self.size = size

    def fill(self, node: Node, field: str = "") -> Node:
        """The copy. Raises MalformedDocument when there is too much of it."""
        self.size += 1
        placed = node._replace(line=node.line + self._base)
        if self.size > MAX_NODES:
            message = f"The templates come to more than {MAX_NODES} values; use fewer."
            raise MalformedDocument(message, placed.line, placed.column)
        if isinstance(node.value, dict):
            items = {key: self._entry(key, item) for key, item in node.value.items()}
            return placed._replace(value=items)
        if isinstance(node.value, list):
            return placed._replace(value=[self.fill(item, field) for item in node.value])
        return self._filled(placed, node.value, field) if isinstance(node.value, str) else placed

    def _entry(self, key: str, node: Node) -> Node:
        filled = self.fill(node, key)
        if _PLACE.search(key):
            self._report("A key stays as it is written; give the job a `name` instead.", filled)
        return filled

    def _filled(self, node: Node, text: str, field: str) -> Node:
        names = _PLACE.findall(text)
        unknown = next((name for name in names if name not in self._values), None)
        if not names:
            return node
        if unknown is not None:
            self._report(_unknown(unknown, self._values), node)
            return node
        if field == "script":
            message = f'A value is never put into shell text; write "${_variable(names[0])}".'
            self._report(message, node)
            return node
        if _PLACE.fullmatch(text.strip()):
            return self._values[names[0]]._replace(line=node.line, column=node.column)
        return self._joined(node, text, names, field)

    def _joined(self, node: Node, text: str, names: list[str], field: str) -> Node:
        for name in names:
            value = self._values[name]
            if isinstance(value.value, list):
                self._report(f"The list `{name}` cannot be part of a text; use it alone.", node)
                return node
            if field == "condition" and _UNSAFE_IN_CONDITION & set(_as_text(value)):
                message = f"The value of `{name}` has a quote, a slash or a line end: not allowed"
                self._report(f"{message} within a condition.", node)
                return node
        parts = _PLACE.sub(lambda found: _as_text(self._values[found[1]]), text)
        return node._replace(value=parts)

    def _report(self, message: str, node: Node) -> None:
        self._findings.append(Finding(message, node.line, node.column))


def _is_scalar(node: Node) -> bool:
    return isinstance(node.value, str | int | float)


def _as_text(node: Node) -> str:
    if isinstance(node.value, list):
        return "\n".join(written_scalar(one) for one in node.value)
    return written_scalar(node)


def _variable(name: str) -> str:
    return f"INPUT_{name.upper()}"


def _declaration(name: str, node: Node, findings: list[Finding]) -> TemplateInput | None:
    message = ""
    if not _NAME.fullmatch(name):
        message = f"The input `{name}` is not a name; use letters, digits and `_`."
    elif node.value is not None and not isinstance(node.value, dict):
        message = f"Describe the input as in `{name}: {{type: string, default: x}}`."
    try:
        found = TemplateInput.model_validate(_plain(node) or {}) if not message else None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"][:1])
        said = first["msg"].removeprefix("Value error, ")
        message = f"The input `{name}` cannot be declared so: {where}{': ' if where else ''}{said}."
        found = None
    default = mapping(node).get("default")
    if found and default and default.value is not None and not found.accepts(default):
        message = f"The default of the input `{name}` is not a valid {found.type}."
    if message:
        findings.append(Finding(message, node.line, node.column))
    return None if message else found


def _clashes(declared: Mapping[str, Node]) -> Iterator[Finding]:
    """Names that differ only in case are one variable."""
    seen: set[str] = set()
    for name, node in declared.items():
        if _variable(name) in seen:
            message = f"Another input is called `{name}` but for capitals; rename one."
            yield Finding(message, node.line, node.column)
        seen.add(_variable(name))


def _value(
    name: str,
    declared: TemplateInput,
    declaration: Node,
    given: Node | None,
    use: Node,
    findings: list[Finding],
) -> Node:
    default = mapping(declaration).get("default")
    if given is None or given.value is None:
        if declared.required:
            message = f"The template needs the input `{name}`; give it below `with`."
            findings.append(Finding(message, use.line, use.column))
        has_default = default is not None and default.value is not None
        return declared.typed(default) if default and has_default else declared.fallback(use)
    if not declared.accepts(given):
        options = f" out of {', '.join(declared.options)}" if declared.options else ""
        message = f"The input `{name}` has to be a {declared.type}{options}."
        findings.append(Finding(message, given.line, given.column))
        return given
    return declared.typed(given)


def _unknown(name: str, declared: Mapping[str, Node]) -> str:
    near = get_close_matches(name, declared, 1)
    known = ", ".join(declared) or "none"
    hint = f"did you mean `{near[0]}`?" if near else f"declared are: {known}."
    return f"The template has no input `{name}`; {hint}"


def _plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: _plain(item) for key, item in node.value.items()}
    return [_plain(item) for item in node.value] if isinstance(node.value, list) else node.value
