"""Prompts and completions over the product's own catalog."""

from pathlib import Path

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, TextContent

from gitops_auditor.operations import OperationCatalog
from gitops_auditor.resources.prompts import PROMPTS
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.services import Services
from tests.factories.git import make_repository


@pytest.fixture
def product(catalog: OperationCatalog, services: Services) -> AuditorServer:
    return create_server(catalog.for_mcp(), services)


async def test_every_prompt_can_be_had_with_all_toolsets(
    catalog: OperationCatalog, services: Services, era: str
) -> None:
    everything = create_server(catalog.for_mcp(toolsets=["all"]), services)
    async with Client(everything, mode=era) as client:
        listed = (await client.list_prompts()).prompts
        for prompt in listed:
            arguments = {found.name: "acme/api" for found in prompt.arguments or []}
            [message] = (await client.get_prompt(prompt.name, arguments)).messages
            assert message.role == "user"
            assert isinstance(message.content, TextContent)
            assert message.content.text
    assert [prompt.name for prompt in listed] == [prompt.name for prompt in PROMPTS]


@pytest.mark.parametrize(
    "toolsets",
    [[], ["default", "dependencies"], ["default", "pipelines"], ["orchestration"]],
    ids=lambda chosen: ",".join(chosen) or "default",
)
async def test_a_prompt_is_offered_exactly_when_all_its_operations_are(
    catalog: OperationCatalog, services: Services, era: str, toolsets: list[str]
) -> None:
    selected = catalog.for_mcp(toolsets=toolsets)
    names = {found.name for found in selected.operations}
    async with Client(create_server(selected, services), mode=era) as client:
        listed = {prompt.name for prompt in (await client.list_prompts()).prompts}
    assert listed == {prompt.name for prompt in PROMPTS if names.issuperset(prompt.operations)}
    assert listed != {prompt.name for prompt in PROMPTS}


async def test_a_missing_argument_is_refused_by_name(product: AuditorServer, era: str) -> None:
    async with Client(product, mode=era) as client:
        with pytest.raises(MCPError, match="repository is missing") as refused:
            await client.get_prompt("review_impact", {})
    assert refused.value.error.code == -32602


async def test_a_repository_is_completed_for_a_prompt_from_the_registry(
    product: AuditorServer, era: str, tmp_path: Path
) -> None:
    folder = tmp_path / "workspace" / "api"
    await make_repository(folder, {"README.md": "x"}, origin="https://example.com/acme/api.git")
    reference = PromptReference(name="review_impact")
    async with Client(product, mode=era) as client:
        registered = await client.call_tool("register_repository", {"path": str(folder)})
        assert not registered.is_error, registered.content
        found = await client.complete(reference, {"name": "repository", "value": "ap"})
        other = await client.complete(reference, {"name": "repository", "value": "web"})
    assert found.completion.values == ["acme/api"]
    assert other.completion.values == []
