"""Gradle build scripts, Groovy and Kotlin, as far as their literals go (Gradle User Manual).

Read are coordinates (`"g:a:v"`, named and positional), catalog accessors (`libs.x.y`, kind CATALOG
with the accessor as constraint), plugins with a version, and `kotlin("x")`. Other projects of the
same build are not dependencies. A version that is computed is DYNAMIC.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.gradle_catalog import accessor, plugin_module
from gitops_auditor.dependencies.manifests.gradle_publications import provisions
from gitops_auditor.dependencies.manifests.gradle_source import Block, Script
from gitops_auditor.dependencies.manifests.maven import version_kind
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Reference,
    Scope,
)

_LIMIT: Final = 1024 * 1024  # characters; scripts are written by hand
_COORDINATES = re.compile(
    r"""(?P<quote>["'])(?P<group>[\w.-]+):(?P<name>[\w.-]+)"""
    r"""(?::(?P<version>[^:@"'\s]*))?(?::[\w.-]+)?(?:@\w+)?(?P=quote)"""
)
_NAMED = re.compile(
    r"""\bgroup\s*[:=]\s*["'](?P<group>[\w.-]+)["']\s*,\s*"""
    r"""name\s*[:=]\s*["'](?P<name>[\w.-]+)["']"""
    r"""(?:\s*,\s*version\s*[:=]\s*(?P<version>["'][^"'\n]*["']|[\w.]+))?"""
)
_POSITIONAL = re.compile(
    r"""\b(?P<callee>\w+)\s*\(\s*["'](?P<group>[\w.-]+)["']\s*,\s*["'](?P<name>[\w.-]+)["']\s*,"""
    r"""\s*(?P<version>["'][^"'\n]*["']|[\w.]+)\s*\)"""
)
_ARTIFACT = re.compile(
    r"""\bartifact\s*(?:=|\()\s*(?P<quote>["'])(?P<group>[\w.-]+):(?P<name>[\w.-]+)"""
    r""":(?P<version>[^:@"'\s]*)(?::[\w.-]+)?(?:@\w+)?(?P=quote)"""
)
_KOTLIN = re.compile(
    r"""\b(?P<callee>\w+)["']?\)?\s*[(,]\s*kotlin\s*\(\s*["'](?P<name>[\w-]+)["']"""
    r"""(?:\s*,\s*(?:version\s*=\s*)?(?P<version>["'][^"'\n]*["']|[\w.]+))?\s*\)"""
)
_ACCESSOR = re.compile(
    r"\b(?P<path>(?:libs|\w+Libs)\.(?!versions\b|find[A-Z])[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)"
)
_FOUND_BY_ALIAS = re.compile(r"""\bfind(?P<kind>Library|Plugin|Bundle)\s*\(\s*["']([\w.-]+)["']""")
_ADDED = re.compile(r"""\badd\s*\(\s*["'](\w+)["']\s*,\s*\Z""")
_WORD = re.compile(r"\w+")
_CALL_MARKS: Final = " \t\r\n([\"'"
_CONTEXT: Final = 120  # characters before a coordinate in which its configuration is looked for
_PROVIDER_METHODS = re.compile(
    r"\.(?:get|asProvider|orNull|map|flatMap|let|also|toString|run|apply|getOrNull)\b.*"
)
_PLUGIN = re.compile(
    r"""\b(?P<call>id|kotlin)\s*\(?\s*["'](?P<id>[\w.-]+)["']\s*\)?\s*\.?version\s*\(?\s*"""
    r"""(?P<version>["'][^"'\n]*["']|[\w.]+)"""
)
_BUILD_FOLDERS = frozenset({"buildSrc", "build-logic", "build-support", "build-plugins"})
_NOT_CONFIGURATIONS = frozenset(
    {"exclude", "because", "project", "files", "fileTree", "module", "modules", "substitute"}
    | {"strictly", "require", "prefer", "reject", "id", "attribute", "url", "uri", "println"}
)
_ANYWHERE = frozenset({"create", "mavenBom", "classpath"})
_RUNTIME = re.compile(r"(?i)(?:api|implementation|compile|runtime|runtimeOnly)\Z")
_KOTLIN_GROUP: Final = "org.jetbrains.kotlin"


class _Need(NamedTuple):
    offset: int
    name: str
    module: str
    version: str
    configuration: str


def read_build_script(file: ManifestFile) -> ManifestFacts:
    """The modules and plugins a build script needs by name, and the modules it publishes."""
    if len(file.content) > _LIMIT:
        message = f"{len(file.content)} bytes is too large for a build script"
        return ManifestFacts(problems=(Problem(message, 0, 0),))
    script = Script(file.text)
    needs = [*_modules(script), *_kotlin_modules(script), *_plugins(script)]
    found = [_declaration(file.path, script, need) for need in needs]
    found += _catalog_uses(file.path, script)
    unique = {(item.line, item.name): item for item in found}
    return ManifestFacts(
        tuple(sorted(unique.values(), key=lambda item: (item.line, item.name))),
        tuple(provisions(file.path, script)),
    )


def _modules(script: Script) -> Iterator[_Need]:
    yield from _coordinates(script)
    for found in _NAMED.finditer(script.text):
        configuration = _configuration(_before(script, found.start()))
        if _is_configuration(script, configuration, found.start()):
            yield _need(script, found, configuration)
    for found in _POSITIONAL.finditer(script.text):
        if _is_configuration(script, found["callee"], found.start()):
            yield _need(script, found, found["callee"])
    for found in _ARTIFACT.finditer(script.text):
        yield _need(script, found, "artifact")


def _coordinates(script: Script) -> Iterator[_Need]:
    configuration = ""
    for found in _COORDINATES.finditer(script.text):
        before = _before(script, found.start())
        if not before.rstrip().endswith(",") or _ADDED.search(before):
            configuration = _configuration(before)
        if _is_configuration(script, configuration, found.start()):
            yield _need(script, found, configuration)


def _before(script: Script, offset: int) -> str:
    return script.text[max(0, offset - _CONTEXT) : offset]


def _configuration(before: str) -> str:
    """The name of the call whose argument follows, as in `name(`, `name platform("`."""
    added = _ADDED.search(before)
    if added is not None:
        return str(added[1])
    words: list[str] = _WORD.findall(before)
    ending = before.rstrip(_CALL_MARKS)
    while words and ending.removesuffix('")').endswith(words[-1]):
        if not words[-1].lower().endswith("platform"):
            return words[-1]
        ending = ending.removesuffix(words.pop()).rstrip(_CALL_MARKS)
    return ""


def _is_configuration(script: Script, callee: str, offset: int) -> bool:
    is_named = callee != "" and callee not in _NOT_CONFIGURATIONS
    return (is_named and script.block(offset).is_dependencies) or callee in _ANYWHERE


def _need(script: Script, found: re.Match[str], configuration: str) -> _Need:
    module = f"{found['group']}:{found['name']}"
    version = _version(script, found["version"] or "")
    return _Need(found.start("group"), module, module, version, configuration)


def _version(script: Script, written: str) -> str:
    """A literal with constants put in, or a bare name; `$name` where its value is not known."""
    if written[:1] in {'"', "'"}:
        return script.expanded(written[1:-1])
    if written and written[0].isalpha() and "-" not in written:
        return script.constant(written) or f"${written}"
    return script.expanded(written)


def _kotlin_modules(script: Script) -> Iterator[_Need]:
    if "kotlin" not in script.text:
        return
    for found in _KOTLIN.finditer(script.text):
        if script.block(found.start()).is_dependencies:
            module = f"{_KOTLIN_GROUP}:kotlin-{found['name']}"
            version = _version(script, found["version"] or "")
            yield _Need(found.start(), module, module, version, found["callee"])


def _plugins(script: Script) -> Iterator[_Need]:
    for found in _PLUGIN.finditer(script.text):
        name = found["id"] if found["call"] == "id" else f"{_KOTLIN_GROUP}.{found['id']}"
        version = _version(script, found["version"])
        yield _Need(found.start(), name, plugin_module(name), version, "plugin")


def _declaration(path: str, script: Script, need: _Need) -> Declaration:
    scope = _scope(path, need.configuration, script.block(need.offset))
    return Declaration(
        DependencyType.JVM,
        need.name,
        Reference("maven", need.module),
        need.version,
        version_kind(need.version),
        scope,
        1.0,
        script.line(need.offset),
    )


def _scope(path: str, configuration: str, block: Block) -> Scope:
    is_build = block.is_buildscript or block.is_constraints
    if is_build or not _BUILD_FOLDERS.isdisjoint(path.split("/")):
        return scope_of_path(path, Scope.BUILD)
    if block.is_test or "test" in configuration.lower():
        return scope_of_path(path, Scope.TEST)
    if configuration == "developmentOnly":
        return scope_of_path(path, Scope.DEV)
    is_runtime = _RUNTIME.search(configuration) is not None
    return scope_of_path(path, Scope.RUNTIME if is_runtime else Scope.BUILD)


def _catalog_uses(path: str, script: Script) -> Iterator[Declaration]:
    for found in _ACCESSOR.finditer(script.text):
        name = _PROVIDER_METHODS.sub("", found["path"])
        before = _before(script, found.start()).removesuffix("rootProject.")
        # `x.libs` is no catalog, and `"libs.versions.toml"` is a file
        is_member = before.endswith((".", '"', "'", "/"))
        if "." in name and not is_member:
            yield _catalog_use(path, script, found.start(), name, _configuration(before))
    if ".find" not in script.text:
        return
    for found in _FOUND_BY_ALIAS.finditer(script.text):
        kind = {"Plugin": "plugins.", "Bundle": "bundles."}.get(found["kind"], "")
        name = f"libs.{kind}{accessor(found[2])}"
        yield _catalog_use(path, script, found.start(), name, "")


def _catalog_use(
    path: str, script: Script, offset: int, name: str, configuration: str
) -> Declaration:
    scope = _scope(path, configuration, script.block(offset))
    kind, line = ConstraintKind.CATALOG, script.line(offset)
    reference = Reference("maven", name)
    return Declaration(DependencyType.JVM, name, reference, name, kind, scope, 1.0, line)
