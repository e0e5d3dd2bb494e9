"""The packages and versions that lock files and requirements files settle."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, sequence, text
from gitops_auditor.formats.toml_positions import parse_toml
from gitops_auditor.linters.tools.pinned_requirements import requirements_in
from gitops_auditor.linters.tools.pip_audit import is_requirements_file

_PYLOCK: Final = re.compile(r"pylock(\.[^.]+)?\.toml")
_MODULES: Final = "node_modules/"
_LOCAL: Final = ("editable", "virtual", "directory", "path", "workspace")


@dataclass(frozen=True, slots=True)
class Locked:
    """A package of an ecosystem as OSV calls them. An empty version means that none is settled."""

    ecosystem: str
    name: str
    version: str
    line: int


Reader = Callable[[str], Iterator[Locked]]


def reader_for(file: str) -> Reader | None:
    """What reads files of that name; None when nothing does.

    Readers raise MalformedDocument. Packages of the repository itself are left out.
    """
    name = PurePosixPath(file).name
    if name in _READERS:
        return _READERS[name]
    if _PYLOCK.fullmatch(name):
        return _pylock
    return _requirements if is_requirements_file(file) else None


def _requirements(content: str) -> Iterator[Locked]:
    for one in requirements_in(content):
        yield Locked("PyPI", one.name, one.version, one.line)


def _pylock(content: str) -> Iterator[Locked]:
    yield from _tables(content, "packages")


def _python_lock(content: str) -> Iterator[Locked]:
    yield from _tables(content, "package")


def _tables(content: str, key: str) -> Iterator[Locked]:
    for package in sequence(child(parse_toml(content).root, key)):
        if _is_local(package):
            continue
        name = canonicalize_name(text(child(package, "name")))
        yield Locked("PyPI", name, text(child(package, "version")), package.line)


def _is_local(package: Node) -> bool:
    source = mapping(child(package, "source"))
    kinds = {*mapping(package), *source, text(source.get("type"))}
    return bool(kinds & set(_LOCAL))


def _pipfile_lock(content: str) -> Iterator[Locked]:
    root = parse_json(content).root
    for group in ("default", "develop"):
        for name, package in mapping(child(root, group)).items():
            if not _is_local(package):
                pinned = text(child(package, "version")).removeprefix("==")
                yield Locked("PyPI", canonicalize_name(name), pinned, package.line)


def _npm_lock(content: str) -> Iterator[Locked]:
    root = parse_json(content).root
    packages, dependencies = child(root, "packages"), child(root, "dependencies")
    if packages is not None and isinstance(packages.value, dict):
        yield from _npm_packages(mapping(packages))
    elif dependencies is not None and isinstance(dependencies.value, dict):
        yield from _npm_dependencies(mapping(dependencies))
    else:
        raise MalformedDocument("A lock file of npm has `packages` or `dependencies`.")


def _npm_packages(packages: Mapping[str, Node]) -> Iterator[Locked]:
    """By folder (lockfileVersion 2 and 3); folders outside of node_modules are the repository's."""
    for folder, package in packages.items():
        linked = child(package, "link")
        if _MODULES not in folder or (linked is not None and linked.value is True):
            continue
        name = text(child(package, "name")) or folder.rpartition(_MODULES)[2]
        yield Locked("npm", name, text(child(package, "version")), package.line)


def _npm_dependencies(dependencies: Mapping[str, Node]) -> Iterator[Locked]:
    """By name, nested (lockfileVersion 1)."""
    pending = list(dependencies.items())
    while pending:
        name, package = pending.pop(0)
        version = text(child(package, "version"))
        if not version.startswith("file:"):
            yield Locked("npm", name, version, package.line)
        pending += mapping(child(package, "dependencies")).items()


_READERS: Final[Mapping[str, Reader]] = {
    "poetry.lock": _python_lock,
    "uv.lock": _python_lock,
    "pdm.lock": _python_lock,
    "Pipfile.lock": _pipfile_lock,
    "package-lock.json": _npm_lock,
    "npm-shrinkwrap.json": _npm_lock,
}
