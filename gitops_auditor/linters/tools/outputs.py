"""Reading what tools print: JSON of a stated shape, and the files that they name."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from gitops_auditor.linters.rebasing import asked
from gitops_auditor.linters.tool import Ended, Request, UnreadableOutput

SAID_AT_MOST: Final = 400
NAMED_AT_MOST: Final = 3

_RULERS = "━\xd7│-"

_Shape = TypeVar("_Shape")


class Told(BaseModel, defer_build=True):
    """A piece of a tool's own JSON; fields that we do not need are left out."""


def validated(shape: TypeAdapter[_Shape], body: bytes | str, tool: str) -> _Shape:
    """The JSON of that shape; raises UnreadableOutput for anything else."""
    try:
        return shape.validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        where = f" at {place}" if place else ""
        raise UnreadableOutput(f"The JSON of {tool} is not as expected{where}.") from None


def require_exit(ended: Ended, codes: Sequence[int], tool: str) -> None:
    """Raise UnreadableOutput, with what the tool said last, for an exit code that means failure."""
    if ended.exit_code not in codes:
        raise UnreadableOutput(f"{tool} failed: {said(ended)}")


def said(ended: Ended) -> str:
    """What a tool that failed wrote to standard error, else to standard output, in one line."""
    text = (ended.stderr.strip() or ended.stdout.strip()).decode("utf-8", "replace")
    line = " ".join(word for word in text.split() if word.strip(_RULERS))
    if len(line) > SAID_AT_MOST:
        # Programs say first what they did, and last why that did not work.
        line = f"{line[: SAID_AT_MOST // 2]} ... {line[-SAID_AT_MOST // 2 :]}"
    return line or "it said nothing."


def require_agreement(ended: Ended, tool: str, *, found: bool) -> None:
    """Raise UnreadableOutput when exit code 1 and findings do not come together."""
    if (ended.exit_code == 1) is not found:
        what = "something" if found else "nothing"
        raise UnreadableOutput(f"{tool} found {what}, but ended with exit code {ended.exit_code}.")


def left_out(request: Request, looked: Iterable[str]) -> list[str]:
    """The files that were given and not looked at; raises UnreadableOutput for others."""
    seen = {asked(name, request) for name in looked}
    return [file for file in request.files if file not in seen]


def require_all(request: Request, looked: Iterable[str], tool: str) -> int:
    """How many files there were; raises UnreadableOutput unless the tool looked at each."""
    if missed := left_out(request, looked):
        raise UnreadableOutput(f"{tool} did not look at {listed(missed)}.")
    return len(request.files)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - NAMED_AT_MOST
    first = ", ".join(names[:NAMED_AT_MOST])
    return f"{first} and {more} more" if more > 0 else first
