"""Whether the conditions of a check hold for the files of a repository.

Conditions on what files hold look at every file that the path names, of which there has to be at
least one: `docs/*.md non-empty` fails where there are no such files. `contains` has to hold in each
of them, `not contains` in none. What cannot be read is not known, which is never a pass.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple

from gitops_auditor.formats.patterns import MAX_TEXT, Pattern
from gitops_auditor.quality.expressions import Condition

Reader = Callable[[str], bytes | None]
"""The content of a file, None for what cannot be read: no regular file, or too large."""
Expired = Callable[[], bool]
"""Asked before each line; when it is true no answer is looked for any longer."""

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_BYTE_ORDER_MARKS: Final = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
_NAMED: Final = 3


class Answer(NamedTuple):
    """What became of one condition: `holds` is None when it cannot be known.

    `path` is the file that decided it and `line` the line (from 1) where the expression was found;
    both are empty where there is none. `reason` is a sentence.
    """

    condition: Condition
    holds: bool | None
    reason: str
    path: str = ""
    line: int | None = None


def holds(answers: Iterable[Answer]) -> bool | None:
    """Whether all conditions hold: false when one does not, else None when one is not known."""
    told = {answer.holds for answer in answers}
    if False in told:
        return False
    return None if None in told or not told else True


def evaluate(
    conditions: Iterable[Condition],
    files: Collection[str],
    read: Reader,
    expired: Expired = lambda: False,
) -> list[Answer]:
    """One answer for each condition. `files` are all files, relative and with slashes."""
    return [_answer(condition, files, read, expired) for condition in conditions]


def _answer(condition: Condition, files: Collection[str], read: Reader, expired: Expired) -> Answer:
    if condition.is_glob and any(len(one) > MAX_TEXT for one in files):
        reason = f"A path has more than {MAX_TEXT} characters; {condition.path} is not compared."
        return Answer(condition, None, reason)
    named = sorted(filter(condition.selects, files))
    inside = [] if condition.is_glob else _inside(condition.path, files)
    if not condition.reads:
        return _existence(condition, named or inside, files)
    if not named:
        return _without_files(condition, inside, files)
    if condition.pattern is None:
        return _filled(condition, named, read)
    if condition.requirement == "contains":
        return _containing(condition, condition.pattern, named, read, expired)
    return _free_of(condition, condition.pattern, named, read, expired)


def _inside(folder: str, files: Collection[str]) -> list[str]:
    return sorted(one for one in files if one.startswith(f"{folder}/"))


def _existence(condition: Condition, found: list[str], files: Collection[str]) -> Answer:
    if condition.requirement == "exists":
        if found:
            return Answer(condition, True, f"{condition.path} exists.", found[0])
        return Answer(condition, False, _absent(condition, files))
    if not found:
        return Answer(condition, True, f"There is no {condition.path}.")
    return Answer(condition, False, f"There is {_list(found)}.", found[0])


def _absent(condition: Condition, files: Collection[str]) -> str:
    if condition.is_glob:
        return f"No file matches {condition.path}."
    near = next((one for one in sorted(files) if one.lower() == condition.path.lower()), None)
    also = f"; there is {near}, which is another name" if near else ""
    return f"There is no {condition.path}{also}."


def _without_files(condition: Condition, inside: list[str], files: Collection[str]) -> Answer:
    if not inside:
        return Answer(condition, False, _absent(condition, files))
    if condition.pattern is None:
        return Answer(condition, True, f"{condition.path} is a folder with files.", inside[0])
    reason = f"{condition.path} is a folder; write {condition.path}/** for the files in it."
    return Answer(condition, False, reason, condition.path)


def _filled(condition: Condition, named: list[str], read: Reader) -> Answer:
    unread: list[str] = []
    for path in named:
        content = read(path)
        if content is None:
            unread.append(path)
        elif not _text(content).strip():
            return Answer(condition, False, f"{path} is empty.", path)
    return _unread(condition, unread) or Answer(condition, True, _all(named, "not empty"), named[0])


def _containing(
    condition: Condition, pattern: Pattern, named: list[str], read: Reader, expired: Expired
) -> Answer:
    first: _Found | None = None
    unknown: list[_Found] = []
    for path in named:
        found = _search(pattern, path, read, expired)
        if found.is_known and found.line is None:
            reason = f"{path} has no line with {condition.written}."
            return Answer(condition, False, reason, path)
        unknown += [] if found.is_known else [found]
        first = first or found
    if unknown or first is None:
        return _undecided(condition, unknown)
    reason = f"{condition.written} is on line {first.line} of {first.path}."
    return Answer(condition, True, reason, first.path, first.line)


def _free_of(
    condition: Condition, pattern: Pattern, named: list[str], read: Reader, expired: Expired
) -> Answer:
    unknown: list[_Found] = []
    for path in named:
        found = _search(pattern, path, read, expired)
        if found.line is not None:
            reason = f"{condition.written} is on line {found.line} of {path}."
            return Answer(condition, False, reason, path, found.line)
        unknown += [] if found.is_known else [found]
    if unknown:
        return _undecided(condition, unknown)
    return Answer(condition, True, _all(named, f"free of {condition.written}"), named[0])


class _Found(NamedTuple):
    """The first line with the expression; `unknown` says why there may be another answer."""

    path: str
    line: int | None
    unknown: str = ""

    @property
    def is_known(self) -> bool:
        return self.line is not None or not self.unknown


def _search(pattern: Pattern, path: str, read: Reader, expired: Expired) -> _Found:
    content = read(path)
    if content is None:
        return _Found(path, None, f"{path} cannot be read, or is too large.")
    unknown = ""
    for number, line in _lines(content):
        if expired():
            return _Found(path, None, f"The time was over at line {number} of {path}.")
        if len(line) > MAX_TEXT:
            unknown = unknown or (
                f"Line {number} of {path} has more than {MAX_TEXT} characters and is not searched."
            )
        elif pattern.search(line):
            return _Found(path, number)
    return _Found(path, None, unknown)


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    lines = _LINE_END.split(_text(content))
    return enumerate(lines[:-1] if not lines[-1] else lines, 1)


def _text(content: bytes) -> str:
    encoding = next(
        (known for mark, known in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8"
    )
    return content.decode(encoding, "replace")


def _undecided(condition: Condition, unknown: list[_Found]) -> Answer:
    return Answer(condition, None, unknown[0].unknown, unknown[0].path)


def _unread(condition: Condition, unread: list[str]) -> Answer | None:
    if not unread:
        return None
    return Answer(condition, None, f"{_list(unread)} cannot be read, or is too large.", unread[0])


def _list(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def _all(named: list[str], what: str) -> str:
    return f"{_list(named)} {'is' if len(named) == 1 else 'are'} {what}."
