"""The lines of a log that matter, within a budget."""

from typing import Final

from gitops_auditor.pipelines.failures.log_text import GAP
from gitops_auditor.pipelines.failures.models import Lines

CHARACTERS_A_TOKEN: Final = 4
_CONTEXT: Final = 5
_LEAST: Final = 80


def excerpt(lines: Lines, first: int, last: int, token_budget: int) -> str:
    """Lines `first` to `last` with some around them, in at most so many tokens.

    Context is given up before the lines themselves, and of these the middle.
    """
    room = max(token_budget * CHARACTERS_A_TOKEN, _LEAST)
    last = min(last, len(lines) - 1)
    kept = _whole(lines[first : last + 1], room)
    room -= len(kept)
    before, after = first, last + 1
    for step in range(_CONTEXT):
        above, below = first - 1 - step, last + 1 + step
        if above >= 0 and before == above + 1 and len(lines[above]) < room:
            kept, before, room = f"{lines[above]}\n{kept}", above, room - len(lines[above]) - 1
        if below < len(lines) and after == below and len(lines[below]) < room:
            kept, after, room = f"{kept}\n{lines[below]}", below + 1, room - len(lines[below]) - 1
    return kept.strip("\n")


def ending(lines: Lines, token_budget: int) -> str:
    """The last lines, as many as fit."""
    room = max(token_budget * CHARACTERS_A_TOKEN, _LEAST)
    kept: list[str] = []
    for line in reversed(lines):
        if len(line) + 1 > room:
            break
        kept.append(line)
        room -= len(line) + 1
    if not kept and lines:
        kept.append(lines[-1][-room:])
    return "\n".join(reversed(kept)).strip("\n")


def _whole(lines: Lines, room: int) -> str:
    """The lines, without the middle when they are too long: how it began and what it came to."""
    text = "\n".join(lines)
    if len(text) <= room:
        return text
    left = room - len(GAP) - 2
    return f"{text[: left // 3]}\n{GAP}\n{text[len(text) - (left - left // 3) :]}"
