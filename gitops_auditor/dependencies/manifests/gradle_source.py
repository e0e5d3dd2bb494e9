"""Just enough of Groovy and Kotlin to read build scripts: comments, strings, blocks, constants."""

import re
from bisect import bisect_right
from functools import cached_property
from typing import Final, NamedTuple

_COMMENT_OR_STRING = re.compile(
    r'"""[\s\S]*?"""'
    r"|'''[\s\S]*?'''"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'(?:[^'\\\n]|\\.)*+'"
    r"|//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
)
_BRACE_OR_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+"' r"|'(?:[^'\\\n]|\\.)*+'" r"|[{}]")
_HEADER_MARKS: Final = "\n;{}"
_HEADER_WORD = re.compile(
    r"\b(?:dependencies|imports|constraints|buildscript|pluginManagement|allprojects|subprojects)\b"
    r"|Test|\btest(?=[A-Z]|\b)|(?<=[a-z])test\b"
)
_CONSTANT = re.compile(
    r"""(?:\b(?:val|def|var|String)\s+|\bext\.|\b(?:ext|extra)\[["']|\bset\(["']"""
    r"""|(?:^|[{;])[ \t]*)"""
    r"""(?P<name>\w+)(?:["']\])?(?:\s*=\s*|["'],\s*)(?P<quote>["'])(?P<value>[^"'$\n]{1,200})"""
    r"(?P=quote)",
    re.MULTILINE,
)
_VARIABLE = re.compile(r"\$\{([\w.]+)\}|\$(\w+)")
_MAX_DEPTH: Final = 100
_LONGEST_HEADER: Final = 200


class Block(NamedTuple):
    """The blocks around a place in a script, as facts about them."""

    is_dependencies: bool = False
    is_constraints: bool = False
    is_buildscript: bool = False
    is_test: bool = False
    is_shared: bool = False
    """Inside `allprojects` or `subprojects`."""
    depth: int = 0


class Script:
    """A build script: text without comments (offsets and lines kept), blocks and constants."""

    def __init__(self, text: str) -> None:
        self.text = _COMMENT_OR_STRING.sub(_blank, text)
        self._newlines = [found.start() for found in re.finditer("\n", self.text)]
        self._offsets, self._blocks = _blocks(self.text)

    @cached_property
    def _constants(self) -> dict[str, str]:
        return _constants(self.text)

    def line(self, offset: int) -> int:
        """The 1-based line of a place."""
        return bisect_right(self._newlines, offset - 1) + 1

    def block(self, offset: int) -> Block:
        """The blocks around a place."""
        return self._blocks[bisect_right(self._offsets, offset) - 1]

    def expanded(self, value: str) -> str:
        """`value` with the constants of this script; what is not known stays as written."""
        return _VARIABLE.sub(self._constant, value) if "$" in value else value

    def constant(self, expression: str) -> str:
        """The value of `name` or `some.name` when the script assigns it once, else empty."""
        return self._constants.get(expression.rpartition(".")[2], "")

    def _constant(self, found: re.Match[str]) -> str:
        return self.constant(found[1] or found[2]) or found[0]


def _blank(found: re.Match[str]) -> str:
    matched = found[0]
    if matched[0] != "/":
        return matched
    return re.sub(r"[^\n]", " ", matched)


def _blocks(text: str) -> tuple[list[int], list[Block]]:
    offsets, blocks, stack = [0], [Block()], [Block()]
    for found in _BRACE_OR_STRING.finditer(text):
        if found[0] == "{":
            inner = _inner(stack[-1], _header(text, found.start()))
            stack.append(inner if len(stack) < _MAX_DEPTH else stack[-1])
        elif found[0] == "}" and len(stack) > 1:
            stack.pop()
        else:
            continue
        offsets.append(found.start())
        blocks.append(stack[-1])
    return offsets, blocks


def _header(text: str, brace: int) -> str:
    """What stands before a brace on its line, or on the one before when the brace stands alone."""
    window = text[max(0, brace - _LONGEST_HEADER) : brace].rstrip()
    start = max(window.rfind(mark) for mark in _HEADER_MARKS)
    return window[start + 1 :]


def _inner(outer: Block, header: str) -> Block:
    words = set(_HEADER_WORD.findall(header))
    return Block(
        outer.is_dependencies or not words.isdisjoint({"dependencies", "imports"}),
        outer.is_constraints or "constraints" in words,
        outer.is_buildscript or not words.isdisjoint({"buildscript", "pluginManagement"}),
        outer.is_test or not words.isdisjoint({"test", "Test"}),
        outer.is_shared or not words.isdisjoint({"allprojects", "subprojects"}),
        outer.depth + 1,
    )


def _constants(text: str) -> dict[str, str]:
    """Names that are given exactly one literal value."""
    values: dict[str, set[str]] = {}
    for found in _CONSTANT.finditer(text):
        values.setdefault(found["name"], set()).add(found["value"])
    return {name: next(iter(given)) for name, given in values.items() if len(given) == 1}
