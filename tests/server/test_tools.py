"""Operations as tools, seen by clients of both protocol eras."""

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, TextContent

from gitops_auditor.errors import Unavailable
from gitops_auditor.identity import Principal, Role
from gitops_auditor.server import tools as adapter
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.server.errors import ERROR_META
from gitops_auditor.services import Services
from tests.server import sample


def text_of(result: CallToolResult) -> str:
    first = result.content[0]
    assert isinstance(first, TextContent)
    return first.text


def code_of(result: CallToolResult) -> str:
    assert result.is_error
    assert result.structured_content is None
    assert result.meta is not None
    body = result.meta[ERROR_META]
    assert set(body) == {"error", "code", "details", "request_id"}
    assert body["error"] == text_of(result)
    code: str = body["code"]
    return code


async def test_a_result_is_structured_and_the_same_in_text(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        result = await client.call_tool("echo_text", {"text": "hé"})
        assert not result.is_error
        assert result.structured_content["text"] == "hé"
        assert sample.Echoed.model_validate_json(text_of(result)) == sample.Echoed(
            **result.structured_content
        )


async def test_an_older_name_still_answers(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        result = await client.call_tool("say_text", {"text": "x"})
        assert result.structured_content["text"] == "x"


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "advice"),
    [
        ("echo_txt", {}, "not_found", "Did you mean echo_text?"),
        ("echo_text", {"text": "x", "txt": 1}, "invalid_request", "Did you mean text?"),
        ("echo_text", {"text": 1}, "invalid_request", "Correct text"),
        ("echo_text", {}, "invalid_request", "Correct text"),
        ("get_repository", {"repository_id": "missing"}, "not_found", "List the repositories."),
        ("get_large", {}, "too_large", "Narrow it with limit."),
    ],
)
async def test_an_expected_failure_is_a_result_that_says_what_to_do(
    server: AuditorServer, era: str, tool: str, arguments: dict[str, object], code: str, advice: str
) -> None:
    async with Client(server, mode=era) as client:
        result = await client.call_tool(tool, arguments)
        assert code_of(result) == code
        assert advice in text_of(result)


async def test_an_unexpected_failure_shows_a_request_id_and_nothing_else(
    server: AuditorServer, era: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Client(server, mode=era) as client:
        result = await client.call_tool("break_down", {})
        assert code_of(result) == "internal"
        assert result.meta is not None
        request_id = result.meta[ERROR_META]["request_id"]
        assert request_id in text_of(result)
        assert sample.SECRET not in result.model_dump_json()
    logged = capfd.readouterr()
    assert request_id in logged.out + logged.err
    assert sample.SECRET in logged.out + logged.err


async def test_details_of_a_failure_are_readable_by_the_model(server: AuditorServer) -> None:
    async with Client(server) as client:
        result = await client.call_tool("echo_text", {"text": "x", "a": 1, "b": 2})
        details = result.content[1]
        assert isinstance(details, TextContent)
        assert '"parameter":"b"' in details.text


async def test_services_that_cannot_open_are_an_error_that_says_why(era: str) -> None:
    async def unavailable() -> Services:
        raise Unavailable("The database is locked.", hint="Close the other program.")

    async with Client(create_server(sample.CATALOG, unavailable), mode=era) as client:
        result = await client.call_tool("echo_text", {"text": "x"})
        assert code_of(result) == "unavailable"
        assert "Close the other program." in text_of(result)


async def test_progress_grows_and_ends_with_the_total(server: AuditorServer, era: str) -> None:
    reports: list[tuple[float, float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total))

    async with Client(server, mode=era) as client:
        await client.call_tool("count_up", {}, progress_callback=on_progress)
        with anyio.fail_after(5):
            while (3, 3) not in reports:
                await anyio.lowlevel.checkpoint()
    assert reports == sorted(set(reports))
    assert reports[0] == (0, 3)


async def test_cancelling_a_call_cancels_the_operation(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "wait_forever", {})
                await sample.waiter.entered.wait()
                tasks.cancel_scope.cancel()
            await sample.waiter.cancelled.wait()
        result = await client.call_tool("echo_text", {"text": "still here"})
        assert result.structured_content["text"] == "still here"


async def test_every_tool_is_listed_with_explicit_hints(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        listed = (await client.list_tools()).tools
    assert [tool.name for tool in listed] == [found.name for found in sample.CATALOG.operations]
    for tool in listed:
        assert tool.annotations is not None
        hints = tool.annotations.model_dump(exclude={"title"})
        assert None not in hints.values()


async def test_tools_beyond_the_role_of_the_caller_are_not_listed(
    server: AuditorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Principal("someone", Role.VIEWER, "token")
    monkeypatch.setattr(adapter, "principal_of", lambda _: viewer)
    async with Client(server) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
    assert "read_secret" not in names
    assert "echo_text" in names


async def test_capabilities_promise_only_what_happens(server: AuditorServer, era: str) -> None:
    async with Client(server, mode=era) as client:
        found = client.server_capabilities
        assert found.resources is not None
        assert found.resources.list_changed
        assert found.resources.subscribe
        assert found.tools is not None
        assert not found.tools.list_changed
        assert found.prompts is not None
        assert not found.prompts.list_changed
        assert found.completions is not None
        assert client.instructions
