"""Gradle settings scripts: the projects that a build includes, and its plugins."""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.gradle import read_build_script
from gitops_auditor.dependencies.manifests.gradle_source import Script
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import ManifestFacts

_INCLUDE = re.compile(r"""\binclude\b\s*\(?((?:\s*["'][^"'\n]+["']\s*,?)+)""")
_INCLUDE_BUILD = re.compile(r"""\bincludeBuild\s*\(?\s*["']([^"'\n]+)["']""")
_STRING = re.compile(r"""["']([^"'\n]+)["']""")


def read_settings_script(file: ManifestFile) -> ManifestFacts:
    """The projects a settings script includes, and what its plugin blocks need."""
    facts = read_build_script(file)
    if facts.problems:
        return facts
    return facts._replace(members=tuple(_members(Script(file.text).text)), provisions=())


def _members(text: str) -> Iterator[str]:
    for found in _INCLUDE.finditer(text):
        for project in _STRING.findall(found[1]):
            yield project.strip(":").replace(":", "/")
    yield from (folder.removeprefix("./").rstrip("/") for folder in _INCLUDE_BUILD.findall(text))


def read_gradle_script(file: ManifestFile) -> ManifestFacts:
    """A settings script or a build script, told apart by its name."""
    is_settings = file.name.startswith("settings.gradle")
    return read_settings_script(file) if is_settings else read_build_script(file)


READER = ManifestReader("gradle", read_gradle_script, suffixes=(".gradle", ".gradle.kts"))
