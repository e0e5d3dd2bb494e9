"""What the platform knows of a server's tools, and what a call of one gave."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gitops_auditor.errors import JsonValue

MAX_RESULT_BYTES: Final = 4 * 2**20
"""Of the text and of the structured part of one result; what has more is an error."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call, with the secrets of the server replaced by `***`.

    `text` joins the text blocks; images and other blocks are named in it by kind and size.
    `structured` is None when the tool gives no structured result. `is_error` is the tool's own
    verdict.
    """

    text: str
    structured: JsonValue
    is_error: bool


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool that a server offers. `digest` is that of its schemas: `sha256:` and 64 hex digits."""

    name: str
    description: str
    input_schema: Mapping[str, JsonValue]
    digest: str
