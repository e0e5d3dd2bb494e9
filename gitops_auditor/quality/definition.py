"""Reads a file of gates and names every mistake with its line and column.

    version: 3                        # grows with every change; signatures refuse an older one
    extends: [code-quality]           # sets of gates that come with the platform
    baseline: new_issues_only         # gates that find things leave out what the base has too
    quality_gates:
      pre_commit:
        - name: Code Linting
          mcp: code-linter

Only `quality_gates` or `extends` is needed. A text that begins with `{` is read as JSON.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BeforeValidator, Field, ValidationError

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.model_findings import model_findings, node_at, plain
from gitops_auditor.formats.nodes import Document, Finding, MalformedDocument, Node
from gitops_auditor.formats.problems import InvalidFile, Problem
from gitops_auditor.formats.written import Part, several
from gitops_auditor.quality.gate import GATE_TYPES, Gate, GateType
from gitops_auditor.quality.gate_rules import ALIASES

MAX_BYTES: Final = 512 * 1024
MAX_GATES: Final = 200
"""Of all phases of a file together."""
MAX_PROBLEMS: Final = 100

SetName = Literal["code-quality", "test-coverage", "security-scan", "performance"]


def _nothing(value: object) -> object:
    return () if value is None else value


SetNames = Annotated[
    tuple[SetName, ...],
    Field(max_length=10),
    BeforeValidator(several, json_schema_input_type=SetName | list[SetName]),
]
Gates = Annotated[
    tuple[Gate, ...],
    Field(max_length=MAX_GATES),
    BeforeValidator(_nothing, json_schema_input_type=list[Gate] | None),
]


class PhaseGates(Part):
    """The gates of each phase; a phase without gates may be left empty."""

    pre_commit: Gates = ()
    pre_merge: Gates = ()
    pre_deploy: Gates = ()
    post_phase: Gates = ()


class StatedGate(NamedTuple):
    """A gate and the phase that it belongs to; its name is its own among those of the phase."""

    gate_type: GateType
    gate: Gate


class GateFile(Part):
    """What a file of gates states. `version` is for signatures; see `quality.signing`."""

    version: Annotated[int, Field(ge=1, lt=2**53, strict=True)] | None = None
    extends: SetNames = ()
    baseline: Literal["new_issues_only"] | None = None
    quality_gates: PhaseGates = Field(default_factory=PhaseGates)

    @property
    def gates(self) -> tuple[StatedGate, ...]:
        """Those of the file itself, in its order; see `catalog.effective_gates` for all."""
        return tuple(
            StatedGate(gate_type, gate)
            for gate_type in GATE_TYPES
            for gate in getattr(self.quality_gates, gate_type)
        )

    def canonical(self) -> dict[str, JsonValue]:
        """The file in one spelling and without defaults: what is signed."""
        stated = self.model_dump(mode="json", exclude_defaults=True, exclude={"quality_gates"})
        gates: dict[str, JsonValue] = {
            gate_type: [one.gate.canonical() for one in self.gates if one.gate_type == gate_type]
            for gate_type in GATE_TYPES
        }
        stated["quality_gates"] = {name: listed for name, listed in gates.items() if listed}
        return dict(sorted(stated.items()))


class InvalidGates(InvalidFile):
    """A file of gates with mistakes; `problems` has them all, in the order of the file."""

    remedy = "Correct the gates"


class Reading(NamedTuple):
    """What became of a file: the model, unless there are problems."""

    file: GateFile | None
    problems: tuple[Problem, ...]


def parse_gates(text: str, path: str = "") -> GateFile:
    """What a file of gates states; `path` only names it. Raises InvalidGates."""
    reading = read_gates(text, path)
    if reading.file is None or reading.problems:
        raise InvalidGates(reading.problems)
    return reading.file


def read_gates(text: str, path: str = "") -> Reading:
    """Read a file of gates and collect what is wrong with it."""
    try:
        document = _document(text)
    except MalformedDocument as error:
        problem = Problem(error.message, error.line, error.column, path)
        return Reading(None, (problem,))
    findings = list(document.findings)
    file = _validated(document.root, findings)
    if file is not None:
        findings += _checked(file, document.root)
    found = sorted({(one.line, one.column, one.message) for one in findings})[:MAX_PROBLEMS]
    problems = tuple(Problem(message, line, column, path) for line, column, message in found)
    return Reading(None if problems else file, problems)


def _document(text: str) -> Document:
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        message = f"The file has {size} bytes; a file of gates has at most {MAX_BYTES // 1024} KiB."
        raise MalformedDocument(message)
    # Most commands read no gates, and do without the YAML library.
    from gitops_auditor.formats.yaml_positions import parse_yaml  # noqa: PLC0415 - see above

    documents = [parse_json(text)] if text.lstrip().startswith("{") else parse_yaml(text)
    if not documents or documents[0].root.value is None:
        raise MalformedDocument("The file is empty; it needs `quality_gates`.", 1, 1)
    if len(documents) > 1:
        second = documents[1].root
        message = "A file holds one document; join this one with the first."
        raise MalformedDocument(message, second.line, second.column)
    if not isinstance(documents[0].root.value, dict):
        raise MalformedDocument("A file of gates is a mapping with `quality_gates`.", 1, 1)
    return documents[0]


def _validated(root: Node, findings: list[Finding]) -> GateFile | None:
    try:
        return GateFile.model_validate(plain(root))
    except ValidationError as error:
        findings += model_findings(error, root, GateFile, ALIASES, findings)
        return None


def _checked(file: GateFile, root: Node) -> Iterator[Finding]:
    if not file.gates and not file.extends:
        yield Finding("The file states no gate; add one, or a set to `extends`.", 1, 1)
    if len(file.gates) > MAX_GATES:
        message = f"There are {len(file.gates)} gates; a file has at most {MAX_GATES}."
        yield _at(root, ("quality_gates",), message)
    for name, count in Counter(file.extends).items():
        if count > 1:
            yield _at(root, ("extends",), f"`extends` has {name} twice; name it once.")
    for gate_type in GATE_TYPES:
        yield from _repeated(getattr(file.quality_gates, gate_type), gate_type, root)


def _repeated(gates: Iterable[Gate], gate_type: GateType, root: Node) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        if gate.name in seen:
            message = f"{gate_type} has two gates with the name `{gate.name}`; rename this one."
            yield _at(root, ("quality_gates", gate_type, index, "name"), message)
        seen.add(gate.name)


def _at(root: Node, location: tuple[str | int, ...], message: str) -> Finding:
    _, node = node_at(root, location, ALIASES)
    return Finding(message, node.line, node.column)
