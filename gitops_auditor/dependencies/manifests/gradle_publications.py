"""Under which coordinates a Gradle build publishes: build scripts and `gradle.properties`.

`GROUP` and `POM_ARTIFACT_ID` are the names of the widely used publishing plugin, `group` and
`version` Gradle's own. Where only a group is set, `group:{module}` is offered: any module of it.
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.gradle_source import Script
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import ManifestFacts, Provision, Reference

_LIMIT: Final = 1024 * 1024
_GROUP = re.compile(r"""^[ \t]*(?:project\.)?group\s*=?\s*(["'])([\w.-]+)\1""", re.MULTILINE)
_NAME = re.compile(r"""\b(?:artifactId|archivesBaseName|archivesName)\s*=?\s*(["'])([\w.-]+)\1""")
_PUBLISHED_AS = re.compile(
    r"""\bcoordinates\s*\(\s*["']([\w.-]+)["']\s*,\s*["']([\w.-]+)["'](?:\s*,\s*["']([^"'$]+)["'])?"""
)
_OWN_VERSION = re.compile(
    r"""^[ \t]*(?:project\.)?version\s*=?\s*(["'])([^"'$\n]+)\1""", re.MULTILINE
)
_SHARED_FOLDERS = frozenset({"buildSrc", "build-logic", "gradle"})


def provisions(path: str, script: Script) -> Iterator[Provision]:
    """The modules that a build script says are published from it."""
    for found in _PUBLISHED_AS.finditer(script.text):
        name = Reference("maven", f"{found[1]}:{found[2]}")
        yield Provision(name, found[3] or "", script.line(found.start()))
    group = _own_group(script)
    if group is not None:
        version = _OWN_VERSION.search(script.text)
        shared = script.block(group.start(2)).is_shared
        name = Reference("maven", f"{group[2]}:{_artifact(path, script, is_shared=shared)}")
        yield Provision(name, version[2] if version else "", script.line(group.start(2)))


def _own_group(script: Script) -> re.Match[str] | None:
    """The group of the project; deeper in the script, `group` is that of a task."""
    for found in _GROUP.finditer(script.text):
        block = script.block(found.start(2))
        if block.depth == 0 or (block.is_shared and block.depth == 1):
            return found
    return None


def _artifact(path: str, script: Script, *, is_shared: bool) -> str:
    named = _NAME.search(script.text)
    if named is not None and not is_shared:
        return named[2]
    folders = path.split("/")[:-1]
    if is_shared or not folders or not _SHARED_FOLDERS.isdisjoint(folders):
        return "{module}"
    return folders[-1]


_PROPERTY = re.compile(r"^[ \t]*([\w.]+)[ \t]*[=:][ \t]*(\S*)[ \t]*$", re.MULTILINE)


def read_gradle_properties(file: ManifestFile) -> ManifestFacts:
    """The module that a `gradle.properties` names; without a name, any module of its group."""
    if len(file.content) > _LIMIT:
        return ManifestFacts()
    values = {found[1]: found for found in _PROPERTY.finditer(file.text)}
    group = values.get("GROUP") or values.get("group")
    if group is None or not group[2]:
        return ManifestFacts()
    artifact = values.get("POM_ARTIFACT_ID")
    version = values.get("VERSION_NAME") or values.get("version")
    name = f"{group[2]}:{artifact[2] if artifact else '{module}'}"
    line = file.text.count("\n", 0, group.start(1)) + 1
    provision = Provision(Reference("maven", name), version[2] if version else "", line)
    return ManifestFacts(provisions=(provision,))


READER = ManifestReader(
    "gradle properties", read_gradle_properties, names=frozenset({"gradle.properties"})
)
