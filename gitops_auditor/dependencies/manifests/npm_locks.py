"""The versions that lock files resolved for what the packages of a repository ask for themselves.

They become definitions `locked:<folder of the package>#<name>`, the folder relative to the lock
file, `.` for its own. Only the importers are read: a lock file is mostly about packages that no one
here names. npm documentation "package-lock.json" (versions 2 and 3), pnpm lock files 5 to 9.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import ManifestFacts, Problem
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, text
from gitops_auditor.formats.yaml_positions import parse_yaml

_LIMIT: Final = 8 * 1024 * 1024
_SECTIONS: Final = ("dependencies", "optionalDependencies", "devDependencies")


def locked_key(folder: str, name: str) -> str:
    """The key under which the resolved version of `name` in the package at `folder` is defined."""
    return f"locked:{folder}#{name}"


def read_pnpm_lock(file: ManifestFile) -> ManifestFacts:
    """Resolved versions by importer. Everything from `packages:` on is cut off before parsing."""
    problems: list[Problem] = []
    definitions: list[tuple[str, str]] = []
    for part in _head_of_each_document(file.content):
        try:
            roots = [document.root for document in parse_yaml(part)]
        except MalformedDocument as error:
            problems.append(Problem(error.message, error.line, error.column))
        else:
            definitions += [item for root in roots for item in _pnpm_versions(root)]
    return ManifestFacts(problems=tuple(problems), definitions=tuple(definitions))


def read_package_lock(file: ManifestFile) -> ManifestFacts:
    """Resolved versions of the root package and its workspaces."""
    if len(file.content) > _LIMIT:
        message = f"The lock file has {len(file.content)} bytes; the limit is {_LIMIT}."
        return ManifestFacts(problems=(Problem(message, 0, 0),))
    try:
        packages = json.loads(file.text)["packages"]
    except json.JSONDecodeError as error:
        return ManifestFacts(problems=(Problem(error.msg, error.lineno, error.colno),))
    except (ValueError, RecursionError) as error:
        return ManifestFacts(problems=(Problem(f"The file is not usable JSON: {error}.", 0, 0),))
    except (KeyError, TypeError, IndexError):
        return ManifestFacts()  # version 1 has no such table
    return ManifestFacts(definitions=tuple(_npm_versions(packages)))


def _head_of_each_document(content: bytes) -> Iterator[str]:
    for part in content.split(b"\n---\n"):
        head = part.partition(b"\npackages:")[0].partition(b"\nsnapshots:")[0]
        yield head[:_LIMIT].decode("utf-8-sig", errors="replace")


def _pnpm_versions(root: Node) -> Iterator[tuple[str, str]]:
    importers = mapping(child(root, "importers")) or {".": root}
    for folder, importer in importers.items():
        for section in _SECTIONS:
            for name, node in mapping(child(importer, section)).items():
                version = _without_peers(text(node) or text(child(node, "version")))
                if version and not version.startswith(("link:", "file:")):
                    yield locked_key(folder, name), version


def _without_peers(version: str) -> str:
    return version.partition("(")[0].partition("_")[0]


def _npm_versions(packages: object) -> Iterator[tuple[str, str]]:
    table = packages if isinstance(packages, dict) else {}
    for folder, package in table.items():
        if "node_modules/" in folder or not isinstance(package, dict):
            continue
        for section in _SECTIONS:
            names = package.get(section)
            for name in names if isinstance(names, dict) else ():
                version = _installed(table, folder, name)
                if version:
                    yield locked_key(folder or ".", name), version


def _installed(table: Mapping[str, object], folder: str, name: str) -> str:
    for place in (f"{folder}/node_modules/{name}", f"node_modules/{name}"):
        found = table.get(place)
        version = found.get("version") if isinstance(found, dict) else None
        if isinstance(version, str):
            return version
    return ""


READERS: Final = (
    ManifestReader("pnpm lock", read_pnpm_lock, names=frozenset({"pnpm-lock.yaml"})),
    ManifestReader(
        "npm lock",
        read_package_lock,
        names=frozenset({"package-lock.json", "npm-shrinkwrap.json"}),
    ),
)
