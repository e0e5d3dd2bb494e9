"""Go modules: `go.mod` and `go.work`, as The Go Modules Reference describes them.

A direct requirement is RUNTIME. One marked `// indirect` is BUILD: it pins the version that the
build selects, and no package of this module imports it; when a `tool` directive names a package of
it, it is DEV. A requirement is a lower bound (minimal version selection), so its kind is RANGE; a
pseudo-version names a COMMIT. `exclude` and `retract` are no dependencies.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
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

_LIMIT: Final = 4 * 1024 * 1024  # the largest go.mod files in public use are below 200 KiB
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s()]+|[()]')
_PSEUDO_VERSION = re.compile(r"v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[0-9a-f]{12}\b")
_DIRECTIVES = frozenset(
    {"module", "go", "toolchain", "godebug", "require", "replace", "exclude", "retract", "tool"}
    | {"use", "ignore"}
)


class _Statement(NamedTuple):
    directive: str
    words: tuple[str, ...]
    comment: str
    line: int


class _Replacement(NamedTuple):
    version: str
    """Of the module that is replaced; empty for all versions."""
    target: str
    target_version: str
    line: int


def read_go_mod(file: ManifestFile) -> ManifestFacts:
    """The module that a `go.mod` provides and the modules it requires, replacements applied."""
    if len(file.content) > _LIMIT:
        return _refused(file)
    statements, problems = _parse(file.text)
    module = _first(statements, "module")
    name = module.words[0] if module else ""
    provisions = (Provision(Reference("go", name), "", module.line),) if module else ()
    return ManifestFacts(
        tuple(_requirements(file.path, statements)), provisions, problems, package=name
    )


def read_go_work(file: ManifestFile) -> ManifestFacts:
    """The folders of the modules that a `go.work` groups."""
    if len(file.content) > _LIMIT:
        return _refused(file)
    statements, problems = _parse(file.text)
    uses = [item.words[0] for item in statements if item.directive == "use"]
    members = [use.removeprefix("./").rstrip("/") or "." for use in uses]
    return ManifestFacts(problems=problems, members=tuple(members))


def _refused(file: ManifestFile) -> ManifestFacts:
    size = len(file.content)
    return ManifestFacts(problems=(Problem(f"{size} bytes is too large for {file.name}", 0, 0),))


def _parse(text: str) -> tuple[list[_Statement], tuple[Problem, ...]]:
    statements: list[_Statement] = []
    problems: list[Problem] = []
    block = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        words, comment = _words(raw)
        if block and words[:1] == [")"]:
            block = ""
        elif len(words) == 2 and words[1] == "(" and not block:
            block = words[0]
        elif words and (block or (len(words) > 1 and words[0] in _DIRECTIVES)):
            directive, rest = (block, words) if block else (words[0], words[1:])
            statements.append(_Statement(directive, tuple(rest), comment, number))
        elif words:
            problems.append(Problem(f"unknown directive {words[0][:80]!r}", number, 1))
    return statements, tuple(problems)


def _words(raw: str) -> tuple[list[str], str]:
    code, _, comment = raw.partition("//")
    if '"' not in code and "`" not in code and "(" not in code:
        return code.split(), comment.strip()
    tokens = _TOKEN.findall(code)
    return [token.strip('"`') if token[0] in '"`' else token for token in tokens], comment.strip()


def _first(statements: Sequence[_Statement], directive: str) -> _Statement | None:
    return next((item for item in statements if item.directive == directive), None)


def _requirements(path: str, statements: Sequence[_Statement]) -> Iterator[Declaration]:
    replacements = _replacements(statements)
    tools = [item.words[0] for item in statements if item.directive == "tool"]
    for item in statements:
        if item.directive == "require" and len(item.words) >= 2:
            scope = scope_of_path(path, _scope(item, tools))
            yield _requirement(item, scope, replacements.get(item.words[0]))


def _scope(item: _Statement, tools: Sequence[str]) -> Scope:
    if not item.comment.startswith("indirect"):
        return Scope.RUNTIME
    module = item.words[0]
    is_tool = any(tool == module or tool.startswith(f"{module}/") for tool in tools)
    return Scope.DEV if is_tool else Scope.BUILD


def _replacements(statements: Sequence[_Statement]) -> Mapping[str, _Replacement]:
    found: dict[str, _Replacement] = {}
    for item in statements:
        if item.directive != "replace" or "=>" not in item.words:
            continue
        arrow = item.words.index("=>")
        left, right = item.words[:arrow], item.words[arrow + 1 :]
        if left and right:
            found[left[0]] = _Replacement(
                left[1] if len(left) > 1 else "",
                right[0],
                right[1] if len(right) > 1 else "",
                item.line,
            )
    return found


def _requirement(item: _Statement, scope: Scope, by: _Replacement | None) -> Declaration:
    name, version = item.words[0], item.words[1]
    if by is None or by.version not in {"", version}:
        return _declaration(name, version, _kind(version), scope, item.line)
    if by.target.startswith((".", "/")):
        return _declaration(name, by.target, ConstraintKind.PATH, scope, item.line)
    return _declaration(by.target, by.target_version, _kind(by.target_version), scope, by.line)


def _kind(version: str) -> ConstraintKind:
    return ConstraintKind.COMMIT if _PSEUDO_VERSION.match(version) else ConstraintKind.RANGE


def _declaration(
    name: str, constraint: str, kind: ConstraintKind, scope: Scope, line: int
) -> Declaration:
    reference = Reference("go", name)
    return Declaration(DependencyType.GO, name, reference, constraint, kind, scope, 1.0, line)


READERS: tuple[ManifestReader, ...] = (
    ManifestReader("go.mod", read_go_mod, names=frozenset({"go.mod"})),
    ManifestReader("go.work", read_go_work, names=frozenset({"go.work"})),
)
