"""The graph in the languages of other tools: Mermaid, DOT and CycloneDX 1.6. Pure.

Names come from repositories that anyone may have written: nothing in them may end a label, begin a
statement or become markup.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, Field

from gitops_auditor import __version__
from gitops_auditor.dependencies.graph_models import DependencyGraph, GraphEdge, GraphNode
from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.purl import purl

ExportFormat = Literal["json", "mermaid", "dot", "cyclonedx"]


class GraphExport(BaseModel, defer_build=True):
    """A graph as the text of a document, and the document's media type."""

    format: ExportFormat
    media_type: str
    content: str = Field(description="The whole document.")


_PURL_TYPES: Final = {
    "npm": "npm",
    "pypi": "pypi",
    "image": "docker",
    "go": "golang",
    "crate": "cargo",
    "maven": "maven",
    "terraform": "terraform",
    "chart": "helm",
}
_DOT_SHAPES: Final = {"repository": "box", "package": "component", "external": "ellipse"}
_MERMAID_SHAPES: Final = {
    "repository": ('["', '"]'),
    "package": ('(["', '"])'),
    "external": ('{{"', '"}}'),
}
_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_MERMAID_SPECIAL: Final = re.compile(r"[^\w .,/@:=~^*+-]")


def to_mermaid(graph: DependencyGraph) -> str:
    """A Mermaid flowchart. Runtime and build edges are solid, all others dotted; labels give type
    and version.
    """
    ids = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        left, right = _MERMAID_SHAPES[node.type]
        lines.append(f"  {ids[node.id]}{left}{_mermaid_text(node.id)}{right}")
    for edge in graph.edges:
        arrow = "-->" if edge.scope in {"runtime", "build"} else "-.->"
        label = _mermaid_text(_label(edge))
        lines.append(f'  {ids[edge.source]} {arrow}|"{label}"| {ids[edge.target]}')
    return "\n".join(lines) + "\n"


def to_dot(graph: DependencyGraph) -> str:
    """A Graphviz digraph with the same shapes and styles."""
    lines = ["digraph dependencies {", "  rankdir=LR;"]
    lines += [f"  {_quoted(node.id)} [shape={_DOT_SHAPES[node.type]}];" for node in graph.nodes]
    for edge in graph.edges:
        style = "solid" if edge.scope in {"runtime", "build"} else "dashed"
        ends = f"{_quoted(edge.source)} -> {_quoted(edge.target)}"
        lines.append(f"  {ends} [label={_quoted(_label(edge))}, style={style}];")
    return "\n".join([*lines, "}"]) + "\n"


def to_cyclonedx(graph: DependencyGraph) -> dict[str, JsonValue]:
    """A CycloneDX 1.6 bill of materials (ECMA-424). Equal graphs give equal documents: the serial
    number is derived from the graph's version, the timestamp is that of its newest edge.
    """
    needs: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        needs[edge.source].append(edge.target)
    serial = uuid5(NAMESPACE_URL, f"gitops-auditor:graph:{graph.metadata.graph_version}")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": _bom_metadata(graph),
        "components": [_component(node) for node in graph.nodes],
        "dependencies": [
            {"ref": _clean(node), "dependsOn": _sorted_clean(targets)}
            for node, targets in needs.items()
        ],
    }


def _bom_metadata(graph: DependencyGraph) -> dict[str, JsonValue]:
    tool: dict[str, JsonValue] = {
        "type": "application",
        "name": "gitops-auditor",
        "version": __version__,
    }
    metadata: dict[str, JsonValue] = {"tools": {"components": [tool]}}
    if graph.metadata.last_updated is not None:
        metadata["timestamp"] = graph.metadata.last_updated.isoformat()
    return metadata


def _component(node: GraphNode) -> dict[str, JsonValue]:
    component: dict[str, JsonValue] = {
        "type": _component_type(node),
        "bom-ref": _clean(node.id),
        "name": _clean(node.label if node.type != "repository" else node.id),
    }
    if node.version:
        component["version"] = _clean(node.version)
    type_, name = _PURL_TYPES.get(node.ecosystem), _clean(_package_name(node))
    if type_ is not None and name.strip("/:"):
        component["purl"] = purl(type_, name, _clean(node.version) or None)
    return component


def _component_type(node: GraphNode) -> str:
    if node.ecosystem == "image":
        return "container"
    if node.ecosystem in {"api", "repository"} or node.type == "repository":
        return "application"
    return "data" if node.ecosystem in {"data", "config"} else "library"


def _package_name(node: GraphNode) -> str:
    """The name that a package URL takes: no default registry, and a chart without its address."""
    name = node.label if node.type == "package" else node.id.partition(":")[2]
    if node.ecosystem == "chart":
        return name.rpartition("/")[2]
    return name.removeprefix("docker.io/") if node.ecosystem == "image" else name


def _sorted_clean(ids: Iterable[str]) -> list[JsonValue]:
    return [*sorted({_clean(id_) for id_ in ids})]


def _label(edge: GraphEdge) -> str:
    return f"{edge.type} {edge.version}" if edge.version else str(edge.type)


def _clean(text: str) -> str:
    """One line that every encoding can carry; what cannot be in it is written as its code."""
    return _CONTROL.sub(lambda found: "".join(f"\\u{ord(letter):04x}" for letter in found[0]), text)


def _mermaid_text(text: str) -> str:
    """Everything that is not plainly text as a Mermaid character entity."""
    return _MERMAID_SPECIAL.sub(lambda found: f"#{ord(found[0])};", _clean(text))


def _quoted(text: str) -> str:
    escaped = _clean(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _cyclonedx_text(graph: DependencyGraph) -> str:
    return json.dumps(to_cyclonedx(graph), indent=2, ensure_ascii=False) + "\n"


def _json_text(graph: DependencyGraph) -> str:
    return graph.model_dump_json(indent=2) + "\n"


_DOCUMENTS: Final[Mapping[ExportFormat, tuple[str, Callable[[DependencyGraph], str]]]] = {
    "json": ("application/json", _json_text),
    "mermaid": ("text/vnd.mermaid", to_mermaid),
    "dot": ("text/vnd.graphviz", to_dot),
    "cyclonedx": ("application/vnd.cyclonedx+json", _cyclonedx_text),
}


def export(graph: DependencyGraph, wanted: ExportFormat) -> GraphExport:
    """The graph as a document of the format that is wanted."""
    media_type, write = _DOCUMENTS[wanted]
    return GraphExport(format=wanted, media_type=media_type, content=write(graph))
