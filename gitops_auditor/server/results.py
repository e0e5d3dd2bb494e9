"""Results of operations as tool results, kept within what a conversation can hold.

A read whose result is too long fails, naming the parameters that narrow it: a cut result would look
whole. A write never fails for its length, since what it did is done: of long work the result is
left out and can be read later, anything else is answered in full.
"""

from typing import Any

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel

from gitops_auditor.errors import TooLarge
from gitops_auditor.operations import Operation, Work

MOST_TOKENS = 25_000
CHARACTERS_PER_TOKEN = 4
MOST_CHARACTERS = MOST_TOKENS * CHARACTERS_PER_TOKEN

_NOT_NARROWING = frozenset({"cursor", "wait_seconds"})


def tool_result(operation: Operation, result: BaseModel) -> CallToolResult:
    """The result as structured content and as compact JSON text.

    Raises TooLarge when a read answers with more than MOST_TOKENS (estimated from its length).
    """
    text = result.model_dump_json()
    if len(text) > MOST_CHARACTERS:
        result = _shortened(operation, result, len(text))
        text = result.model_dump_json()
    structured: dict[str, Any] = result.model_dump(mode="json")
    return CallToolResult(content=[TextContent(text=text)], structured_content=structured)


def narrowing_parameters(operation: Operation) -> list[str]:
    """The optional parameters of an operation, which make its result smaller."""
    fields = operation.params.model_fields
    return [
        name
        for name, field in fields.items()
        if not field.is_required() and name not in _NOT_NARROWING
    ]


def _shortened(operation: Operation, result: BaseModel, characters: int) -> BaseModel:
    if operation.effect == "read":
        raise _too_large(operation, characters)
    if isinstance(result, Work):
        return result.model_copy(update={"result": None, "message": _left_out(result.id)})
    return result


def _left_out(work_id: str) -> str:
    return f"The result is too long to answer with; read the resource gitops://work/{work_id}."


def _too_large(operation: Operation, characters: int) -> TooLarge:
    tokens = characters // CHARACTERS_PER_TOKEN
    names = narrowing_parameters(operation)
    way = f"Narrow it with {', '.join(names)}." if names else "Ask for its parts instead."
    return TooLarge(
        f"The result of {operation.name} has about {tokens} tokens; the limit is {MOST_TOKENS}.",
        hint=way,
        details={"tokens": tokens, "limit": MOST_TOKENS, "narrow_with": [*names]},
    )
