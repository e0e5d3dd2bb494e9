"""Dependencies that shell commands state: packages run or installed, images, clones, downloads.

Read out of scripts, so of lower confidence: a branch of the script may never run.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests import shell_fetches, shell_installs
from gitops_auditor.dependencies.manifests.shell_words import Word, commands
from gitops_auditor.dependencies.models import Declaration, Scope

_HANDLERS: Final[Mapping[str, Callable[[Sequence[Word]], Iterator[Declaration]]]] = {
    **shell_installs.HANDLERS,
    **shell_fetches.HANDLERS,
}
_INTERESTING = re.compile(
    rf"(?<![\w.-])(?:{'|'.join(sorted(_HANDLERS))}|python[\d.]*)\s|"
    r"github(?:usercontent)?\.(?:com|io)/|call github,"
)


def commands_in(lines: Iterable[tuple[str, int]], scope: Scope) -> Iterator[Declaration]:
    """Every dependency in numbered lines of shell, each command and each download once."""
    chosen = [(line, number) for line, number in _relevant(lines)]
    for command in commands(chosen):
        handler = _HANDLERS.get(_program(command))
        if handler is not None:
            for found in handler(_arguments(command)):
                yield found._replace(scope=scope)
    for line, number in chosen:
        for found in shell_fetches.downloads(line, number):
            yield found._replace(scope=scope)


def _relevant(lines: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Lines that may say something, with the lines that continue them."""
    continuing = False
    for line, number in lines:
        if line.lstrip().startswith(("#", "//")):
            continue  # in a Dockerfile such a line does not end the command around it
        wanted = continuing or _INTERESTING.search(line) is not None
        if wanted:
            yield line, number
        continuing = wanted and line.rstrip().endswith("\\")


def _program(command: Sequence[Word]) -> str:
    name = command[0].text.rpartition("/")[2]
    if name.startswith("python") and [word.text for word in command[1:2]] == ["-m"]:
        return command[2].text if len(command) > 2 else ""
    return name


def _arguments(command: Sequence[Word]) -> Sequence[Word]:
    name = command[0].text.rpartition("/")[2]
    is_module = name.startswith("python") and len(command) > 2
    return command[3:] if is_module else command[1:]
