"""Resources, prompts and completions, seen by clients of both protocol eras."""

import json

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    PromptReference,
    ResourceTemplateReference,
    TextResourceContents,
)

from gitops_auditor.server.app import AuditorServer
from tests.server import sample


async def test_overviews_come_first_and_repositories_follow_in_pages(
    server: AuditorServer, era: str
) -> None:
    async with Client(server, mode=era) as client:
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
    assert [str(found.uri) for found in first.resources] == [
        "gitops://repositories",
        "gitops://repositories/acme%2Fapi",
        "gitops://repositories/acme%2Fweb",
    ]
    assert [str(found.uri) for found in second.resources] == ["gitops://repositories/zeta%2Fbase"]
    assert second.next_cursor is None


async def test_only_templates_whose_operation_is_on_offer_are_listed(
    server: AuditorServer, era: str
) -> None:
    async with Client(server, mode=era) as client:
        listed = (await client.list_resource_templates()).resource_templates
    assert [found.uri_template for found in listed] == ["gitops://repositories/{repository_id}"]


@pytest.mark.parametrize("written", ["acme/api", "acme%2Fapi"])
async def test_a_resource_is_what_its_operation_answers(
    server: AuditorServer, era: str, written: str
) -> None:
    uri = f"gitops://repositories/{written}"
    async with Client(server, mode=era) as client:
        [content] = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    assert str(content.uri) == uri
    assert json.loads(content.text) == {"id": "acme/api", "name": "acme/api"}


@pytest.mark.parametrize(
    "uri",
    [
        "gitops://repositories/missing",
        "gitops://unknown",
        "gitops://repositories/",
        "gitops://repositories/%FF",
        "gitops://repositories?x=1",
        "file:///etc/passwd",
        "not a uri",
        "gitops://dependencies/graph",
    ],
)
async def test_what_does_not_exist_is_not_found_rather_than_a_fault(
    server: AuditorServer, era: str, uri: str
) -> None:
    async with Client(server, mode=era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
    assert refused.value.error.code == (-32002 if era == "legacy" else -32602)
    assert refused.value.error.data["code"] == "not_found"


async def test_a_fault_while_reading_leaks_nothing(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource("gitops://repositories/broken")
    assert refused.value.error.code == -32603
    assert sample.SECRET not in refused.value.error.model_dump_json()
    assert refused.value.error.data["request_id"] in refused.value.error.message


async def test_prompts_without_their_tools_are_not_offered(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        assert (await client.list_prompts()).prompts == []
        with pytest.raises(MCPError, match="no prompt review_impact") as refused:
            await client.get_prompt("review_impact", {"repository": "acme/api"})
    assert refused.value.error.code == -32602


async def test_a_repository_id_in_a_uri_is_completed(server: AuditorServer, era: str) -> None:
    template = ResourceTemplateReference(uri="gitops://repositories/{repository_id}")
    async with Client(server, mode=era) as client:
        found = await client.complete(template, {"name": "repository_id", "value": "ba"})
        nothing = await client.complete(template, {"name": "other", "value": "ba"})
    assert found.completion.values == ["zeta/base"]
    assert nothing.completion.values == []


async def test_completing_for_an_unknown_prompt_or_template_is_refused(
    server: AuditorServer, era: str
) -> None:
    async with Client(server, mode=era) as client:
        for reference in (
            PromptReference(name="nothing"),
            ResourceTemplateReference(uri="gitops://nothing/{x}"),
        ):
            with pytest.raises(MCPError) as refused:
                await client.complete(reference, {"name": "x", "value": ""})
            assert refused.value.error.code == -32602
