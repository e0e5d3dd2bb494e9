"""Cuts a condition into tokens that know their column."""

import re
from typing import Final, Literal, NamedTuple

MAX_LENGTH: Final = 1_000

TokenKind = Literal["name", "string", "number", "pattern", "operator", "end"]


class ConditionError(ValueError):
    """A condition that cannot be read; `column` is 1-based within its text."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message, self.column = message, column


class Token(NamedTuple):
    """`text` is a string's value without quotes, or a pattern without slashes; else as written."""

    kind: TokenKind
    text: str
    column: int
    flags: str = ""


_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*)*)
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?)
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<operator>==|!=|=~|&&|\|\||[!()])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)+)/([A-Za-z]*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MISTAKES: Final = {
    "=": "Compare with `==`, or match a pattern with `=~`.",
    "&": "Write `&&`.",
    "|": "Write `||`.",
    "'": "The text is not closed; add the other quote.",
    '"': "The text is not closed; add the other quote.",
    "/": "A pattern follows `=~` only.",
    "$": "Write the name without `$`, as in `branch == 'main'`.",
}


def tokenize(text: str) -> list[Token]:
    """All tokens, the last of kind `end`. Raises ConditionError."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"The condition has more than {MAX_LENGTH} characters.", MAX_LENGTH)
    tokens: list[Token] = []
    at = _skip(text, 0)
    while at < len(text):
        after_match = bool(tokens) and tokens[-1].text == "=~" and tokens[-1].kind == "operator"
        token, at = _pattern(text, at) if after_match else _token(text, at)
        tokens.append(token)
        at = _skip(text, at)
    return [*tokens, Token("end", "", len(text) + 1)]


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _token(text: str, at: int) -> tuple[Token, int]:
    found = _TOKEN.match(text, at)
    if found is None:
        raise ConditionError(_MISTAKES.get(text[at], f"`{text[at]}` means nothing here."), at + 1)
    kinds: tuple[TokenKind, ...] = ("name", "number", "string", "operator")
    kind = next(one for one in kinds if found[one] is not None)
    value = _ESCAPE.sub(r"\1", found[0][1:-1]) if kind == "string" else found[0]
    return Token(kind, value, at + 1), found.end()


def _pattern(text: str, at: int) -> tuple[Token, int]:
    found = _PATTERN.match(text, at)
    if found is None:
        raise ConditionError("Write a pattern between slashes, as in `tag =~ /^v/`.", at + 1)
    if found[2] not in ("", "i"):
        raise ConditionError(
            f"`{found[2]}` is not a flag; `i` is the only one.", found.start(2) + 1
        )
    return Token("pattern", found[1], at + 1, found[2]), found.end()
