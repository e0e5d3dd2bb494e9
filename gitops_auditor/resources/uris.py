"""URIs of resources: templates with variables (RFC 6570 level 1), matched and filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote

_VARIABLE = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class UriTemplate:
    """A URI with variables such as `gitops://work/{work_id}`; without any it is a plain URI."""

    text: str

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, in order."""
        return tuple(_VARIABLE.findall(self.text))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        literals = [re.escape(part) for part in _VARIABLE.split(self.text)[::2]]
        groups = [f"(?P<{name}>[^?#]+)" for name in self.variables]
        parts = [part for pair in zip(literals, [*groups, ""], strict=True) for part in pair]
        return re.compile("".join(parts))

    def match(self, uri: str) -> dict[str, str] | None:
        """The values in a URI of this form, percent-decoded; None when it has another form.

        A value may contain slashes as they are or percent-encoded, as `owner/name` does.
        """
        found = self._pattern.fullmatch(uri)
        if found is None:
            return None
        try:
            return {
                name: unquote(value, errors="strict") for name, value in found.groupdict().items()
            }
        except UnicodeDecodeError:
            return None

    def expand(self, values: Mapping[str, str]) -> str:
        """The URI for these values, percent-encoded."""
        return _VARIABLE.sub(lambda found: quote(values[found[1]], safe=""), self.text)

    def spellings(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The URI in both forms that clients write: percent-encoded, and with plain slashes."""
        plain = _VARIABLE.sub(lambda found: quote(values[found[1]], safe="/"), self.text)
        return tuple(dict.fromkeys((self.expand(values), plain)))
