"""Which field says what kind a gate is, and which fields mean something for a kind."""

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Final, Literal

from pydantic_core import PydanticCustomError

from gitops_auditor.errors import JsonValue

GateKind = Literal["mcp", "scan", "command", "coverage", "check", "benchmark", "pipeline"]
Stated = Mapping[str, object]
"""The fields of a gate that say something, by name."""

SCANNER: Final = "security-scanner"

ALIASES: Final[Mapping[str, str]] = {"severity": "fail_threshold", "level": "fail_threshold"}
"""Other spellings of fields."""

NAMING: Final[Mapping[str, GateKind]] = {
    "mcp": "mcp",
    "scan": "scan",
    "command": "command",
    "minimum": "coverage",
    "new_code_minimum": "coverage",
    "check": "check",
    "baseline": "benchmark",
    "pipeline": "pipeline",
}
"""The fields that say what kind a gate is; `mcp: security-scanner` is a scan."""

MEASURING: Final[frozenset[GateKind]] = frozenset({"coverage", "benchmark"})
"""Kinds whose `command` writes what is measured, so that it says no kind of its own."""

COMMON: Final = frozenset({"name", "description", "required", "timeout", "fix"})
"""What every gate may state."""

MEANING: Final[Mapping[GateKind, frozenset[str]]] = {
    "mcp": frozenset(
        {
            "mcp", "action", "arguments", "config", "tools", "fail_threshold", "new_issues_only",
            "files",
        }
    ),
    "scan": frozenset(
        {
            "mcp", "scan", "tools", "required_tools", "fail_threshold", "new_issues_only", "files",
        }
    ),
    "command": frozenset(
        {"command", "report", "network", "fail_threshold", "new_issues_only", "files"}
    ),
    "coverage": frozenset(
        {"minimum", "new_code_minimum", "command", "network", "report", "files"}
    ),
    "check": frozenset({"check"}),
    "benchmark": frozenset({"baseline", "tolerance", "metrics", "command", "network"}),
    "pipeline": frozenset({"pipeline"}),
}  # fmt: skip
"""What means something for a kind, beside COMMON."""

OF_REPORTS: Final = ("fail_threshold", "new_issues_only")
"""What a command can only be asked about with a report of findings."""

_LARGEST_EXACT: Final = 2**53 - 1


def with_one_spelling(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields by their own names. Raises PydanticCustomError for two spellings of one."""
    written = {ALIASES.get(name, name): value for name, value in fields.items()}
    if len(written) == len(fields):
        return written
    twice = [name for name in fields if ALIASES.get(name, name) in ALIASES.values()]
    raise problem(f"{_listed(twice)} are one field; write it once.", twice[-1])


def stated_kind(stated: Stated) -> GateKind:
    """The kind of a gate that keeps the rules."""
    return next(iter(_kinds(stated).values()), "pipeline")


def _kinds(stated: Stated) -> dict[str, GateKind]:
    """Each field that says a kind, with the kind that it says."""
    scans = stated.get("mcp") == SCANNER
    kinds = {
        name: "scan" if name == "mcp" and scans else kind
        for name, kind in NAMING.items()
        if name in stated
    }
    if MEASURING & set(kinds.values()):
        kinds.pop("command", None)
    return kinds


def broken_rule(stated: Stated) -> PydanticCustomError | None:
    """The first rule that a gate breaks, with `field` in its context to say where."""
    kinds = _kinds(stated)
    if len(set(kinds.values())) > 1:
        names = list(kinds)
        sentence = f"{_listed(names)} ask different things; write a gate for each."
        return problem(sentence, names[1])
    kind = stated_kind(stated)
    idle = [name for name in stated if name not in COMMON | MEANING[kind]]
    if idle:
        return problem(_idle(idle, kind, inferred=not kinds), idle[0])
    return next(_unfit(kind, stated), None)


def _idle(idle: list[str], kind: GateKind, *, inferred: bool) -> str:
    mean = "means" if len(idle) == 1 else "mean"
    sentence = f"{_listed(idle)} {mean} nothing for a gate of kind `{kind}`"
    if inferred:
        names = _listed(name for name in NAMING if name != "pipeline")
        return f"{sentence}, which is what a gate is that states none of {names}."
    owners = [other for other, known in MEANING.items() if idle[0] in known]
    return f"{sentence}; `{idle[0]}` is for {_listed(owners)}."


def _unfit(kind: GateKind, stated: Stated) -> Iterator[PydanticCustomError]:
    report = stated.get("report")
    if kind == "command" and isinstance(report, str):
        yield problem(
            "`report` of a command needs its format: {format: sarif, path: ...}, or junit.",
            "report",
        )
    if kind == "coverage" and report is not None and not isinstance(report, str):
        yield problem("`report` of a coverage gate is a path; its format is recognised.", "report")
    if kind == "command" and report is None:
        for name in OF_REPORTS:
            if name in stated:
                yield problem(f"`{name}` is about findings; name the `report` with them.", name)
    if "network" in stated and "command" not in stated:
        yield problem("`network` is about a `command`; name the one that needs it.", "network")
    yield from _left_out(stated)


def _left_out(stated: Stated) -> Iterator[PydanticCustomError]:
    tools, required = stated.get("tools"), stated.get("required_tools")
    if isinstance(tools, tuple) and isinstance(required, tuple):
        for name in required:
            if name not in tools:
                sentence = f"`required_tools` has {name}, which `tools` leaves out."
                yield problem(sentence, "required_tools")


def problem(sentence: str, field: str) -> PydanticCustomError:
    """An error about one field of a model, which finds its place by `field` in the context."""
    return PydanticCustomError("gate_rule", "{sentence}", {"sentence": sentence, "field": field})


def unfit_value(value: JsonValue) -> str | None:
    """What canonical JSON (RFC 8785) cannot hold, in words; None if there is nothing such."""
    if isinstance(value, dict):
        return next(filter(None, map(unfit_value, (*value, *value.values()))), None)
    if isinstance(value, list):
        return next(filter(None, map(unfit_value, value)), None)
    if isinstance(value, str):
        return None if value.isascii() or _is_unicode(value) else "text that is not Unicode"
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_EXACT:
        return f"a number of {len(str(abs(value)))} digits"
    return None


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _listed(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
