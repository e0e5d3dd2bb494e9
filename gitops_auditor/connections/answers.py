"""Turns the answer of a tool into the platform's own words: masked, and bounded."""

import json
from typing import TYPE_CHECKING

from gitops_auditor.connections.results import MAX_RESULT_BYTES, CallResult
from gitops_auditor.errors import JsonValue, TooLarge
from gitops_auditor.execution.masking import Masker

if TYPE_CHECKING:
    from mcp.types import CallToolResult, ContentBlock


def result_of(answer: "CallToolResult", masker: Masker) -> CallResult:
    """The result. Raises TooLarge when it has more than MAX_RESULT_BYTES."""
    text = "\n".join(_text(block) for block in answer.content)
    size = len(text.encode()) + len(json.dumps(answer.structured_content))
    if size > MAX_RESULT_BYTES:
        raise TooLarge(
            f"The result has {size} bytes; the limit is {MAX_RESULT_BYTES}.",
            hint="Ask the tool for less at a time.",
            details={"limit": MAX_RESULT_BYTES},
        )
    structured = _masked(answer.structured_content, masker)
    return CallResult(masker.mask(text), structured, bool(answer.is_error))


def _text(block: "ContentBlock") -> str:
    if block.type == "text":
        return block.text
    if block.type == "resource_link":
        return f"[link: {block.uri}]"
    if block.type == "resource":
        return getattr(block.resource, "text", None) or f"[resource: {block.resource.uri}]"
    return f"[{block.type}: {block.mime_type}, {len(block.data)} characters of Base64]"


def _masked(value: JsonValue, masker: Masker) -> JsonValue:
    if isinstance(value, str):
        return masker.mask(value)
    if isinstance(value, list):
        return [_masked(item, masker) for item in value]
    if isinstance(value, dict):
        return {masker.mask(key): _masked(item, masker) for key, item in value.items()}
    return value
