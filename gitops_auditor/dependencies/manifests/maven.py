"""Maven `pom.xml` (POM 4.0.0): artifacts, parents, plugins and modules.

Properties are substituted inside the file only; what another file defines leaves the constraint
DYNAMIC. A plain version is a wish and counts as EXACT; `[1,2)` and its like are RANGE. Managed
dependencies, plugins, parents and imported BOMs are BUILD. References are `groupId:artifactId`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.xml_elements import Element, XmlError, parse_elements
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)

_LIMIT: Final = 2 * 1024 * 1024
_PROPERTY = re.compile(r"\$\{([^{}]{1,200})\}")
_SUBSTITUTIONS: Final = 8  # properties that name properties; a cycle ends here
_LONGEST: Final = 300  # characters of a version or of a property's value
_SCOPES: Final = {
    "": Scope.RUNTIME,
    "compile": Scope.RUNTIME,
    "runtime": Scope.RUNTIME,
    "system": Scope.RUNTIME,
    "provided": Scope.BUILD,
    "import": Scope.BUILD,
    "test": Scope.TEST,
}
_PLUGIN_GROUP: Final = "org.apache.maven.plugins"

Properties = Mapping[str, str]


def read_pom(file: ManifestFile) -> ManifestFacts:
    """What a `pom.xml` provides, needs and groups."""
    if len(file.content) > _LIMIT:
        message = f"{len(file.content)} bytes is too large for a POM"
        return ManifestFacts(problems=(Problem(message, 0, 0),))
    try:
        project = parse_elements(file.content)
    except XmlError as error:
        problem = Problem(error.message, error.line, error.column)
        return ManifestFacts(problems=(problem,))
    if project.tag != "project":
        return ManifestFacts(problems=(Problem("the root element is not project", 1, 1),))
    return _facts(file.path, project)


def _facts(path: str, project: Element) -> ManifestFacts:
    properties = _properties(project)
    name = f"{properties['project.groupId']}:{properties['project.artifactId']}"
    anchor = project.child("artifactId") or project
    provision = Provision(Reference("maven", name), properties["project.version"], anchor.line)
    known = name.strip(":") != "" and "${" not in name
    return ManifestFacts(
        tuple(_declarations(path, project, properties)),
        (provision,) if known else (),
        package=name if known else "",
        members=tuple(_modules(project)),
    )


def _properties(project: Element) -> Properties:
    declared = project.child("properties")
    values = {item.tag: item.text for item in declared.children} if declared else {}
    found = {name: value for name, value in values.items() if len(value) <= _LONGEST}
    parent = project.child("parent") or Element("parent", 0)
    for key in ("groupId", "artifactId", "version"):
        inherited = parent.text_of(key)
        own = project.text_of(key) or (inherited if key != "artifactId" else "")
        found[f"project.parent.{key}"] = inherited
        found[f"project.{key}"] = own
        found[f"pom.{key}"] = own
    for key in ("project.groupId", "project.artifactId", "project.version"):
        found[key] = _substituted(found[key], found)
    return found


def _substituted(value: str, properties: Properties) -> str:
    for _ in range(_SUBSTITUTIONS):
        replaced = _PROPERTY.sub(lambda match: properties.get(match[1]) or match[0], value)
        if replaced == value or len(replaced) > _LONGEST:
            break
        value = replaced
    return value


def _modules(project: Element) -> Iterator[str]:
    for owner in (project, *_profiles(project)):
        modules = owner.child("modules")
        for module in modules.children if modules else ():
            yield module.text.removesuffix("/pom.xml").strip("/")


def _profiles(project: Element) -> list[Element]:
    profiles = project.child("profiles")
    return profiles.children if profiles else []


def _declarations(path: str, project: Element, properties: Properties) -> Iterator[Declaration]:
    managed = _managed_versions(project, properties)
    for element, scope in _needs(project):
        group = element.text_of("groupId") or (_PLUGIN_GROUP if element.tag == "plugin" else "")
        artifact = element.text_of("artifactId")
        name = _substituted(f"{group}:{artifact}", properties)
        if artifact and group and "${" not in name:
            version = _substituted(element.text_of("version"), properties) or managed.get(name, "")
            anchor = element.child("artifactId") or element
            yield _declaration(name, version, scope_of_path(path, scope), anchor.line)


def _managed_versions(project: Element, properties: Properties) -> Properties:
    managed: dict[str, str] = {}
    for element in _below(project, "dependencyManagement", "dependencies"):
        name = f"{element.text_of('groupId')}:{element.text_of('artifactId')}"
        version = _substituted(element.text_of("version"), properties)
        managed[_substituted(name, properties)] = version
    return managed


def _needs(project: Element) -> Iterator[tuple[Element, Scope]]:
    parent = project.child("parent")
    if parent is not None:
        yield parent, Scope.BUILD
    for owner in (project, *_profiles(project)):
        for element in _below(owner, "dependencies"):
            yield element, _SCOPES.get(element.text_of("scope"), Scope.RUNTIME)
        for element in _below(owner, "dependencyManagement", "dependencies"):
            yield element, Scope.BUILD
        for plugin in _plugins(owner):
            yield plugin, Scope.BUILD
            for element in _below(plugin, "dependencies"):
                yield element, Scope.BUILD


def _plugins(owner: Element) -> Iterator[Element]:
    yield from _below(owner, "build", "plugins")
    yield from _below(owner, "build", "pluginManagement", "plugins")
    yield from _below(owner, "build", "extensions")
    yield from _below(owner, "reporting", "plugins")


def _below(owner: Element, *path: str) -> list[Element]:
    current: Element | None = owner
    for tag in path:
        current = current.child(tag) if current is not None else None
    return current.children if current is not None else []


def _declaration(name: str, version: str, scope: Scope, line: int) -> Declaration:
    reference = Reference("maven", name)
    kind = version_kind(version)
    return Declaration(DependencyType.JVM, name, reference, version, kind, scope, 1.0, line)


def version_kind(version: str) -> ConstraintKind:
    """How a Maven or Gradle version is to be read."""
    if not version:
        return ConstraintKind.NONE
    if "${" in version or "$" in version:
        return ConstraintKind.DYNAMIC
    if version[0] in "[(]" or version.endswith("+"):
        return ConstraintKind.RANGE
    if version in {"LATEST", "RELEASE"} or version.startswith("latest."):
        return ConstraintKind.TAG
    return ConstraintKind.EXACT


READER = ManifestReader("maven", read_pom, names=frozenset({"pom.xml"}), suffixes=(".pom.xml",))
