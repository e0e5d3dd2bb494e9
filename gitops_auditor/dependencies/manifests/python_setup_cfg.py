"""setup.cfg of setuptools, read line by line so that every requirement keeps its line."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.manifests.project_urls import repository_provisions
from gitops_auditor.dependencies.manifests.python_names import (
    package_provision,
    python_requirement,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Provision, Scope

_SECTION = re.compile(r"\[([^\]]+)\]\s*$")
_KEY = re.compile(r"([A-Za-z][^=:]*?)\s*[=:]\s*(.*)$")
_COMMENT = re.compile(r"(?:^|\s)[#;].*$")
_SCOPES = {
    "install_requires": Scope.RUNTIME,
    "setup_requires": Scope.BUILD,
    "tests_require": Scope.TEST,
}


class _Entry(NamedTuple):
    section: str
    key: str
    value: str
    line: int


def read_setup_cfg(file: ManifestFile) -> ManifestFacts:
    """Requirements of `[options]` and of its extras, and the name and version of `[metadata]`."""
    entries = list(_entries(file.text))
    place = scope_of_path(file.path)
    declarations = tuple(_declarations(entries, place))
    name = _metadata(entries, "name")
    return ManifestFacts(
        declarations, tuple(_provisions(entries, name)), package=name.value if name else ""
    )


def _entries(text: str) -> Iterator[_Entry]:
    """One entry for each line that carries a value, continued lines under their key."""
    section = key = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in {"#", ";"}:
            continue
        header = _SECTION.match(line)
        found = None if line[:1].isspace() else _KEY.match(line)
        if header:
            section, key = header.group(1).strip(), ""
        elif found:
            key = found.group(1)
            if found.group(2):
                yield _Entry(section, key, found.group(2).strip(), number)
        elif key and line.strip():
            yield _Entry(section, key, line.strip(), number)


def _declarations(entries: list[_Entry], place: Scope) -> Iterator[Declaration]:
    for entry in entries:
        scope = _scope(entry)
        if scope is None:
            continue
        for text in _COMMENT.sub("", entry.value).split("\n"):
            found = python_requirement(text.strip(), line=entry.line, scope=weaker(scope, place))
            if found is not None:
                yield found


def _scope(entry: _Entry) -> Scope | None:
    if entry.section == "options":
        return _SCOPES.get(entry.key.replace("-", "_"))
    if entry.section == "options.extras_require":
        return group_scope(entry.key)
    return None


def _metadata(entries: list[_Entry], key: str) -> _Entry | None:
    return next((e for e in entries if e.section == "metadata" and e.key == key), None)


def _provisions(entries: list[_Entry], name: _Entry | None) -> Iterator[Provision]:
    if name is not None:
        version = _metadata(entries, "version")
        literal = version.value if version and ":" not in version.value else ""
        yield package_provision(name.value, literal, name.line)
    yield from repository_provisions(_urls(entries))


def _urls(entries: list[_Entry]) -> Iterator[tuple[str, str, int]]:
    for entry in entries:
        if entry.section != "metadata":
            continue
        if entry.key in {"url", "home_page", "home-page"}:
            yield "url", entry.value, entry.line
        elif entry.key in {"project_urls", "project-urls"}:
            label, _, url = entry.value.partition("=")
            yield label.strip(), url.strip(), entry.line


READER = ManifestReader(
    name="python-setup-cfg", read=read_setup_cfg, names=frozenset({"setup.cfg"})
)
