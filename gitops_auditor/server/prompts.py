"""Prompts over MCP, and completion of what a client types into a prompt or a URI."""

from collections.abc import Mapping
from typing import Any

from mcp_types import (
    CompleteRequestParams,
    CompleteResult,
    Completion,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    PromptArgument,
    PromptMessage,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
)
from mcp_types import Prompt as McpPrompt
from pydantic import BaseModel

from gitops_auditor.errors import NotFound
from gitops_auditor.resources import FORMS
from gitops_auditor.resources.completions import SOURCES, complete
from gitops_auditor.resources.prompts import PROMPTS, Prompt
from gitops_auditor.server.auth import RequestContext
from gitops_auditor.server.calls import OperationCaller


class Prompts:
    """Handlers of prompts/list, prompts/get and completion/complete."""

    def __init__(self, caller: OperationCaller) -> None:
        self._caller = caller
        self._prompts = {
            prompt.name: prompt
            for prompt in PROMPTS
            if all(caller.offers(name) for name in prompt.operations)
        }

    async def list(self, _: RequestContext, __: PaginatedRequestParams | None) -> ListPromptsResult:
        """Every prompt whose tools are on offer, on one page."""
        return ListPromptsResult(prompts=[_described(found) for found in self._prompts.values()])

    async def get(self, _: RequestContext, params: GetPromptRequestParams) -> GetPromptResult:
        """One prompt with its arguments filled in. Raises NotFound and InvalidRequest."""
        prompt = self._prompt(params.name)
        text = TextContent(text=prompt.render(params.arguments or {}))
        return GetPromptResult(
            description=prompt.description, messages=[PromptMessage(role="user", content=text)]
        )

    async def complete(self, ctx: RequestContext, params: CompleteRequestParams) -> CompleteResult:
        """Values that fit what was typed; none when nothing is known about the argument."""
        source = self._source(params.ref, params.argument.name)
        if source is None or not self._caller.offers(SOURCES[source].operation):
            return CompleteResult(completion=Completion(values=[], total=0, has_more=False))

        async def read(operation: str, arguments: Mapping[str, Any]) -> BaseModel:
            return await self._caller.call(ctx, operation, arguments)

        found = await complete(source, params.argument.value, read)
        completion = Completion(
            values=[*found.values], total=found.total, has_more=found.total > len(found.values)
        )
        return CompleteResult(completion=completion)

    def _prompt(self, name: str) -> Prompt:
        found = self._prompts.get(name)
        if found is None:
            known = ", ".join(self._prompts) or "none"
            raise NotFound(f"There is no prompt {name}.", hint=f"Prompts: {known}.")
        return found

    def _source(
        self, reference: PromptReference | ResourceTemplateReference, argument: str
    ) -> str | None:
        if isinstance(reference, PromptReference):
            arguments = self._prompt(reference.name).arguments
            return next((found.source for found in arguments if found.name == argument), None)
        forms = [form for form in FORMS if form.uri.text == reference.uri]
        if not forms:
            raise NotFound(
                f"There is no resource template {reference.uri}.", hint="List the templates."
            )
        return forms[0].completions.get(argument)


def _described(prompt: Prompt) -> McpPrompt:
    return McpPrompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            PromptArgument(
                name=argument.name, description=argument.description, required=argument.required
            )
            for argument in prompt.arguments
        ],
    )
