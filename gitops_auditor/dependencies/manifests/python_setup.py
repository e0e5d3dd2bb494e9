"""setup.py of setuptools. It is never run: only its literals are read."""

import ast
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
from gitops_auditor.dependencies.models import (
    Declaration,
    ManifestFacts,
    Problem,
    Provision,
    Scope,
)

_SCOPES = {
    "install_requires": Scope.RUNTIME,
    "install_require": Scope.RUNTIME,  # misspelt, and ignored by setuptools, but meant all the same
    "requires": Scope.RUNTIME,
    "setup_requires": Scope.BUILD,
    "tests_require": Scope.TEST,
}
_KEYWORDS = {*_SCOPES, "extras_require", "name", "version", "url", "project_urls"}
_MARKS_OF_SETUP = {"install_requires", "packages", "py_modules", "version"}
_MAX_DEPTH = 20


class _Literal(NamedTuple):
    text: str
    line: int


class _Names:
    """The module's top-level values, so that `install_requires=requirements` can be followed."""

    def __init__(self, module: ast.Module) -> None:
        self.values: dict[str, list[ast.expr]] = {}
        self.keywords: dict[str, list[ast.expr]] = {}
        self._items: dict[str, list[tuple[str, ast.expr]]] = {}
        for node in ast.walk(module):
            self._collect(node)

    def _collect(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value is not None:
            self._assign(node.target, node.value)
        elif isinstance(node, ast.Call) and _called(node) in {"setup", "dict"}:
            for keyword in node.keywords:
                self._keyword(keyword.arg, keyword.value)
        elif isinstance(node, ast.Dict):
            self._arguments(node)

    def _arguments(self, node: ast.Dict) -> None:
        """The entries of a dictionary that looks like the arguments of `setup`."""
        keys = dict(_entries(node))
        if _MARKS_OF_SETUP & keys.keys():
            for key, value in keys.items():
                self._keyword(key, value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.values.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            key = target.slice.value
            self._keyword(key, value)
            if isinstance(target.value, ast.Name) and isinstance(key, str):
                self._items.setdefault(target.value.id, []).append((key, value))

    def _keyword(self, name: object, value: ast.expr) -> None:
        if isinstance(name, str) and name in _KEYWORDS:
            self.keywords.setdefault(name, []).append(value)

    def strings(self, expression: ast.expr, depth: int = 0) -> Iterator[_Literal]:
        """The string literals that an expression is made of, with the line of each."""
        if depth > _MAX_DEPTH:
            return
        if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
            yield _Literal(expression.value, expression.lineno)
        elif isinstance(expression, ast.List | ast.Tuple | ast.Set):
            for element in expression.elts:
                yield from self.strings(element, depth + 1)
        elif isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
            yield from self.strings(expression.left, depth + 1)
            yield from self.strings(expression.right, depth + 1)
        elif isinstance(expression, ast.Starred):
            yield from self.strings(expression.value, depth + 1)
        elif isinstance(expression, ast.Name):
            for value in self.values.get(expression.id, []):
                yield from self.strings(value, depth + 1)

    def groups(self, expression: ast.expr, depth: int = 0) -> Iterator[tuple[str, ast.expr]]:
        """The entries of a mapping of extras."""
        if isinstance(expression, ast.Dict):
            yield from _entries(expression)
        elif isinstance(expression, ast.Name) and depth < _MAX_DEPTH:
            for value in self.values.get(expression.id, []):
                yield from self.groups(value, depth + 1)
            yield from self._items.get(expression.id, [])


def read_setup_py(file: ManifestFile) -> ManifestFacts:
    """What the literals of a setup.py say; lists that are computed at run time are left out."""
    if b"setup" not in file.content:
        return ManifestFacts()
    try:
        module = ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        return ManifestFacts(problems=(Problem(f"Not Python: {error}", line, 0),))
    names = _Names(module)
    package = _first(names, "name")
    declarations = tuple(_setup_declarations(names, scope_of_path(file.path)))
    provisions = tuple(_setup_provisions(names, package))
    return ManifestFacts(declarations, provisions, package=package.text if package else "")


def _entries(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    return (
        (key.value, value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _setup_declarations(names: _Names, place: Scope) -> Iterator[Declaration]:
    for keyword, scope in _SCOPES.items():
        for expression in names.keywords.get(keyword, []):
            yield from _requirements(names.strings(expression), weaker(scope, place))
    for expression in names.keywords.get("extras_require", []):
        for group, value in names.groups(expression):
            yield from _requirements(names.strings(value), weaker(group_scope(group), place))


def _requirements(literals: Iterator[_Literal], scope: Scope) -> Iterator[Declaration]:
    for literal in literals:
        for offset, text in enumerate(literal.text.splitlines()):
            found = python_requirement(text.strip(), line=literal.line + offset, scope=scope)
            if found is not None:
                yield found


def _setup_provisions(names: _Names, package: _Literal | None) -> Iterator[Provision]:
    if package is not None:
        version = _first(names, "version")
        yield package_provision(package.text, version.text if version else "", package.line)
    urls = [("homepage", literal) for literal in _literals(names, "url")]
    for expression in names.keywords.get("project_urls", []):
        urls.extend(
            (key, found)
            for key, value in names.groups(expression)
            for found in names.strings(value)
        )
    yield from repository_provisions((label, found.text, found.line) for label, found in urls)


def _literals(names: _Names, keyword: str) -> Iterator[_Literal]:
    for expression in names.keywords.get(keyword, []):
        yield from names.strings(expression)


def _first(names: _Names, keyword: str) -> _Literal | None:
    return next(_literals(names, keyword), None)


READER = ManifestReader(name="python-setup", read=read_setup_py, names=frozenset({"setup.py"}))
