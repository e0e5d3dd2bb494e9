"""What commands write: text for people, JSON for programs, files."""

import json
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from pydantic import BaseModel

from gitops_auditor.errors import GitOpsError, Unavailable

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 120
NARROWEST = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def console() -> "Console":
    """Standard output for people: colours on a terminal, full lines where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_WITHOUT_TERMINAL
    return Console(width=width, highlight=False, emoji=False)


def visible(text: object) -> str:
    """Text from elsewhere, for a terminal: no control character in it reaches the terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", str(text))


def plain(text: object) -> str:
    """`visible` text in which nothing is markup."""
    from rich.markup import escape

    return escape(visible(text))


def line(text: str = "") -> None:
    """One line of markup that may be longer than the terminal is wide, to be copied whole."""
    console().print(text, soft_wrap=True)


def points(sentences: Iterable[str]) -> None:
    """Sentences as a list, wrapped under their beginnings."""
    for sentence in sentences:
        wrapped = textwrap.fill(
            visible(sentence),
            width=console().width,
            initial_indent="  - ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        typer.echo(wrapped)


def terminal_width() -> int | None:
    """Where lines have to be folded. None where they are read by programs, as in a pipe or a log:
    there every line stays whole.
    """
    return console().width if sys.stdout.isatty() else None


def paragraph(text: str, width: int | None, *, indent: int = 0, style: str = "") -> Iterator[str]:
    """A text from elsewhere, folded where the terminal ends."""
    for folded in folded_lines(text, None if width is None else width - indent):
        shown = plain(folded)
        yield " " * indent + (f"[{style}]{shown}[/]" if style else shown)


def folded_lines(text: str, width: int | None) -> list[str]:
    """The lines of a text, made visible; one where nothing is folded."""
    safe = visible(" ".join(one.strip().replace("\t", " ") for one in text.splitlines()))
    if width is None:
        return [safe]
    wide = max(width, NARROWEST)
    return textwrap.wrap(safe, wide, break_long_words=False, break_on_hyphens=False)


def explain_failure(failure: GitOpsError) -> None:
    """Tell on standard error what is wrong, and what to do."""
    typer.secho(f"error: {visible(failure.message)}", fg=typer.colors.RED, err=True)
    if failure.hint:
        typer.echo(f"  {visible(failure.hint)}", err=True)


def print_json(model: BaseModel) -> None:
    """One JSON object on standard output, for programs."""
    print_json_value(model.model_dump(mode="json"))


def print_json_value(value: object) -> None:
    """One JSON value on standard output, for programs."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def write_file(path: Path, text: str) -> None:
    """Write a text that the user wants in a file. Raises Unavailable when that is not possible."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that the user named. Raises Unavailable when that is not possible."""
    try:
        path.write_bytes(content)
    except OSError as refused:
        raise Unavailable(
            f"{path} cannot be written: {refused.strerror}.", hint="Name another file."
        ) from None


def read_file(path: Path) -> str:
    """The text of a file that the user named. Raises Unavailable when that is not possible."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as refused:
        raise Unavailable(
            f"{path} cannot be read: {refused.strerror}.", hint="Name another file."
        ) from None
