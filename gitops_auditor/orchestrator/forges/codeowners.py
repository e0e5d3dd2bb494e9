"""Who owns which paths, by the rules of GitHub's CODEOWNERS files."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file is looked for; the first that is there counts, the others do not."""

MOST_BYTES: Final = 3 * 2**20
"""A file with more is not read by GitHub."""

_OWNER: Final = re.compile(
    r"@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)?|[^\s@]+@[^\s@]+\.[^\s@]+"
)
_WORDS: Final = re.compile(r"(?:\\.|[^\s\\])+")
_PIECES: Final = re.compile(r"\\.|\*+|\?|[^\\*?]+", re.DOTALL)


class Rule(NamedTuple):
    """The paths of a pattern, matched whole, and their owners; none takes owners away."""

    paths: re.Pattern[str]
    owners: tuple[str, ...]


class CodeOwners:
    """The rules of one file; of those that match a path the last one decides."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(reversed(rules))

    def owners(self, path: str) -> tuple[str, ...]:
        """As the file has them: `@user`, `@organisation/team` or an e-mail address."""
        for rule in self._rules:
            if rule.paths.fullmatch(path):
                return rule.owners
        return ()

    def reviewers(self, paths: Iterable[str]) -> list[str]:
        """Whom GitHub can be asked to request reviews of: users, and teams as `owner/team`, once
        each, in the order of the paths. E-mail addresses are left out: it takes none there.
        """
        owners = dict.fromkeys(owner for path in paths for owner in self.owners(path))
        return [owner.removeprefix("@") for owner in owners if owner.startswith("@")]


def parse_codeowners(content: bytes) -> CodeOwners:
    """The rules of a file. Lines that GitHub does not understand are left out, as it does, and so
    is all of a file over MOST_BYTES.
    """
    if len(content) > MOST_BYTES:
        return CodeOwners([])
    return CodeOwners([*_rules(content.decode("utf-8-sig", "replace"))])


def _rules(text: str) -> Iterator[Rule]:
    for line in text.splitlines():
        words = _words(line)
        if not words or not all(_OWNER.fullmatch(word) for word in words[1:]):
            continue
        paths = _expression(words[0])
        if paths is not None:
            yield Rule(paths, tuple(words[1:]))


def _words(line: str) -> list[str]:
    """The words of a line up to a comment; a backslash keeps the space after it in a word."""
    words: list[str] = []
    for word in _WORDS.findall(line):
        if word.startswith("#"):
            break
        words.append(word)
    return words


def _expression(pattern: str) -> re.Pattern[str] | None:
    """What a pattern matches; None for one that is not allowed there, though in gitignore(5).

    A pattern with a slash before its end begins at the root, any other in every folder. What it
    names is matched with all that is in it, but for a last part `*`, which names files only.
    """
    if pattern.startswith("!") or "[" in pattern or "***" in pattern or pattern == "/":
        return None
    is_rooted = "/" in pattern[:-1]
    parts = pattern.strip("/").split("/")
    if pattern.endswith("/"):
        parts += ["*", "**"] if parts[-1] == "**" else ["**"]
    expression = "" if is_rooted or parts[0] == "**" else "(?:.+/)?"
    expression += "".join(_joined(parts))
    return re.compile(expression, re.DOTALL)


def _joined(parts: Sequence[str]) -> Iterator[str]:
    last = len(parts) - 1
    for place, part in enumerate(parts):
        follows_folder = place > 0 and parts[place - 1] != "**"
        if part == "**":
            # In the middle it stands for any number of folders, none included.
            yield ".+" if place == last and not follows_folder else ""
            yield "/.+" if place == last and follows_folder else ""
            yield ("/" if follows_folder else "") + "(?:.+/)?" if place < last else ""
            continue
        yield "/" if follows_folder else ""
        yield "[^/]+" if part == "*" else "".join(_piece(one) for one in _PIECES.findall(part))
        yield "(?:/.*)?" if place == last and part != "*" else ""


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    return re.escape(piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece)
