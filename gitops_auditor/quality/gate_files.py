"""Where a repository keeps its gates.

The first of `FILES` that exists is the one. Only when there is none of them, all YAML files of
`FOLDER` are read, in the order of their names, and their gates are put together. What is there but
not read is named, so that no file looks as if it counted.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from gitops_auditor.formats.problems import Problem
from gitops_auditor.quality.definition import (
    MAX_GATES,
    GateFile,
    InvalidGates,
    PhaseGates,
    StatedGate,
)
from gitops_auditor.quality.gate import GATE_TYPES

FILES: Final = (
    ".gitops/quality-gates.yaml",
    ".gitops/quality-gates.yml",
    "quality-gates.yaml",
)
FOLDER: Final = ".mcp/quality-gates/gate-definitions"
ENDINGS: Final = (".yaml", ".yml")
DEFAULT_PATH: Final = FILES[0]
"""Where a file of gates is put unless told otherwise."""


class GatePlaces(NamedTuple):
    """The files to read, in this order, and those that could define gates but are not read."""

    files: tuple[str, ...]
    ignored: tuple[str, ...] = ()


def gate_places(paths: Collection[str]) -> GatePlaces:
    """Which of a repository's files state its gates. Paths are relative to its root."""
    known = set(paths)
    single = [path for path in FILES if path in known]
    folder = sorted(path for path in known if defines_gates(path) and path not in FILES)
    if single:
        return GatePlaces((single[0],), (*single[1:], *folder))
    return GatePlaces(tuple(folder))


def defines_gates(path: str) -> bool:
    """Whether gates are looked for in a file of this path."""
    folder, _, name = path.rpartition("/")
    return path in FILES or (folder == FOLDER and name.endswith(ENDINGS))


def joined(files: Sequence[tuple[str, GateFile]]) -> GateFile:
    """Several files, each with its path, as one.

    Raises InvalidGates for a gate that two files state for one phase, and for too many gates. The
    `baseline` of one counts for all; the version is the largest one.
    """
    if len(files) == 1:
        return files[0][1]
    owners: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    stated: list[StatedGate] = []
    for path, file in files:
        for one in file.gates:
            other = owners.setdefault((one.gate_type, one.gate.name), path)
            if other != path:
                problems.append(_twice(one, path, other))
            stated.append(one)
    if len(stated) > MAX_GATES:
        message = f"The files state {len(stated)} gates; there are at most {MAX_GATES}."
        problems.append(Problem(message, 0, 0, FOLDER))
    if problems:
        raise InvalidGates(tuple(problems))
    return _one_file([file for _, file in files], stated)


def _twice(one: StatedGate, path: str, other: str) -> Problem:
    message = f"{one.gate_type} has the gate `{one.gate.name}` in {other} too; rename one of them."
    return Problem(message, 0, 0, path)


def _one_file(files: Sequence[GateFile], stated: Sequence[StatedGate]) -> GateFile:
    phases = PhaseGates(
        **{
            gate_type: tuple(one.gate for one in stated if one.gate_type == gate_type)
            for gate_type in GATE_TYPES
        }
    )
    return GateFile(
        version=max((file.version for file in files if file.version), default=None),
        extends=tuple(dict.fromkeys(name for file in files for name in file.extends)),
        baseline=next((file.baseline for file in files if file.baseline), None),
        quality_gates=phases,
    )
