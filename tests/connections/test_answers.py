import pytest
from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from gitops_auditor.connections.answers import result_of
from gitops_auditor.execution.masking import Masker


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (TextContent(text="found"), "found"),
        (ImageContent(data="aGVsbG8=", mime_type="image/png"), "[image: image/png, 8 characters"),
        (ResourceLink(name="report", uri="file:///r"), "[link: file:///r]"),
        (EmbeddedResource(resource=TextResourceContents(uri="a:b", text="whole")), "whole"),
        (EmbeddedResource(resource=BlobResourceContents(uri="a:b", blob="aa")), "[resource: a:b]"),
    ],
)
def test_every_kind_of_block_is_shown_or_named(block: ContentBlock, text: str) -> None:
    assert result_of(CallToolResult(content=[block]), Masker([])).text.startswith(text)


def test_secrets_are_masked_wherever_they_stand_in_a_structured_result() -> None:
    structured = {"a": ["is secret-word", {"secret-word": 1}], "n": 2}
    answer = CallToolResult(content=[], structured_content=structured)
    found = result_of(answer, Masker(["secret-word"])).structured
    assert found == {"a": ["is ***", {"***": 1}], "n": 2}
