"""Reports on runs that are carried out elsewhere, and the token that is good for nothing else."""

from typing import Any

import httpx2
import pytest
from pydantic import Field, SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gitops_auditor.app import catalog_for
from gitops_auditor.config import Settings
from gitops_auditor.identity import Role
from gitops_auditor.operations import Context, OperationCatalog, Params, Toolset
from gitops_auditor.pipelines.starting.callbacks import ReportedRun, RunReport, RunReports
from gitops_auditor.services import Services
from tests.http_api.assertions import assert_error
from tests.http_api.conftest import TokenMaker
from tests.pipelines.starting.conftest import add_pipeline

TOKEN = "a token for reports"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A server that wants tokens, and has the one for reports."""
    return settings.model_copy(update={"host": "0.0.0.0", "token": SecretStr(TOKEN)})


class ReportRun(RunReport, Params):
    """A report on a run of a pipeline."""

    pipeline_id: str = Field(min_length=1, max_length=200)


def reporting() -> Toolset:
    """The operation that takes reports."""
    toolset = Toolset("pipelines", "Pipelines", "Runs of pipelines.", phase2=True)

    @toolset.operation(
        "POST /api/pipelines/{pipeline_id}/webhook",
        effect="write",
        surface="rest",
        idempotent=True,
    )
    async def report_run(ctx: Context, params: ReportRun) -> ReportedRun:
        """Report on a run that is carried out elsewhere."""
        services = ctx.services
        reports = RunReports(services.database, services.events, services.audit)
        return await reports.take(params.pipeline_id, params, ctx.principal.name)

    return toolset


class TestReports:
    PATH = "/api/pipelines/p/webhook"

    @pytest.fixture
    def catalog(self, settings: Settings) -> OperationCatalog:
        offered = catalog_for(settings)
        if "report_run" in {found.name for found in offered.operations}:
            return offered
        return OperationCatalog([*offered.toolsets, reporting()], offered.aliases)

    @pytest.fixture(autouse=True)
    async def pipeline(self, services: Services) -> None:
        await add_pipeline(services.database)

    async def report(
        self, client: httpx2.AsyncClient, token: str | None = TOKEN, **fields: Any
    ) -> httpx2.Response:
        body = {"event": "started", "run_id": "77", **fields}
        sent = {"authorization": f"Bearer {token}"} if token is not None else {}
        return await client.post(self.PATH, json=body, headers=sent)

    async def test_a_report_with_the_token_of_the_settings_makes_a_run(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        response = await self.report(http_client)
        assert response.status_code == 200, response.text
        assert response.json()["status"] == "running"
        assert (await self.report(http_client)).json() == response.json()

    @pytest.mark.parametrize("media_type", [None, "application/x-www-form-urlencoded"])
    @pytest.mark.parametrize("path", [PATH, "/api/v2/pipelines/p/webhook"])
    async def test_the_call_of_the_document_works_whatever_curl_calls_its_body(
        self, http_client: httpx2.AsyncClient, media_type: str | None, path: str
    ) -> None:
        sent = {"authorization": f"Bearer {TOKEN}"}
        if media_type is not None:
            sent["content-type"] = media_type
        body = b'{"event": "started", "run_id": "1234567890"}'
        response = await http_client.post(path, content=body, headers=sent)
        assert response.status_code == 200, response.text

    async def test_an_event_that_is_not_known_is_refused(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        assert_error(await self.report(http_client, event="exploded"), 422, "invalid_request")

    async def test_a_pipeline_that_does_not_exist_is_not_found(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        response = await http_client.post(
            "/api/pipelines/nobody/webhook",
            json={"event": "started", "run_id": "1"},
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        assert_error(response, 404, "not_found")

    @pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "é"])
    async def test_any_other_token_is_refused(
        self, http_client: httpx2.AsyncClient, token: str | None
    ) -> None:
        body = {"event": "started", "run_id": "77"}
        sent = {} if token is None else {b"authorization": f"Bearer {token}".encode()}
        response = await http_client.post(self.PATH, json=body, headers=sent)
        assert_error(response, 401, "unauthenticated")

    async def test_an_operator_may_report_and_a_viewer_may_not(
        self, http_client: httpx2.AsyncClient, make_token: TokenMaker
    ) -> None:
        for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 200)):
            response = await self.report(http_client, await make_token(role))
            assert response.status_code == status

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/repositories"),
            ("POST", "/api/repositories"),
            ("GET", "/api/pipelines"),
            ("GET", "/api/pipelines/p"),
            ("GET", "/api/pipelines/p/webhook"),
            ("POST", "/api/pipelines/p/execute"),
            ("POST", "/api/pipelines/p/webhook/"),
            ("POST", "/api/pipelines/p/x/webhook"),
            ("POST", "/api/pipelines/p%2Fexecute?/webhook"),
            ("DELETE", "/api/pipelines/p"),
            ("GET", "/api/audit"),
            ("GET", "/api/events"),
            ("GET", "/api/openapi.json"),
            ("POST", "/mcp"),
        ],
    )
    async def test_the_token_of_the_settings_is_good_for_nothing_else(
        self, http_client: httpx2.AsyncClient, method: str, path: str
    ) -> None:
        response = await http_client.request(
            method, path, headers={"authorization": f"Bearer {TOKEN}"}
        )
        assert_error(response, 401, "unauthenticated")

    async def test_nor_does_it_open_a_websocket(self, live_server: str) -> None:
        address = f"{live_server.replace('http', 'ws', 1)}/ws"
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, additional_headers={"authorization": f"Bearer {TOKEN}"})
        assert refused.value.response.status_code == 401


class TestReportsWithoutToken:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"token": SecretStr("")})

    async def test_an_empty_token_lets_nobody_in(self, http_client: httpx2.AsyncClient) -> None:
        for sent in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer"}):
            body = {"event": "started", "run_id": "1"}
            response = await http_client.post(TestReports.PATH, json=body, headers=sent)
            assert_error(response, 401, "unauthenticated")
