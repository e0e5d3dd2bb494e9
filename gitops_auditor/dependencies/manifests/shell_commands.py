"""Dependencies that shell commands state: packages run or installed, images, clones, downloads.

Read out of scripts, so of lower confidence: a branch of the script may never run.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests import shell_fetches, shell_installs
from gitops_auditor.dependencies.manifests.matched_lines import (
    continued,
    is_comment,
    line_indexes,
    starts_word,
)
from gitops_auditor.dependencies.manifests.shell_words import Word, commands
from gitops_auditor.dependencies.models import Declaration, Scope

_HANDLERS: Final[Mapping[str, Callable[[Sequence[Word]], Iterator[Declaration]]]] = {
    **shell_installs.HANDLERS,
    **shell_fetches.HANDLERS,
}
_PROGRAM_NAME = re.compile(rf"(?:{'|'.join(sorted(_HANDLERS))}|python[\d.]*)[^\S\n]")
_ADDRESS = re.compile(r"github(?:(?:usercontent)?\.(?:com|io)/|(?<=call github),)")


def commands_in_text(text: str, scope: Scope) -> Iterator[Declaration]:
    """Every dependency that the commands of a script state, each command and download once."""
    return commands_in(list(_relevant(text)), scope)


def commands_in(lines: Sequence[tuple[str, int]], scope: Scope) -> Iterator[Declaration]:
    """Every dependency in numbered lines of shell, each command and each download once."""
    for command in commands(lines):
        handler = _HANDLERS.get(_program(command))
        if handler is not None:
            for found in handler(_arguments(command)):
                yield found._replace(scope=scope)
    for line, number in lines:
        for found in shell_fetches.downloads(line, number):
            yield found._replace(scope=scope)


def _relevant(text: str) -> Iterator[tuple[str, int]]:
    """Lines that may say something, with the lines that continue them."""
    positions = _positions(text)
    lines = text.split("\n") if positions else []
    indexes = [index for index in line_indexes(text, positions) if not is_comment(lines[index])]
    return continued(lines, indexes)


def _positions(text: str) -> list[int]:
    """Where the name of a program or an address stands."""
    programs = [found.start() for found in _PROGRAM_NAME.finditer(text)]
    found = [position for position in programs if starts_word(text, position, ".-")]
    return sorted([*found, *(address.start() for address in _ADDRESS.finditer(text))])


def _program(command: Sequence[Word]) -> str:
    name = command[0].text.rpartition("/")[2]
    if name.startswith("python") and [word.text for word in command[1:2]] == ["-m"]:
        return command[2].text if len(command) > 2 else ""
    return name


def _arguments(command: Sequence[Word]) -> Sequence[Word]:
    name = command[0].text.rpartition("/")[2]
    is_module = name.startswith("python") and len(command) > 2
    return command[3:] if is_module else command[1:]
