"""What a command line calls, as far as that shows without running it."""

import re
import shlex
from typing import Final, NamedTuple

_OPERATORS: Final = frozenset("();<>|&")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_OPAQUE: Final = re.compile(r"[`#\n\r]|<<|\$\(|\\\s*$")
"""What may hide more commands, or keep a parameter from being one."""
_PYTHON: Final = re.compile(r"python(?:[0-9.]*)")
_RUNNERS: Final = (
    ("npx",),
    ("bunx",),
    ("uvx",),
    ("pnpm", "exec"),
    ("npm", "exec"),
    ("yarn", "run"),
    ("yarn",),
    ("uv", "run"),
    ("poetry", "run"),
    ("pipenv", "run"),
    ("pdm", "run"),
    ("hatch", "run"),
    ("bundle", "exec"),
    ("time",),
    ("env",),
    ("exec",),
)


class Call(NamedTuple):
    """A program's name without its folder, and its arguments."""

    program: str
    arguments: tuple[str, ...]


class CommandLine(NamedTuple):
    """`calls` are those that show, in their order; `is_single` says that there is but one.

    `places_files` is so when the line itself says where its parameters go.
    """

    calls: tuple[Call, ...]
    is_single: bool
    places_files: bool


def read_command_line(command: str) -> CommandLine:
    """What the command line calls; nothing for one that cannot be read."""
    places = re.search(r"\$\{?[@*]", command) is not None
    groups = [_groups(line) for line in command.splitlines() if line.strip()]
    calls = tuple(_call(words) for line in groups for words in line if words)
    is_single = len(calls) == 1 and not _OPAQUE.search(command.strip("\n"))
    return CommandLine(calls, is_single and sum(map(len, groups)) == 1, places)


def _groups(line: str) -> list[list[str]]:
    """The words between operators; redirections are left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        return []
    groups: list[list[str]] = [[]]
    redirects = False
    for token in tokens:
        if set(token) <= _OPERATORS and token:
            redirects = token[0] in "<>"
            if redirects and groups[-1] and groups[-1][-1].isdigit():
                groups[-1].pop()
            elif not redirects:
                groups.append([])
        elif not redirects:
            groups[-1].append(token)
        else:
            redirects = False
    return groups


def _call(words: list[str]) -> Call:
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    while (rest := _without_runner(words)) is not None:
        words = rest
    if not words:
        return Call("", ())
    return Call(words[0].rpartition("/")[2], tuple(words[1:]))


def _without_runner(words: list[str]) -> list[str] | None:
    """The words that a runner such as npx runs; None for a program of its own."""
    name = words[0].rpartition("/")[2] if words else ""
    if _PYTHON.fullmatch(name):
        return words[2:] if words[1:2] == ["-m"] and words[2:] else None
    for runner in _RUNNERS:
        if (name, *words[1 : len(runner)]) == runner:
            rest = words[len(runner) :]
            while rest and (rest[0].startswith("-") or _ASSIGNMENT.fullmatch(rest[0])):
                rest = rest[1:]
            return rest or None
    return None
