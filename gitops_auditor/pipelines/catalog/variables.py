"""The variables of a catalogue template, and how their values get into its text.

In the text `<<NAME>>` stands for a value, and the lines from `# <<#NAME>>` to `# <</NAME>>` are
there only when it is not empty. No value can end the quotes or the line that it stands in.
"""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from gitops_auditor.errors import InvalidRequest, JsonValue

VariableType = Literal["title", "word", "path", "percent", "versions"]

_PATTERNS: Final[Mapping[VariableType, re.Pattern[str]]] = {
    "title": re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]{1,200}"),
    "word": re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}"),
    "path": re.compile(r"(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._][A-Za-z0-9._/-]{0,199}"),
}
_VERSION: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,2}")
MAX_VERSIONS: Final = 20
_EXPECTED: Final[Mapping[VariableType, str]] = {
    "title": "one line of text",
    "word": "letters, digits and . _ / : -",
    "path": "a path inside the repository, of letters, digits and . _ / -",
    "percent": "a number from 0 to 100",
    "versions": f"a list of at most {MAX_VERSIONS} versions such as 3.12",
}
_SECTION: Final = re.compile(r"^ *# <<#(\w+)>>\n(.*?)^ *# <</\1>>\n", re.MULTILINE | re.DOTALL)
_VALUE: Final = re.compile(r"<<(\w+)>>")


class Variable(BaseModel):
    """One value that a template takes. `empty` says what leaving it empty means, if that may be."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: VariableType
    description: str
    default: str | float | list[str]
    empty: str = ""

    def checked(self, value: JsonValue) -> str | float | list[str]:
        """The value of the right type. Raises InvalidRequest."""
        if value in ("", []) and self.empty:
            return [] if self.type == "versions" else ""
        if self.type == "percent":
            found: str | float | list[str] | None = _percent(value)
        elif self.type == "versions":
            found = _versions(value)
        else:
            is_text = isinstance(value, str) and _PATTERNS[self.type].fullmatch(value)
            found = value if isinstance(value, str) and is_text else None
        if found is None:
            raise InvalidRequest(
                f"The variable {self.name!r} cannot be {str(value)[:80]!r}.",
                hint=f"Give {_EXPECTED[self.type]}{f'; {self.empty}' if self.empty else ''}.",
            )
        return found


def filled(text: str, variables: tuple[Variable, ...], values: Mapping[str, JsonValue]) -> str:
    """The text with every variable filled in, by its default where there is no value.

    Raises InvalidRequest for a value that does not fit, or that no variable asks for.
    """
    known = {one.name: one for one in variables}
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
            raise InvalidRequest(f"The template has no variable {name!r}.", hint=hint)
    found = {
        name: one.checked(values[name]) if name in values else one.default
        for name, one in known.items()
    }
    kept = _SECTION.sub(lambda section: section[2] if found[section[1]] else "", text)
    return _VALUE.sub(lambda place: _written(known[place[1]], found[place[1]]), kept)


def _percent(value: JsonValue) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return value


def _versions(value: JsonValue) -> list[str] | None:
    items = value if isinstance(value, list) else [value]
    found = [str(one) for one in items if isinstance(one, str | int | float)]
    is_whole = 0 < len(found) == len(items) <= MAX_VERSIONS
    return found if is_whole and all(_VERSION.fullmatch(one) for one in found) else None


def _written(variable: Variable, value: str | float | list[str]) -> str:
    is_json = variable.type in ("title", "percent", "versions")
    return json.dumps(value, ensure_ascii=False) if is_json else str(value)
