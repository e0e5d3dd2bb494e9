"""The person at an MCP client, as its elicitation callback."""

from typing import Any

from mcp_types import ElicitRequestParams, ElicitResult, ErrorData

YES = ElicitResult(action="accept", content={"agree": True})
NO = ElicitResult(action="decline")


class Person:
    """Answers each question with the next of `answers`; `asked` has the questions."""

    def __init__(self, *answers: ElicitResult | ErrorData) -> None:
        self.asked: list[str] = []
        self._answers = [*answers]

    async def __call__(
        self,
        context: Any,  # noqa: ARG002 - the SDK passes it by name
        params: ElicitRequestParams,
    ) -> ElicitResult | ErrorData:
        self.asked.append(params.message)
        return self._answers.pop(0)
