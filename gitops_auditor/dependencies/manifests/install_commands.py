"""Packages that shell commands install: pip, uv, conda and its kin, npm and its kin.

What a script installs is an edge of lower confidence, since nothing says that the line is reached.
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.conda import conda_package
from gitops_auditor.dependencies.manifests.python_names import python_requirement
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

SCRIPTED = 0.6

_COMMAND = re.compile(
    r"(?<![\w./-])(?P<tool>pip[\d.]*|uv|pipx|conda|mamba|micromamba|npm|yarn|pnpm)\s+"
    r"(?:-\S+\s+)*(?:pip\s+|tool\s+|global\s+)?(?:install|add|i)\s(?P<rest>[^;&|\n]*)"
)
_COMMENT = re.compile(r"^[ \t]*#[^\n]*\n", re.MULTILINE)
_WORD = re.compile(r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"']+)")
_NPM = re.compile(r"(?P<name>(?:@[\w.-]+/)?[a-z0-9][\w.-]*)(?:@(?P<version>[\w.^~*<>=-]+))?\Z")
_NOT_PACKAGES = re.compile(r"[./~]|.*[$*{}\\`()]|.*\.(?:whl|txt|tgz|tar\.gz)$")
_TAKES_VALUE = frozenset(
    {
        "-r", "-c", "-i", "-f", "-t", "-n", "-p", "--requirement", "--constraint", "--index-url",
        "--extra-index-url", "--find-links", "--target", "--name", "--prefix", "--channel",
        "--file", "--python", "--root", "--cache-dir", "--registry", "--group", "--timeout",
    }
)  # fmt: skip


def installed_packages(script: str, *, line: int, scope: Scope) -> Iterator[Declaration]:
    """The packages that `script` installs by name; `line` is that of its first line."""
    joined = _COMMENT.sub(lambda found: " " * len(found.group()[:-1]) + "\v", script)
    joined = joined.replace("\\\n", " \v").replace("\v", " ")
    for command in _COMMAND.finditer(joined):
        for word, position in _words(command):
            number = line + script.count("\n", 0, position)
            yield from _package(command["tool"], word, number, scope)


def _words(command: re.Match[str]) -> Iterator[tuple[str, int]]:
    """The arguments of an install command that can be package names, with their positions."""
    start = command.start("rest")
    skip = False
    for found in _WORD.finditer(command["rest"]):
        word = found["double"] or found["single"] or found["bare"] or ""
        if skip or word.startswith("-"):
            skip = not skip and word in _TAKES_VALUE
        elif word and not _NOT_PACKAGES.match(word):
            yield word, start + found.start()


def _package(tool: str, word: str, line: int, scope: Scope) -> Iterator[Declaration]:
    if tool.startswith(("pip", "uv")):
        found = python_requirement(word, line=line, scope=scope, confidence=SCRIPTED)
        if found is not None:
            yield found._replace(confidence=SCRIPTED)
    elif tool in {"npm", "yarn", "pnpm"}:
        yield from _npm_package(word, line, scope)
    else:
        for found in conda_package(word, line=line, scope=scope):
            yield found._replace(confidence=SCRIPTED)


def _npm_package(word: str, line: int, scope: Scope) -> Iterator[Declaration]:
    found = _NPM.match(word)
    if found is None:
        return
    version = found["version"] or ""
    kind = ConstraintKind.NONE if not version else ConstraintKind.RANGE
    if version and not version[0].isdigit() and version[0] not in "^~<>=*":
        kind = ConstraintKind.TAG
    elif re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", version):
        kind = ConstraintKind.EXACT
    reference = Reference("npm", found["name"])
    yield Declaration(
        DependencyType.NPM, found["name"], reference, version, kind, scope, SCRIPTED, line
    )
