"""Operations that ask the person at the client, of both protocol eras."""

from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp_types import ElicitRequestParams, ElicitResult, ErrorData
from pydantic import BaseModel
from starlette.applications import Starlette

from gitops_auditor.http_api.app import create_app
from gitops_auditor.operations import Context, OperationCatalog, Params, Toolset
from gitops_auditor.server import asking
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services
from tests.factories.servers import serving
from tests.server.person import NO, YES, Person

toolset = Toolset("asking", "Asking", "Operations that ask.")


class Question(Params):
    text: str


class Told(BaseModel):
    answer: str


@toolset.operation("GET /api/asked")
async def ask_once(ctx: Context, params: Question) -> Told:
    """Ask, and tell the answer."""
    return Told(answer=await ctx.ask(params.text))


@toolset.operation("POST /api/asked-at-length", effect="write", long=True)
async def ask_at_length(ctx: Context, params: Question) -> Told:
    """Ask in the course of long work."""
    return Told(answer=await ctx.ask(params.text))


CATALOG = OperationCatalog([toolset], {})


@pytest.fixture
def server(services: Services) -> AuditorServer:
    return create_server(CATALOG, services)


async def answer_of(
    server: Any, era: str, person: Person | None, tool: str = "ask_once", **arguments: object
) -> Any:
    async with Client(server, mode=era, elicitation_callback=person) as client:
        result = await client.call_tool(tool, {"text": "May I?", **arguments})
    assert not result.is_error, result
    return result.structured_content


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (YES, "accepted"),
        (NO, "declined"),
        (ElicitResult(action="cancel"), "declined"),
        (ElicitResult(action="accept"), "declined"),
        (ElicitResult(action="accept", content={"agree": False}), "declined"),
        (ElicitResult(action="accept", content={"agree": "yes"}), "declined"),
    ],
)
async def test_only_an_explicit_yes_is_one(
    server: AuditorServer, era: str, given: ElicitResult, answer: str
) -> None:
    person = Person(given)
    assert await answer_of(server, era, person) == {"answer": answer}
    assert person.asked == ["May I?"]


async def test_a_client_that_takes_no_questions_is_not_asked(
    server: AuditorServer, era: str
) -> None:
    assert await answer_of(server, era, None) == {"answer": "unable"}


async def test_a_client_that_fails_to_ask_has_not_agreed(server: AuditorServer) -> None:
    person = Person(ErrorData(code=-32603, message="no window"))
    assert await answer_of(server, "legacy", person) == {"answer": "unable"}


async def test_a_question_without_an_answer_is_given_up(
    server: AuditorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASK_SECONDS", 0.05)

    async def away(context: Any, params: ElicitRequestParams) -> ElicitResult:
        await anyio.sleep_forever()
        return YES

    async with Client(server, mode="legacy", elicitation_callback=away) as client:
        result = await client.call_tool("ask_once", {"text": "May I?"})
    assert result.structured_content == {"answer": "unable"}


async def test_an_answer_to_another_question_counts_for_nothing(server: AuditorServer) -> None:
    person = Person(NO)
    async with Client(server, elicitation_callback=person) as client:
        result = await client.call_tool(
            "ask_once", {"text": "May I?"}, input_responses={"question-0": YES}
        )
    assert result.structured_content == {"answer": "declined"}
    assert person.asked == ["May I?"]


@pytest.mark.parametrize(("wait", "asked"), [(20, 1), (0, 0)])
async def test_long_work_asks_only_a_caller_that_waits_and_stays_connected(
    server: AuditorServer, era: str, wait: float, asked: int
) -> None:
    person = Person(YES)
    async with Client(server, mode=era, elicitation_callback=person) as client:
        result = await client.call_tool("ask_at_length", {"text": "May I?", "wait_seconds": wait})
    assert not result.is_error
    expected = asked if era == "legacy" else 0
    assert len(person.asked) == expected
    if wait:
        answer = "accepted" if expected else "unable"
        assert result.structured_content["result"] == {"answer": answer}


@pytest.fixture
def app(services: Services, server: AuditorServer) -> Starlette:
    endpoint = McpEndpoint(server, services.settings)
    return create_app(CATALOG, services, endpoint, endpoint.running)


async def test_clients_of_http_are_asked_too(app: Starlette, services: Services, era: str) -> None:
    async with serving(app, services.settings) as url:
        assert await answer_of(f"{url}/mcp", era, Person(YES)) == {"answer": "accepted"}


async def test_who_calls_over_rest_is_not_asked(http_client: httpx2.AsyncClient) -> None:
    answer = await http_client.get("/api/asked", params={"text": "May I?"})
    assert answer.json() == {"answer": "unable"}
