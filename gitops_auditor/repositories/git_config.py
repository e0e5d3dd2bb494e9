"""Reads one git configuration file as data. Includes are not followed and nothing is run."""

from typing import NamedTuple

_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}


class ConfigEntry(NamedTuple):
    """One variable; `section` and `key` in lower case, "true" as the value of a key without `=`."""

    section: str
    subsection: str
    key: str
    value: str


def parse_config(text: str) -> list[ConfigEntry]:
    """The variables of a file in the syntax of git-config(1), in file order.

    A line that is not in that syntax is left out: a broken file must not hide a repository.
    """
    entries: list[ConfigEntry] = []
    section, subsection = "", ""
    for line in _logical_lines(text):
        rest = line
        if rest.startswith("["):
            section, subsection, rest = _section(rest)
        key, separator, value = rest.partition("=")
        name = key.strip().lower()
        if section and _is_name(name):
            entries.append(
                ConfigEntry(section, subsection, name, _value(value) if separator else "true")
            )
    return entries


def value_of(entries: list[ConfigEntry], section: str, subsection: str, key: str) -> str | None:
    """The last value given to a variable, which is the one git uses; None when it is not set."""
    found = [
        entry.value
        for entry in entries
        if (entry.section, entry.subsection, entry.key) == (section, subsection, key)
    ]
    return found[-1] if found else None


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    pending = ""
    for physical in text.replace("\r\n", "\n").split("\n"):
        line = pending + physical
        pending = ""
        if _continues(line):
            pending = line[:-1]
        elif (stripped := line.strip()) and stripped[0] not in "#;":
            lines.append(stripped)
    return lines


def _continues(line: str) -> bool:
    """Whether the line ends in a backslash that is neither escaped nor part of a comment."""
    quoted = False
    characters = iter(line)
    for character in characters:
        if character == "\\":
            if next(characters, None) is None:
                return True
        elif character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            return False
    return False


def _section(line: str) -> tuple[str, str, str]:
    """Section, subsection and what follows the closing bracket; all empty when it is malformed."""
    end = _closing_bracket(line)
    if end < 0:
        return "", "", ""
    head, rest = line[1:end], line[end + 1 :].strip()
    name, quote, subsection = head.partition('"')
    if quote:
        plain = subsection.rstrip()[:-1]
        return name.strip().lower(), _unescape_subsection(plain), rest
    name, _, dotted = name.strip().lower().partition(".")
    return name, dotted, rest


def _closing_bracket(line: str) -> int:
    quoted = False
    skip = False
    for position, character in enumerate(line):
        if skip:
            skip = False
        elif character == "\\":
            skip = True
        elif character == '"':
            quoted = not quoted
        elif character == "]" and not quoted:
            return position
    return -1


def _unescape_subsection(text: str) -> str:
    characters = iter(text)
    return "".join(next(characters, "") if char == "\\" else char for char in characters)


def _is_name(name: str) -> bool:
    return name[:1].isalpha() and name.isascii() and name.replace("-", "").isalnum()


def _value(raw: str) -> str:
    result: list[str] = []
    kept = 0
    quoted = False
    characters = iter(raw.strip())
    for character in characters:
        if character == '"':
            quoted = not quoted
            kept = len(result)
        elif character == "\\":
            escape = next(characters, "")
            result.append(_ESCAPES.get(escape, escape))
            kept = len(result)
        elif character in "#;" and not quoted:
            break
        elif quoted or result or not character.isspace():
            result.append(character)
            kept = len(result) if quoted or not character.isspace() else kept
    return "".join(result[:kept])
