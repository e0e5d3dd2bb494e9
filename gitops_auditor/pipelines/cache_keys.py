"""Cache keys such as `npm-{{ checksum "package-lock.json" }}-{{ branch }}`."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

KEY_NAMES: Final = ("branch", "base_branch", "job", "os", "arch")
"""What a key can hold besides checksums and `matrix.NAME`."""

_PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CHECKSUM = re.compile(r"""checksum\s+(?:"([^"]+)"|'([^']+)')""")
_MATRIX = re.compile(r"matrix\.([A-Za-z_]\w*)", re.ASCII)


class Checksum(NamedTuple):
    """The digest of a file of the checkout."""

    path: str


class KeyName(NamedTuple):
    """A fact of the run, or a value of the matrix as `matrix.NAME`."""

    name: str


KeyPart = str | Checksum | KeyName


def parse_key(text: str) -> tuple[KeyPart, ...]:
    """Cut a key into its parts. Raises ValueError for what is not understood."""
    parts: list[KeyPart] = []
    for index, piece in enumerate(_PLACE.split(text)):
        if index % 2:
            parts.append(_place(piece.strip()))
        elif "{{" in piece or "}}" in piece:
            raise ValueError("A `{{` or `}}` in the cache key has no counterpart.")
        elif piece:
            parts.append(piece)
    return tuple(parts)


def _place(text: str) -> Checksum | KeyName:
    if found := _CHECKSUM.fullmatch(text):
        return Checksum(found[1] or found[2])
    if text in KEY_NAMES or _MATRIX.fullmatch(text):
        return KeyName(text)
    known = ", ".join(KEY_NAMES)
    hint = f'write checksum "FILE", matrix.NAME or one of {known}.'
    raise ValueError(f"`{text}` is not known in a cache key; {hint}")


def render_key(text: str, names: Mapping[str, str], checksum: Callable[[str], str]) -> str:
    """The key with its parts filled in; a name that is missing is empty.

    `checksum` gets each path and returns a text that changes with the file's content.
    """
    return "".join(_rendered(part, names, checksum) for part in parse_key(text))


def _rendered(part: KeyPart, names: Mapping[str, str], checksum: Callable[[str], str]) -> str:
    if isinstance(part, Checksum):
        return checksum(part.path)
    return names.get(part.name, "") if isinstance(part, KeyName) else part
