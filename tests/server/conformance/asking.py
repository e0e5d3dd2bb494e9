"""Tools of the conformance suite that talk back to the client while they run."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp_types import (
    CallToolResult,
    ElicitResult,
    SamplingMessage,
    TextContent,
)

from gitops_auditor.server.auth import RequestContext

Arguments = Mapping[str, Any]


def said(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


async def log(ctx: RequestContext, _: Arguments) -> CallToolResult:
    for step in ("started", "processing data", "completed"):
        await ctx.session.send_log_message(
            "info", f"Tool execution {step}", related_request_id=ctx.request_id
        )
        await anyio.lowlevel.checkpoint()
    return said("Logged.")


async def sample(ctx: RequestContext, arguments: Arguments) -> CallToolResult:
    message = SamplingMessage(role="user", content=TextContent(text=arguments["prompt"]))
    answer = await ctx.session.create_message(
        [message], max_tokens=100, related_request_id=ctx.request_id
    )
    return said(f"LLM response: {answer.content}")


async def _elicit(
    ctx: RequestContext, message: str, properties: dict[str, Any], required: list[str]
) -> ElicitResult:
    schema = {"type": "object", "properties": properties, "required": required}
    return await ctx.session.elicit_form(message, schema, ctx.request_id)


async def elicit(ctx: RequestContext, arguments: Arguments) -> CallToolResult:
    properties = {"username": {"type": "string"}, "email": {"type": "string"}}
    answer = await _elicit(ctx, arguments["message"], properties, ["username", "email"])
    return said(f"User response: {answer.action}")


async def elicit_defaults(ctx: RequestContext, _: Arguments) -> CallToolResult:
    properties = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "default": True},
    }
    answer = await _elicit(ctx, "Check these.", properties, [])
    return said(f"Elicitation completed: action={answer.action}")


async def elicit_enums(ctx: RequestContext, _: Arguments) -> CallToolResult:
    plain = ["option1", "option2", "option3"]
    titled = [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]
    properties = {
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"], "enumNames": ["One", "Two"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    answer = await _elicit(ctx, "Choose.", properties, [])
    return said(f"Elicitation completed: action={answer.action}")


TOOLS: dict[str, Callable[[RequestContext, Arguments], Awaitable[CallToolResult]]] = {
    "test_tool_with_logging": log,
    "test_sampling": sample,
    "test_elicitation": elicit,
    "test_elicitation_sep1034_defaults": elicit_defaults,
    "test_elicitation_sep1330_enums": elicit_enums,
}
