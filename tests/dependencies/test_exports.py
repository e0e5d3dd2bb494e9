import json
import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.exports import (
    ExportFormat,
    export,
    to_cyclonedx,
    to_dot,
    to_mermaid,
)
from gitops_auditor.dependencies.graph import build_graph
from gitops_auditor.dependencies.graph_models import DependencyGraph, GraphQuery
from gitops_auditor.dependencies.models import DependencyType, Reference, Scope
from gitops_auditor.dependencies.packages import ProvidedPackage
from tests.factories.dependencies import dependency

HOSTILE = 'x"]; click n0 "javascript:alert(1)"\n%%{init}%% <b>`|-->\\'

CYCLONEDX_SHAPE = {
    "type": "object",
    "required": ["bomFormat", "specVersion"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "http://cyclonedx.org/schema/bom-1.6.schema.json"},
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "serialNumber": {
            "type": "string",
            "pattern": "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        },
        "version": {"type": "integer", "minimum": 1},
        "metadata": {"type": "object"},
        "components": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["type", "name"],
                "additionalProperties": False,
                "properties": {
                    "type": {"enum": ["application", "library", "container", "data"]},
                    "bom-ref": {"type": "string", "minLength": 1},
                    "name": {"type": "string"},
                    "version": {"type": "string"},
                    "purl": {"type": "string", "pattern": "^pkg:[a-z]+/[^ ]+$"},
                },
            },
        },
        "dependencies": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["ref"],
                "additionalProperties": False,
                "properties": {
                    "ref": {"type": "string", "minLength": 1},
                    "dependsOn": {
                        "type": "array",
                        "uniqueItems": True,
                        "items": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    },
}


def sample() -> DependencyGraph:
    declared = [
        dependency("org/web", "org/api", name="api", constraint="^1.2.0", line=4),
        dependency("org/web", "org/ci", type_=DependencyType.CI, scope=Scope.CI),
        dependency("org/api", None, name="Flask", type_=DependencyType.PYTHON, constraint=">=3"),
        dependency("org/api", None, name="python", type_=DependencyType.DOCKER, constraint="3.12"),
        dependency("org/api", None, name="@types/node", constraint="*"),
    ]
    provided = [ProvidedPackage("org/api", Reference("npm", "api"), "1.4.0")]
    query = GraphQuery(include_external=True)
    return build_graph(declared, ["org/web", "org/api", "org/ci"], query, provided)


def test_mermaid_shows_nodes_and_labelled_edges() -> None:
    assert to_mermaid(sample()).splitlines() == [
        "flowchart LR",
        '  n0{{"image:docker.io/library/python"}}',
        '  n1{{"npm:@types/node"}}',
        '  n2["org/api"]',
        '  n3["org/ci"]',
        '  n4["org/web"]',
        '  n5{{"pypi:flask"}}',
        '  n2 -->|"docker 3.12"| n0',
        '  n2 -->|"npm *"| n1',
        '  n2 -->|"python #62;=3"| n5',
        '  n4 -->|"npm ^1.2.0"| n2',
        '  n4 -.->|"ci"| n3',
    ]


def test_dot_shows_nodes_and_labelled_edges() -> None:
    dot = to_dot(sample())
    assert dot.startswith("digraph dependencies {\n")
    assert '  "org/api" [shape=box];' in dot
    assert '  "org/web" -> "org/api" [label="npm ^1.2.0", style=solid];' in dot
    assert '  "org/web" -> "org/ci" [label="ci", style=dashed];' in dot
    assert dot.endswith("}\n")


def test_cyclonedx_has_the_shape_that_the_standard_requires() -> None:
    bom = to_cyclonedx(sample())
    jsonschema.validate(bom, CYCLONEDX_SHAPE)
    components = {one["bom-ref"]: one for one in as_list(bom["components"])}
    assert components["org/api"] == {
        "type": "application",
        "bom-ref": "org/api",
        "name": "org/api",
        "version": "1.4.0",
    }
    assert components["pypi:flask"]["purl"] == "pkg:pypi/flask"
    assert components["npm:@types/node"]["purl"] == "pkg:npm/%40types/node"
    assert components["image:docker.io/library/python"]["type"] == "container"
    assert components["image:docker.io/library/python"]["purl"] == "pkg:docker/library/python"
    needs = {one["ref"]: one["dependsOn"] for one in as_list(bom["dependencies"])}
    assert needs["org/web"] == ["org/api", "org/ci"]
    assert set(needs) == set(components)


@pytest.mark.parametrize(
    ("wanted", "media_type", "start"),
    [
        ("json", "application/json", '{\n  "nodes"'),
        ("mermaid", "text/vnd.mermaid", "flowchart LR\n"),
        ("dot", "text/vnd.graphviz", "digraph dependencies {\n"),
        ("cyclonedx", "application/vnd.cyclonedx+json", '{\n  "$schema"'),
    ],
)
def test_a_document_says_what_it_is(wanted: ExportFormat, media_type: str, start: str) -> None:
    document = export(sample(), wanted)
    assert (document.format, document.media_type) == (wanted, media_type)
    assert document.content.startswith(start)
    assert document.content.endswith("\n")


def test_equal_graphs_give_equal_documents() -> None:
    assert to_cyclonedx(sample()) == to_cyclonedx(sample())


def test_packages_of_a_repository_carry_their_package_url() -> None:
    graph = build_graph(
        [dependency("a", "b", source_package="a", target_package="@org/b")],
        ["a", "b"],
        GraphQuery(detail="package"),
        [ProvidedPackage("b", Reference("npm", "@org/b"), "2.0.0")],
    )
    components = {one["bom-ref"]: one for one in as_list(to_cyclonedx(graph)["components"])}
    assert components["b#@org/b"]["purl"] == "pkg:npm/%40org/b@2.0.0"


def hostile_graph(text: str) -> DependencyGraph:
    declared = [
        dependency("a", text, constraint=text),
        dependency("a", None, name=text, constraint=text),
    ]
    return build_graph(declared, ["a", text], GraphQuery(include_external=True))


MERMAID_LINE = re.compile(
    r'flowchart LR|  n\d+(\["[^"]*"\]|\(\["[^"]*"\]\)|\{\{"[^"]*"\}\})'
    r'|  n\d+ (-->|-\.->)\|"[^"]*"\| n\d+'
)
QUOTED = r'"(?:[^"\\]|\\.)*"'
DOT_LINE = re.compile(
    rf"digraph dependencies \{{|  rankdir=LR;|  {QUOTED} \[shape=\w+\];"
    rf"|  {QUOTED} -> {QUOTED} \[label={QUOTED}, style=\w+\];|\}}"
)


@pytest.mark.parametrize(
    "text", [HOSTILE, "/", "end", "a]b", "#35;", "\\", 'q"', "\ud800", "\u202e"]
)
def test_a_hostile_name_stays_inside_its_label(text: str) -> None:
    assert_well_formed(hostile_graph(text))


@given(st.text(min_size=1, max_size=40))
def test_no_name_whatever_breaks_a_document(text: str) -> None:
    assert_well_formed(hostile_graph(text))


def assert_well_formed(graph: DependencyGraph) -> None:
    mermaid, dot = to_mermaid(graph), to_dot(graph)
    assert len(mermaid.split("\n")) == 2 + len(graph.nodes) + len(graph.edges)
    assert all(MERMAID_LINE.fullmatch(line) for line in mermaid.split("\n")[:-1])
    assert "<" not in mermaid
    assert len(dot.split("\n")) == 4 + len(graph.nodes) + len(graph.edges)
    assert all(DOT_LINE.fullmatch(line) for line in dot.split("\n")[:-1])
    bom = to_cyclonedx(graph)
    jsonschema.validate(bom, CYCLONEDX_SHAPE)
    json.dumps(bom, ensure_ascii=False).encode("utf-8")
    assert len({one["bom-ref"] for one in as_list(bom["components"])}) == len(graph.nodes)


def as_list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    assert all(isinstance(one, dict) for one in value)
    return value
