"""Reads a definition, in either dialect, and names every mistake with its line and column.

YAML and JSON give the same model. Templates are filled in first (see `reuse`). Then mistakes of
form are collected; names, needs and matrices are looked at once the form is right.
"""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from pydantic import ValidationError

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.model_findings import model_findings, node_at, plain
from gitops_auditor.formats.nodes import Document, Finding, MalformedDocument, Node
from gitops_auditor.formats.problems import InvalidFile, Problem
from gitops_auditor.pipelines.dialects import ALIASES, normalise
from gitops_auditor.pipelines.models import Job, PipelineDefinition
from gitops_auditor.pipelines.ordering import Location, order_problems
from gitops_auditor.pipelines.reuse import FileReader, expand_templates
from gitops_auditor.pipelines.source_map import Place, SourceMap

MAX_PROBLEMS: Final = 100

_NAMES: Final = {**ALIASES, "templates": "stages"}
"""`templates` stands beside `stages`, and is filled in before the model is asked."""


class InvalidDefinition(InvalidFile):
    """A definition with mistakes; `problems` has them all, in the order of the file."""

    remedy = "Correct the definition"


class Reading(NamedTuple):
    """What became of a definition: the model, unless there are problems."""

    definition: PipelineDefinition | None
    problems: tuple[Problem, ...]


def parse_definition(
    text: str,
    path: str = "",
    *,
    servers: Collection[str] | None = None,
    reader: FileReader | None = None,
) -> PipelineDefinition:
    """The model of a definition. Raises InvalidDefinition; see `read_definition`."""
    reading = read_definition(text, path, servers=servers, reader=reader)
    if reading.definition is None or reading.problems:
        raise InvalidDefinition(reading.problems)
    return reading.definition


def read_definition(
    text: str,
    path: str = "",
    *,
    servers: Collection[str] | None = None,
    reader: FileReader | None = None,
) -> Reading:
    """Read a definition and collect what is wrong with it.

    `path` only names the file in problems. `servers` are the MCP servers that jobs may call; None
    leaves them unchecked. `reader` gives the files that templates are taken from; None refuses
    those. A problem in a template has its place there and says from where it is used.
    """
    sources = SourceMap(path)
    tree = _expanded(text, path, sources, reader)
    if tree.root is None:
        return Reading(None, _problems(tree.findings, sources))
    findings = tree.findings
    root = normalise(tree.root, findings)
    definition = _validated(root, findings)
    if definition is not None:
        findings += _checked(definition, root, servers)
    return Reading(definition, _problems(findings, sources))


def expanded_tree(
    text: str, path: str, reader: FileReader | None
) -> tuple[JsonValue, frozenset[str]]:
    """A definition with its templates filled in, as plain values, and the files they came from.

    Raises InvalidDefinition when it cannot be put together; nothing else is checked.
    """
    sources = SourceMap(path)
    tree = _expanded(text, path, sources, reader)
    if tree.root is None:
        raise InvalidDefinition(_problems(tree.findings, sources))
    return plain(tree.root), tree.files


class _Tree(NamedTuple):
    """A definition with its templates filled in; no root where that is not possible."""

    root: Node | None
    findings: list[Finding]
    files: frozenset[str] = frozenset()


def _expanded(text: str, path: str, sources: SourceMap, reader: FileReader | None) -> _Tree:
    findings: list[Finding] = []
    try:
        document = _document(text, path)
        root, files = expand_templates(document.root, sources, reader, findings)
    except MalformedDocument as error:
        findings.append(Finding(error.message, error.line, error.column))
        return _Tree(None, findings)
    return _Tree(None if findings else root, [*document.findings, *findings], files)


def _problems(findings: list[Finding], sources: SourceMap) -> tuple[Problem, ...]:
    """In the order of the file, those of other files last. Of several uses the first is named."""
    found: dict[tuple[str, Place], Problem] = {}
    own = sources.place(0, 0).path
    for one in sorted(findings, key=lambda one: (one.line, one.column)):
        place = sources.place(one.line, one.column)
        message = " ".join((one.message, *_ways(sources.used_from(one.line))))
        problem = Problem(message, place.line, place.column, place.path)
        found.setdefault((one.message, place), problem)
    ordered = sorted(found.values(), key=lambda one: (one.path != own, one.path, *one[1:3]))
    return tuple(ordered[:MAX_PROBLEMS])


def _ways(uses: tuple[Place, ...]) -> Iterator[str]:
    if uses:
        ways = (f"{one.path or 'line '}{':' if one.path else ''}{one.line}" for one in uses)
        yield f"(used in {', which is used in '.join(ways)})"


def _document(text: str, path: str) -> Document:
    is_json = path.endswith(".json") or text.lstrip().startswith("{")
    # Most commands read no definition, and do without the YAML library.
    from gitops_auditor.formats.yaml_positions import parse_yaml  # noqa: PLC0415 - see above

    documents = [parse_json(text)] if is_json else parse_yaml(text)
    if not documents or documents[0].root.value is None:
        raise MalformedDocument("The definition is empty; it needs a name and stages.", 1, 1)
    if len(documents) > 1:
        root = documents[1].root
        message = "A file holds one pipeline; move this one to a file of its own."
        raise MalformedDocument(message, root.line, root.column)
    if not isinstance(documents[0].root.value, dict):
        raise MalformedDocument("A definition is a mapping with a name and stages.", 1, 1)
    return documents[0]


def _validated(root: Node, findings: list[Finding]) -> PipelineDefinition | None:
    try:
        return PipelineDefinition.model_validate(plain(root))
    except ValidationError as error:
        findings += model_findings(error, root, PipelineDefinition, _NAMES, findings)
        return None


def _checked(
    definition: PipelineDefinition, root: Node, servers: Collection[str] | None
) -> Iterator[Finding]:
    for problem in order_problems(definition):
        yield _at(root, problem.location, problem.message)
    for location, job in _placed_jobs(definition):
        if servers is not None and job.mcp is not None and job.mcp not in servers:
            yield _at(root, (*location, "mcp"), _unknown_server(job.mcp, servers))


def _placed_jobs(definition: PipelineDefinition) -> list[tuple[Location, Job]]:
    jobs: list[tuple[Location, Job]] = [
        (("stages", number, "jobs", index), job)
        for number, stage in enumerate(definition.stages)
        for index, job in enumerate(stage.jobs)
    ]
    following: list[tuple[Location, Job]] = [
        ((name, index), job)
        for name in ("rollback", "always")
        for index, job in enumerate(getattr(definition, name))
    ]
    return [*jobs, *following]


def _unknown_server(server: str, servers: Collection[str]) -> str:
    known = ", ".join(sorted(servers)) or "none"
    return (
        f"No MCP server `{server}` is configured in the file that GITOPS_MCP_SERVERS names;"
        f" configured are: {known}."
    )


def _at(root: Node, location: Location, message: str) -> Finding:
    _, node = node_at(root, location, _NAMES)
    return Finding(message, node.line, node.column)
