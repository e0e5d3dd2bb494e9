import pytest
from mcp.types import Tool

from gitops_auditor.connections.results import ToolInfo
from gitops_auditor.connections.toolbox import Toolbox, check_arguments
from gitops_auditor.errors import Conflict, JsonValue


def tool(name: str, **more: object) -> Tool:
    return Tool.model_validate({"name": name, "inputSchema": {"type": "object"}, **more})


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"$ref": "#/missing"}, {"$ref": "https://example.org/s.json"}]
)
def test_a_schema_that_is_none_or_lies_elsewhere_is_the_servers_fault(
    schema: dict[str, JsonValue],
) -> None:
    with pytest.raises(Conflict, match="is not valid"):
        check_arguments(ToolInfo("t", "", schema, ""), {})


def test_a_change_of_words_alone_is_no_change() -> None:
    box = Toolbox("s", {})
    assert box.learn([tool("a", description="one")]) == []
    assert box.learn([tool("a", description="two")]) == []


def test_a_change_of_the_result_alone_is_a_change() -> None:
    box = Toolbox("s", {})
    box.learn([tool("a")])
    problems = box.learn([tool("a", outputSchema={"type": "object"})])
    assert problems == [
        "The tool a of the MCP server s changed since it was first seen: its output schema changed."
    ]


def test_a_tool_that_is_again_what_it_was_may_be_called_again() -> None:
    box = Toolbox("s", {})
    box.learn([tool("a")])
    box.learn([])
    assert "a" not in box.tools
    box.learn([tool("a")])
    assert box.require("a").name == "a"


def test_a_pinned_tool_that_is_not_offered_is_told_of() -> None:
    assert Toolbox("s", {"a": f"sha256:{'0' * 64}"}).learn([]) == [
        "The tool a of the MCP server s is no longer offered."
    ]
