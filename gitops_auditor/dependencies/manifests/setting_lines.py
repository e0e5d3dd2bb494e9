"""Settings with an address as value, one to a line, as env files, YAML, HCL and code write them."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_SETTING = re.compile(
    r"""[ \t]*(?:(?:export|set|ENV|const|-)[ \t]+)*["']?-{0,2}(?P<key>[A-Za-z_$][\w.$-]*)["']?"""
    r"""(?:[ \t]*:[\w\[\]., \t]+?(?==))?[ \t]*(?:=>|:=|[=:](?!//))[ \t]*(?P<value>\S.*)"""
)
_ITEM = re.compile(r"""[ \t]*-[ \t]+(?P<value>["']?[A-Za-z][\w+.-]*://.*)""")
_NAME = re.compile(
    r"""[ \t]*(?:-[ \t]+)?["']?(?:name|key)["']?[ \t]*[:=][ \t]*["']?(?P<key>[\w.-]+)"""
)
_PAIR = re.compile(
    r"""\{[ \t]*["']?name["']?[ \t]*:[ \t]*["']?(?P<key>[\w.-]+)["']?[ \t]*,"""
    r"""[ \t]*["']?value["']?[ \t]*:[ \t]*(?P<value>[^}]+)"""
)
_COMMENT = re.compile(r"""(?:^|\s)(?:#|//)(?!\S*["'])""")
_LONGEST_LINE: Final = 4000
_MOST_SETTINGS: Final = 2000
_NAME_DISTANCE: Final = 2  # `value:` stands directly below `name:`, or one line further


class Setting(NamedTuple):
    """One assignment; `value` keeps its quotes and may be followed by other text of its line.

    `key` is empty for an item of a list that is an address by itself.
    """

    key: str
    value: str
    line: int


def address_settings(text: str, marker: str = "://") -> Iterator[Setting]:
    """The settings whose line has `marker`, in order, at most 2000. Comments are left out.

    An entry called `value` takes its key from the `name` above it.
    """
    number, counted, position = 1, 0, text.find(marker)
    for _ in range(_MOST_SETTINGS):
        if position < 0:
            return
        start = text.rfind("\n", 0, position) + 1
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        number += text.count("\n", counted, start)
        counted = start
        if end - start <= _LONGEST_LINE:
            setting = _setting(text, start, end, number)
            if setting is not None:
                yield setting
        position = text.find(marker, end)


def _setting(text: str, start: int, end: int, number: int) -> Setting | None:
    line = text[start:end]
    if line.lstrip().startswith(("#", "//", "*", "<!--", "--", ";")):
        return None
    pair = _PAIR.search(line)
    if pair is not None:
        return Setting(pair["key"], pair["value"], number)
    item = _ITEM.match(line)
    if item is not None:
        return Setting("", _without_comment(item["value"]), number)
    found = _SETTING.match(line)
    if found is None:
        return None
    value = _without_comment(found["value"])
    key = found["key"]
    if key in {"value", "default"}:
        key = _name_above(text, start) or key
    return Setting(key, value, number)


def _without_comment(value: str) -> str:
    comment = _COMMENT.search(value)
    return value[: comment.start()] if comment else value


def _name_above(text: str, start: int) -> str:
    end = start - 1
    for _ in range(_NAME_DISTANCE):
        if end <= 0:
            return ""
        begin = text.rfind("\n", 0, end) + 1
        found = _NAME.match(text[begin:end])
        if found is not None:
            return found["key"]
        end = begin - 1
    return ""
