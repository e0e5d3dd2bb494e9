"""Substitution of `$NAME` and `${NAME:-default}`, as Compose files and Dockerfiles know it.

Compose specification, chapter "Interpolation"; Dockerfile reference, "Environment replacement".
"""

import re
from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])(.*))?\Z", re.DOTALL)
_MAX_DEPTH = 16


def expand(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """`text` with its variables replaced; one that has neither value nor default stays as written.

    `$$` becomes `$`. Nested defaults are expanded up to 16 levels.
    """
    if "$" not in text or depth > _MAX_DEPTH:
        return text
    parts: list[str] = []
    position = 0
    while (found := text.find("$", position)) >= 0:
        parts.append(text[position:found])
        value, position = _variable(text, found, values, depth)
        parts.append(value)
    parts.append(text[position:])
    return "".join(parts)


def _variable(text: str, start: int, values: Mapping[str, str], depth: int) -> tuple[str, int]:
    """The replacement of the variable that begins at `start`, and the position after it."""
    if text.startswith("$$", start):
        return "$", start + 2
    if text.startswith("${", start):
        end = _closing_brace(text, start + 1)
        written = text[start : end + 1]
        return _braced(written, values, depth), start + len(written)
    name = _BARE.match(text, start + 1)
    if name is None:
        return "$", start + 1
    return values.get(name.group(), text[start : name.end()]), name.end()


def _closing_brace(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    return len(text)


def _braced(written: str, values: Mapping[str, str], depth: int) -> str:
    found = _BRACED.match(written[2:-1]) if written.endswith("}") else None
    if found is None:
        return written
    name, operator, word = found.groups()
    value = values.get(name)
    present = value is not None and (value != "" or not (operator or "").startswith(":"))
    if operator and operator.endswith("+"):
        return expand(word, values, depth + 1) if present else ""
    if present and value is not None:
        return value
    if operator and operator.endswith("-"):
        return expand(word, values, depth + 1)
    return written
