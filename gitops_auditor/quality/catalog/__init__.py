"""The sets of gates that come with the platform, and what a file that extends them amounts to."""

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple, get_args

from gitops_auditor.quality.definition import GateFile, SetName, StatedGate, parse_gates
from gitops_auditor.quality.gate import GATE_TYPES, Gate, GateType

SET_NAMES: Final[tuple[SetName, ...]] = get_args(SetName)
_FIND_THINGS: Final = frozenset({"mcp", "scan"})


class EffectiveGate(NamedTuple):
    """A gate that is asked. `origin` is the set that it comes from, None for the file itself."""

    gate_type: GateType
    gate: Gate
    origin: SetName | None = None


def packaged_text(name: SetName) -> str:
    """The file of a set as people read it, with its comments."""
    return files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


@cache
def packaged_set(name: SetName) -> GateFile:
    """A set that comes with the platform."""
    return parse_gates(packaged_text(name), f"{name}.yaml")


def effective_gates(file: GateFile) -> tuple[EffectiveGate, ...]:
    """All gates of a file, by phase: those of the sets that it extends, and its own.

    A gate of the file takes the place of one with its name in the same phase. `baseline` counts for
    the gates that find things and do not say themselves whether old issues count.
    """
    chosen: dict[tuple[GateType, str], EffectiveGate] = {}
    for name in file.extends:
        for one in packaged_set(name).gates:
            chosen[_place(one)] = EffectiveGate(one.gate_type, one.gate, name)
    for one in file.gates:
        chosen[_place(one)] = EffectiveGate(one.gate_type, one.gate)
    ordered = sorted(chosen.values(), key=lambda one: GATE_TYPES.index(one.gate_type))
    if file.baseline is None:
        return tuple(ordered)
    return tuple(one._replace(gate=_against_base(one.gate)) for one in ordered)


def _place(one: StatedGate) -> tuple[GateType, str]:
    return one.gate_type, one.gate.name


def _against_base(gate: Gate) -> Gate:
    finds = gate.kind in _FIND_THINGS or gate.report is not None
    if not finds or gate.kind == "coverage" or gate.new_issues_only is not None:
        return gate
    return Gate.model_validate({**gate.canonical(), "new_issues_only": True})
