"""Conda environments, recipes and conda-build's meta.yaml.

Conda's documentation, "Package match specifications". conda-forge names its Python packages as the
package index does with few exceptions, so they are looked up there.
"""

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.manifests.python_names import python_requirement
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import (
    Document,
    MalformedDocument,
    Node,
    child,
    mapping,
    sequence,
    text,
)
from gitops_auditor.formats.yaml_positions import parse_yaml

_MATCH = re.compile(
    r"(?:(?P<channel>[\w./-]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?:\[[^\]]*\])?"
    r"\s*(?P<constraint>[<>=!~].*|\s[\d*].*)?\Z"
)
_EXACT = re.compile(r"(?:==\s*[\w.]+|=\s*[\w.]+=\w+)\Z")
_INDEX_NAMES = {
    "dask-core": "dask",
    "jupyterhub-base": "jupyterhub",
    "jupyterhub-singleuser": "jupyterhub",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
}
"""Packages that conda-forge names otherwise than the package index."""
_NOT_PACKAGES = frozenset({"python", "pip"})
_CLAIMED = re.compile(r"(?:^|/)(?:[^/]*environment[^/]*|[^/]*conda[^/]*|[^/]*[-_.]env)\.ya?ml$")
_RECIPE_LINE = re.compile(r"\s+-\s+(?P<spec>[A-Za-z0-9_][^#{}]*?)\s*(?:#.*)?$")
_RECIPE_SECTIONS = {"build": Scope.BUILD, "host": Scope.BUILD, "run": Scope.RUNTIME}
_SECTION = re.compile(r"\s*(?P<key>[a-z_]+)\s*:")


def read_environment(file: ManifestFile) -> ManifestFacts:
    """The packages of an environment file, and of the `pip:` list inside it."""
    if b"dependencies:" not in file.content:
        return ManifestFacts()
    try:
        documents = parse_yaml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    scope = weaker(scope_of_path(file.path), group_scope(file.name.rpartition(".")[0]))
    return ManifestFacts(
        tuple(found for document in documents for found in _environment(document, scope)),
        problems=tuple(Problem(*finding) for doc in documents for finding in doc.findings),
    )


def _environment(document: Document, scope: Scope) -> Iterator[Declaration]:
    for node in sequence(child(document.root, "dependencies")):
        spec = text(node)
        if spec:
            yield from conda_package(spec, line=node.line, scope=scope)
        for item in sequence(mapping(node).get("pip")):
            yield from _pip_package(item, scope)


def _pip_package(node: Node, scope: Scope) -> Iterator[Declaration]:
    requirement = text(node)
    if requirement and not requirement.startswith("-"):
        found = python_requirement(requirement, line=node.line, scope=scope)
        if found is not None:
            yield found


def conda_package(spec: str, *, line: int, scope: Scope) -> Iterator[Declaration]:
    """The declaration of one match specification; the interpreter and pip are left out."""
    found = _MATCH.match(spec.strip())
    if found is None or found["name"].lower() in _NOT_PACKAGES:
        return
    constraint = (found["constraint"] or "").strip()
    name = canonicalize_name(found["name"])
    yield Declaration(
        type=DependencyType.PYTHON,
        name=found["name"],
        reference=Reference("pypi", _INDEX_NAMES.get(name, name)),
        constraint=constraint,
        constraint_kind=_kind(constraint),
        scope=scope,
        confidence=1.0,
        line=line,
    )


def read_recipe(file: ManifestFile) -> ManifestFacts:
    """The requirements of a meta.yaml. It is a Jinja template, so it is read line by line."""
    if b"requirements:" not in file.content:
        return ManifestFacts()
    place = scope_of_path(file.path)
    scope: Scope | None = None
    declarations: list[Declaration] = []
    for number, line in enumerate(file.text.splitlines(), start=1):
        section = _SECTION.match(line)
        if section:
            scope = _RECIPE_SECTIONS.get(section["key"])
        item = _RECIPE_LINE.match(line)
        if item and scope is not None:
            declarations.extend(
                conda_package(item["spec"], line=number, scope=weaker(scope, place))
            )
    return ManifestFacts(tuple(declarations))


def _kind(constraint: str) -> ConstraintKind:
    if not constraint or constraint == "*":
        return ConstraintKind.NONE
    return ConstraintKind.EXACT if _EXACT.match(constraint) else ConstraintKind.RANGE


def _claims(path: str) -> bool:
    return _CLAIMED.search(path) is not None


READERS = (
    ManifestReader(
        name="conda-environment",
        read=read_environment,
        claim_suffixes=(".yml", ".yaml"),
        claims=_claims,
    ),
    ManifestReader(name="conda-recipe", read=read_recipe, names=frozenset({"meta.yaml"})),
)
