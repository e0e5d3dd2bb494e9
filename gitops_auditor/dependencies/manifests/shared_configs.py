"""Configurations of JavaScript tools that extend a package.

ESLint, TypeScript, Prettier, Stylelint, commitlint, Biome. A relative path or a name that the tool
itself brings is no dependency.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.json_documents import JsonDocument, json_document
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.shared_config_names import (
    NameRule,
    commitlint_package,
    config_declaration,
    eslint_package,
    imported_package,
)
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text

_SCRIPT_SUFFIXES: Final = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")
_MAX_SCRIPT_BYTES: Final = 256 * 1024  # a larger one is generated


class _Tool(NamedTuple):
    """How one tool names the packages it takes its configuration from."""

    rule: NameRule
    ignored: frozenset[str] = frozenset()


_ESLINT: Final = _Tool(
    eslint_package,
    frozenset({"eslint", "globals", "@eslint/js", "@eslint/eslintrc", "@eslint/compat"}),
)
_COMMITLINT: Final = _Tool(commitlint_package, frozenset({"@commitlint/types"}))
_PLAIN: Final = _Tool(
    imported_package, frozenset({"prettier", "stylelint", "typescript", "@biomejs/biome"})
)

_DATA_FILES: Final[dict[str, _Tool]] = {
    **dict.fromkeys((".eslintrc", ".eslintrc.json", ".eslintrc.yml", ".eslintrc.yaml"), _ESLINT),
    **dict.fromkeys(
        (".commitlintrc", ".commitlintrc.json", ".commitlintrc.yml", ".commitlintrc.yaml"),
        _COMMITLINT,
    ),
    **dict.fromkeys(
        (
            *(".prettierrc", ".prettierrc.json", ".prettierrc.yml", ".prettierrc.yaml"),
            *(".stylelintrc", ".stylelintrc.json", ".stylelintrc.yml", ".stylelintrc.yaml"),
            *("biome.json", "biome.jsonc", ".releaserc", ".releaserc.json", ".releaserc.yml"),
        ),
        _PLAIN,
    ),
}
_SCRIPT_TOOLS: Final = {
    "eslint.config": _ESLINT,
    ".eslintrc": _ESLINT,
    "prettier.config": _PLAIN,
    ".prettierrc": _PLAIN,
    "stylelint.config": _PLAIN,
    ".stylelintrc": _PLAIN,
    "commitlint.config": _COMMITLINT,
    ".commitlintrc": _COMMITLINT,
}
_SCRIPTS: Final = {
    f"{stem}{suffix}": tool for stem, tool in _SCRIPT_TOOLS.items() for suffix in _SCRIPT_SUFFIXES
}

_IMPORT = re.compile(
    r"""^[ \t]*(?!//|\*)(?:.*?\b(?:from|require\(|import\(?)\s*)["']([^"'\n]{1,200})["']""",
    re.MULTILINE,
)
_EXTENDS = re.compile(
    r"""\bextends(?:["']?\s*:\s*|\()(\[[^\]]{0,4000}\]|["'][^"'\n]*["'](?:\s*,\s*["'][^"'\n]*["'])*)"""
)
_QUOTED = re.compile(r"""["']([^"'\n]{1,200})["']""")
_COMMENT = re.compile(r"(?<![:\w])//[^\n]*|/\*(?:[\s\S]*?\*/|[\s\S]*)")


def read_data(file: ManifestFile) -> ManifestFacts:
    """A configuration in JSON or YAML: its `extends`, or the package that the whole file names."""
    tool = _DATA_FILES[file.name]
    document = _document(file)
    root = document.root
    scope = scope_of_path(file.path, Scope.DEV)
    nodes = [root] if root is not None and text(root) else _extends(root)
    return ManifestFacts(tuple(_declarations(nodes, tool, scope)), problems=document.problems)


def read_tsconfig(file: ManifestFile) -> ManifestFacts:
    """The packages that a TypeScript configuration extends."""
    if b'"extends"' not in file.content:
        return ManifestFacts()
    document = json_document(file, comments=True)
    scope = scope_of_path(file.path, Scope.DEV)
    nodes = _items(child(document.root, "extends"))
    return ManifestFacts(tuple(_declarations(nodes, _PLAIN, scope)), problems=document.problems)


def read_script(file: ManifestFile) -> ManifestFacts:
    """A configuration written as a program: the packages it imports and extends by name."""
    if len(file.content) > _MAX_SCRIPT_BYTES:
        return ManifestFacts()
    tool = _SCRIPTS[file.name]
    source = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), file.text)
    scope = scope_of_path(file.path, Scope.DEV)
    found: dict[tuple[str, int], Declaration] = {}
    for written, rule, offset in _mentions(source, tool):
        line = source.count("\n", 0, offset) + 1
        item = config_declaration(written, rule, scope, line)
        if item is not None and item.reference.name not in tool.ignored:
            found.setdefault((item.reference.name, line), item)
    return ManifestFacts(tuple(found.values()))


def package_configs(root: Node, scope: Scope) -> Iterator[Declaration]:
    """The shared configurations that a `package.json` names under a tool's own key."""
    yield from _declarations(_extends(child(root, "eslintConfig")), _ESLINT, scope)
    yield from _declarations(_extends(child(root, "stylelint")), _PLAIN, scope)
    yield from _declarations(_extends(child(root, "commitlint")), _COMMITLINT, scope)
    yield from _declarations(_items(child(root, "prettier")), _PLAIN, scope)


def _document(file: ManifestFile) -> JsonDocument:
    """A file without a telling suffix may be either; its first character decides."""
    start = file.content.lstrip()[:1]
    if not file.name.endswith((".yml", ".yaml")) and start in {b"{", b'"', b"/"}:
        return json_document(file, comments=True)
    documents = yaml_documents(file)
    return JsonDocument(documents.roots[0] if documents.roots else None, documents.problems)


def _extends(node: Node | None) -> list[Node]:
    nodes = _items(child(node, "extends"))
    for override in sequence(child(node, "overrides")):
        nodes += _items(child(override, "extends"))
    return nodes


def _items(node: Node | None) -> list[Node]:
    if node is None or mapping(node):
        return []
    return node.value if isinstance(node.value, list) else [node]


def _declarations(nodes: list[Node], tool: _Tool, scope: Scope) -> Iterator[Declaration]:
    for node in nodes:
        item = config_declaration(text(node), tool.rule, scope, node.line)
        if item is not None:
            yield item


def _mentions(source: str, tool: _Tool) -> Iterator[tuple[str, NameRule, int]]:
    for found in _IMPORT.finditer(source):
        yield imported_package(found[1]), imported_package, found.start(1)
    for found in _EXTENDS.finditer(source):
        for quoted in _QUOTED.finditer(found[1]):
            yield quoted[1], tool.rule, found.start(1) + quoted.start(1)


def _is_tsconfig(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(("tsconfig", "jsconfig"))


READERS: Final = (
    ManifestReader("shared configuration", read_data, names=frozenset(_DATA_FILES)),
    ManifestReader("configuration script", read_script, names=frozenset(_SCRIPTS)),
    ManifestReader("tsconfig", read_tsconfig, claim_suffixes=(".json",), claims=_is_tsconfig),
)
