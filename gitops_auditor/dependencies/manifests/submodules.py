"""`.gitmodules`: the repositories checked out inside this one (gitmodules(5), git-config(1)).

Each submodule's path and URL is also a definition `submodule:<path>`, so that the commit which the
tree pins can be put beside the URL. A relative URL stays as written: only the repository's own
address can resolve it.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_names import repository_name, revision_kind
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

_SECTION = re.compile(r'\[\s*submodule\s+"((?:[^"\\]|\\.)*)"\s*\]\s*(.*)', re.IGNORECASE)
_VALUE = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)")
_COMMENT = re.compile(r"\s+[#;].*$")
_ESCAPE = re.compile(r"\\(.)")
_OWN_BRANCH: Final = "."


class _Submodule(NamedTuple):
    name: str
    line: int
    values: dict[str, tuple[str, int]]


def read_gitmodules(file: ManifestFile) -> ManifestFacts:
    """Every submodule that has a URL; the others are problems."""
    declarations: list[Declaration] = []
    problems: list[Problem] = []
    definitions: list[tuple[str, str]] = []
    for submodule in _submodules(file.text):
        path, _ = submodule.values.get("path", ("", 0))
        url, line = submodule.values.get("url", ("", 0))
        if not url:
            message = f"The submodule {submodule.name!r} has no url."
            problems.append(Problem(message, submodule.line, 1))
            continue
        branch, _ = submodule.values.get("branch", ("", 0))
        declarations.append(_declaration(path or submodule.name, url, branch, line))
        definitions.append((f"submodule:{path or submodule.name}", url))
    return ManifestFacts(tuple(declarations), (), tuple(problems), definitions=tuple(definitions))


def _submodules(source: str) -> Iterator[_Submodule]:
    current: _Submodule | None = None
    for number, raw in enumerate(source.split("\n"), start=1):
        line = raw.strip()
        section = _SECTION.match(line)
        if section is not None:
            if current is not None:
                yield current
            current = _Submodule(_ESCAPE.sub(r"\1", section[1]), number, {})
            line = section[2]
        elif line.startswith("["):
            if current is not None:
                yield current
            current = None
        found = _VALUE.match(line)
        if found is not None and current is not None:
            current.values[found[1].lower()] = (_unquoted(found[2]), number)
    if current is not None:
        yield current


def _unquoted(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        return _ESCAPE.sub(r"\1", value[1:].partition('"')[0])
    return _COMMENT.sub("", value).strip()


def _declaration(path: str, url: str, branch: str, line: int) -> Declaration:
    name = repository_name(url) or (url if url.startswith(".") else url.lower())
    branch = "" if branch == _OWN_BRANCH else branch
    kind = revision_kind(branch) if branch else ConstraintKind.NONE
    reference = Reference("repository", name)
    scope = scope_of_path(f"{path}/", Scope.RUNTIME)
    return Declaration(DependencyType.GIT, url, reference, branch, kind, scope, 1.0, line)


READER: Final = ManifestReader("git submodules", read_gitmodules, names=frozenset({".gitmodules"}))
