"""Asking the person at an MCP client for a yes or no, where the client can be asked.

Up to revision 2025-11-25 the client is asked while its call waits. Since 2026-07-28 the call ends
with the question, and the client calls again with the answer: the operation is begun anew. Either
way an answer proves no person: a client may give it by itself.
"""

import hashlib
from typing import Final

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from gitops_auditor.errors import Cancelled
from gitops_auditor.log import get_logger
from gitops_auditor.operations import LONGEST_WAIT, Answer, Ask, cannot_ask
from gitops_auditor.server.auth import RequestContext

ASK_SECONDS: Final = LONGEST_WAIT
"""A question that stays without an answer for so long is given up."""

_FIELD: Final = "agree"
_FORM: Final = {
    "type": "object",
    "properties": {_FIELD: {"type": "boolean", "title": "I agree"}},
    "required": [_FIELD],
}
_log = get_logger("mcp")


class Asking(Cancelled):
    """Ends a call whose client has to answer first."""

    def __init__(self, question: str) -> None:
        super().__init__("The caller is asked first.", hint="Call again with the answer.")
        self.question = question

    @property
    def result(self) -> InputRequiredResult:
        """The call's answer: the question."""
        return InputRequiredResult(input_requests={_key(self.question): _request(self.question)})


def ask_for(ctx: RequestContext, params: CallToolRequestParams, *, long: bool) -> Ask:
    """What asks the caller of `ctx`; a call that goes on as `long` work cannot be begun anew."""
    if not _takes_forms(ctx):
        return cannot_ask
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return _back_channel(ctx)
    return cannot_ask if long else _answered_before(params)


def _takes_forms(ctx: RequestContext) -> bool:
    declared = ctx.session.client_capabilities
    elicitation = declared.elicitation if declared is not None else None
    # Without any mode it is from before there were others than forms.
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _back_channel(ctx: RequestContext) -> Ask:
    async def ask(question: str) -> Answer:
        try:
            with anyio.move_on_after(ASK_SECONDS):
                given = await ctx.session.elicit_form(question, dict(_FORM), ctx.request_id)
                return _answer(given)
        except (MCPError, ValidationError) as failed:
            # It said that it can, and cannot, or went away: nobody agreed.
            _log.info("the client could not be asked", reason=type(failed).__name__)
        return "unable"

    return ask


def _answered_before(params: CallToolRequestParams) -> Ask:
    async def ask(question: str) -> Answer:
        given = (params.input_responses or {}).get(_key(question))
        if given is None:
            raise Asking(question)
        return _answer(given) if isinstance(given, ElicitResult) else "unable"

    return ask


def _answer(given: ElicitResult) -> Answer:
    agreed = given.action == "accept" and (given.content or {}).get(_FIELD) is True
    return "accepted" if agreed else "declined"


def _key(question: str) -> str:
    """An answer is to the very words of the question."""
    return f"question-{hashlib.sha256(question.encode()).hexdigest()[:32]}"


def _request(question: str) -> ElicitRequest:
    form = ElicitRequestFormParams(message=question, requested_schema=dict(_FORM))
    return ElicitRequest(params=form)
