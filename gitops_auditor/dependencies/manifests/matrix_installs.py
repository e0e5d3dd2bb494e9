"""What the jobs of a GitHub matrix install: values that an install command takes from `matrix`.

GitHub documentation, "Running variations of jobs in a workflow". The command stands in a step, what
it installs in the entries of the matrix, which is where the evidence is.
"""

import re
from collections.abc import Iterator, Sequence

from gitops_auditor.dependencies.manifests.matched_lines import lines_with

_INSTALL = re.compile(
    r"(?P<command>\b(?:pip3?|npm|pnpm|yarn|conda|mamba|micromamba)\s+(?:install|add|i)\b)"
    r"[^\n]{0,400}"
    r"(?<=[\s\"'])\$\{\{\s*matrix\.(?P<key>[\w.-]+)[^}]*\}\}"
)
_MATRIX = re.compile(r"matrix\.")
_BLOCK = re.compile(r"[|>][+-]?\d?\s*(?:#.*)?$|$")
_ITEM = re.compile(r"\s*-\s+(?P<value>.+)$")
_COMMENT = re.compile(r"\s#.*$")
_MOST_KEYS = 20


def matrix_installs(text: str) -> Iterator[tuple[str, int]]:
    """For every value that an install command takes from the matrix, the command with that value
    put in, and the line of the value.
    """
    wanted = {
        found["key"]: found["command"]
        for line, _ in lines_with(text, _MATRIX)
        for found in _INSTALL.finditer(line)
    }
    if not wanted or len(wanted) > _MOST_KEYS:
        return
    keys = "|".join(re.escape(key.rpartition(".")[2]) for key in wanted)
    entry = re.compile(rf"(?P<indent>\s*(?:-\s+)?)[\"']?(?P<key>{keys})[\"']?\s*:(?P<value>\s.*|)$")
    commands = {key.rpartition(".")[2]: command for key, command in wanted.items()}
    lines = text.split("\n")
    for index, line in enumerate(lines):
        found = entry.match(line)
        if found:
            for value, number in _values(
                found["value"].strip(), len(found["indent"]), index, lines
            ):
                yield f"{commands[found['key']]} {_as_words(value)}", number


def _values(value: str, indent: int, index: int, lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The value of one entry: a scalar, a list, or the deeper lines below it."""
    if value.startswith("["):
        yield from ((item.strip(), index + 1) for item in value.strip("[]").split(","))
    elif not _BLOCK.match(value):
        yield value, index + 1
    else:
        for number in range(index + 1, len(lines)):
            line = lines[number]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                return
            item = _ITEM.match(line)
            yield (item["value"] if item else line.strip()), number + 1


def _as_words(value: str) -> str:
    """The value as a shell sees it after GitHub has put it in; signs of versions stay in words."""
    bare = _COMMENT.sub("", value).strip()
    if len(bare) > 1 and bare[0] in "\"'" and bare[-1] == bare[0]:
        bare = bare[1:-1]
    return " ".join(word if "'" in word or '"' in word else f"'{word}'" for word in bare.split())
