"""The JSON Schema that an editor checks a file of gates with, made from the model (2020-12)."""

from typing import Any, Final, get_args

from gitops_auditor.formats.written import MAX_SECONDS
from gitops_auditor.quality.definition import GateFile
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.gate_rules import (
    ALIASES,
    COMMON,
    MEANING,
    MEASURING,
    NAMING,
    OF_REPORTS,
    SCANNER,
    GateKind,
)

Schema = dict[str, Any]

_TITLE: Final = "GitOps Auditor quality gates"
_IS_SCANNER: Final[Schema] = {
    "required": ["mcp"],
    "properties": {"mcp": {"type": "string", "pattern": rf"^\s*{SCANNER}\s*$"}},
}


def _percent(most: int) -> list[Schema]:
    return [
        {"type": "number", "minimum": 0, "maximum": most},
        {"type": "string", "pattern": r"^\s*\d{1,3}(\.\d{1,6})?\s*%?\s*$"},
    ]


_NUMBERS: Final[dict[str, list[Schema]]] = {
    "minimum": _percent(100),
    "new_code_minimum": _percent(100),
    "tolerance": _percent(999),
    "timeout": [
        {"type": "integer", "minimum": 1, "maximum": MAX_SECONDS},
        {"type": "string", "pattern": r"^\s*\d[\ddhms]*\s*$"},
    ],
}
"""What the model leaves open: numbers that may be written as text."""


def editor_schema() -> Schema:
    """Accepts what the reader accepts, and refuses what it refuses.

    Left to the reader are: names that are there twice, limits, patterns and checks that are not
    understood, paths that leave the repository, and required tools that `tools` leaves out. It also
    reads severities in capital letters and numbers as names, which editors mark.
    """
    schema: Schema = GateFile.model_json_schema(mode="validation")
    gate: Schema = schema["$defs"]["Gate"]
    properties: Schema = gate["properties"]
    for field, numbers in _NUMBERS.items():
        properties[field]["anyOf"] = [*numbers, {"type": "null"}]
    properties.update({alias: properties[field] for alias, field in ALIASES.items()})
    gate["allOf"] = [_one_kind(), *_meanings(), *_needs(), *_written_once()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": _TITLE,
    }


def _stated(field: str) -> Schema:
    """The field is there, by any of its names, and says something other than its default."""
    default = Gate.model_fields[field].get_default(call_default_factory=True)
    silent = list(default) if isinstance(default, tuple) else default
    names = [field, *(alias for alias, of in ALIASES.items() if of == field)]
    forms: list[Schema] = [
        {"required": [name], "properties": {name: {"not": {"const": silent}}}} for name in names
    ]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _is(kind: GateKind) -> Schema:
    """A field says that the gate is of the kind."""
    if kind == "mcp":
        return {"allOf": [_stated("mcp"), {"not": _IS_SCANNER}]}
    if kind == "command":
        measuring: list[Schema] = [{"not": _is(of)} for of in sorted(MEASURING)]
        return {"allOf": [_stated("command"), *measuring]}
    named = [_stated(field) for field, of in NAMING.items() if of == kind]
    return {"anyOf": [*named, _IS_SCANNER] if kind == "scan" else named}


def _one_kind() -> Schema:
    """One kind is stated, or none, which is a pipeline of the gate's name."""
    kinds = [_is(kind) for kind in get_args(GateKind)]
    return {"oneOf": [*kinds, {"not": {"anyOf": kinds}}]}


def _meanings() -> list[Schema]:
    fields = [name for name in Gate.model_fields if name not in COMMON and name not in NAMING]
    return [
        {
            "if": _stated(field),
            "then": {"anyOf": [_is(kind) for kind, known in MEANING.items() if field in known]},
        }
        for field in fields
    ]


def _needs() -> list[Schema]:
    """What a field needs beside it, and which form of a report is for which kind."""
    described: Schema = {"properties": {"report": {"type": ["object", "null"]}}}
    path: Schema = {"properties": {"report": {"type": ["string", "null"]}}}
    findings: Schema = {"anyOf": [_stated(field) for field in OF_REPORTS]}
    return [
        {"if": _is("command"), "then": described},
        {"if": _is("coverage"), "then": path},
        {"if": {"allOf": [_is("command"), findings]}, "then": _stated("report")},
        {"if": _stated("network"), "then": _stated("command")},
    ]


def _written_once() -> list[Schema]:
    """No two spellings of one field."""
    return [
        {"not": {"required": [one, other]}}
        for field in sorted(set(ALIASES.values()))
        for names in [[field, *(alias for alias, of in ALIASES.items() if of == field)]]
        for at, one in enumerate(names)
        for other in names[at + 1 :]
    ]
