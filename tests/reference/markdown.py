"""The little Markdown that the reference pages are made of."""

import re
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*head, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)])


def code(text: str) -> str:
    """Text as code; empty text stays empty."""
    return f"`{text}`" if text else ""


def page(title: str, *parts: str) -> str:
    """A page that says where it comes from."""
    origin = "<!-- Written by `python -m tests.reference`; edit the declarations instead. -->"
    return "\n\n".join([f"# {title}", origin, *(part for part in parts if part)]) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).replace("|", "\\|").strip()
