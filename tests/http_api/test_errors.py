"""The contract of failures over HTTP.

Every failure has the body {error, code, details, request_id}: `error` is a sentence that says what
to do next, `code` is stable, `request_id` equals the X-Request-Id header and finds the log.
"""

import httpx2
import pytest
from starlette.applications import Starlette

from gitops_auditor.errors import FAMILY
from gitops_auditor.http_api.errors import STATUS
from gitops_auditor.operations import Call, OperationCatalog
from gitops_auditor.services import Services
from tests.http_api.assertions import assert_error


def test_every_error_code_has_a_status() -> None:
    assert {member.code for member in FAMILY} == set(STATUS)


async def test_an_unknown_path_answers_404_in_the_common_body(
    http_client: httpx2.AsyncClient,
) -> None:
    assert_error(await http_client.get("/api/nothing"), 404, "not_found")


async def test_a_wrong_method_answers_405_in_the_common_body(
    http_client: httpx2.AsyncClient,
) -> None:
    response = await http_client.delete("/api/dependencies/changes")
    assert_error(response, 405, "method_not_allowed")
    assert "GET" in response.headers["allow"]


async def test_a_missing_thing_answers_404_and_says_what_to_do(
    http_client: httpx2.AsyncClient,
) -> None:
    body = assert_error(await http_client.get("/api/work/absent"), 404, "not_found")
    assert "List the work" in body["error"]


async def test_an_unknown_parameter_answers_422_with_the_near_name(
    http_client: httpx2.AsyncClient,
) -> None:
    response = await http_client.get("/api/repositories", params={"limt": 5})
    assert "Did you mean limit?" in assert_error(response, 422, "invalid_request")["error"]


async def test_a_parameter_given_twice_is_refused(http_client: httpx2.AsyncClient) -> None:
    response = await http_client.get("/api/repositories?limit=1&limit=2")
    assert_error(response, 422, "invalid_request")


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 200_000])
async def test_a_body_that_is_not_a_json_object_answers_400(
    http_client: httpx2.AsyncClient, content: bytes
) -> None:
    response = await http_client.post(
        "/api/dependencies/scan",
        content=content,
        headers={"content-type": "application/json"},
    )
    assert_error(response, 400, "malformed_request")


async def test_a_body_of_another_media_type_answers_415(http_client: httpx2.AsyncClient) -> None:
    response = await http_client.post("/api/dependencies/scan", data={"repository": "x"})
    assert_error(response, 415, "unsupported_media_type")


async def test_a_query_string_on_a_write_is_refused(http_client: httpx2.AsyncClient) -> None:
    response = await http_client.post("/api/repositories?path=/tmp", json={})
    assert_error(response, 422, "invalid_request")


async def test_a_fault_of_ours_shows_a_request_id_and_nothing_else(
    app: Starlette, http_client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: OperationCatalog, services: Services, call: Call) -> None:
        message = "password=hunter2"
        raise RuntimeError(message)

    monkeypatch.setattr(OperationCatalog, "call", broken)
    response = await http_client.get("/api/repositories")
    body = assert_error(response, 500, "internal")
    assert body["details"] == {}
    assert "hunter2" not in response.text


async def test_every_answer_carries_the_security_headers(http_client: httpx2.AsyncClient) -> None:
    response = await http_client.get("/healthz")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
