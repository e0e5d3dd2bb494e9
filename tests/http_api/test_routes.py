"""Addresses: ids with slashes, the alias, methods, paging, versions, results of long work."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.factories.git import make_repository
from tests.http_api.assertions import assert_error


@pytest.mark.parametrize("path", ["acme/tool", "acme%2Ftool", "acme%2ftool"])
@pytest.mark.parametrize("prefix", ["/api", "/api/v2"])
async def test_a_repository_is_found_by_its_id_with_plain_and_encoded_slashes(
    http_client: httpx2.AsyncClient, repository: str, prefix: str, path: str
) -> None:
    response = await http_client.get(f"{prefix}/repositories/{path}")
    assert response.status_code == 200
    assert response.json()["id"] == repository


async def test_registering_answers_201_with_the_address_of_the_repository(
    http_client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "new", {}, origin="https://example.org/acme/new.git")
    response = await http_client.post("/api/repositories", json={"path": str(tmp_path / "new")})
    assert response.status_code == 201
    assert response.headers["location"] == "/api/repositories/acme/new"
    found = await http_client.get(response.headers["location"])
    assert found.json() == response.json()


async def test_registering_twice_is_a_conflict(
    http_client: httpx2.AsyncClient, repository: str, tmp_path: Path
) -> None:
    again = await http_client.post("/api/repositories", json={"path": str(tmp_path / "checkout")})
    assert assert_error(again, 409, "conflict")["details"]["id"] == repository


async def test_a_head_request_is_answered_as_get_without_a_body(live_server: str) -> None:
    async with httpx2.AsyncClient(base_url=live_server) as client:
        answered = await client.get("/api/repositories")
        head = await client.head("/api/repositories")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answered.content))


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "PUT"])
async def test_a_method_that_is_not_offered_answers_405_with_every_one_that_is(
    http_client: httpx2.AsyncClient, method: str
) -> None:
    response = await http_client.request(method, "/api/repositories")
    assert_error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, POST"


async def test_literal_addresses_win_over_ids(http_client: httpx2.AsyncClient) -> None:
    response = await http_client.get("/api/dependencies/health")
    assert response.json()["name"] == "dependencies"


@pytest.mark.parametrize("path", ["/api/", "/api/v2", "/api/v2/", "/", "/api/repositories/"])
async def test_an_address_without_an_operation_answers_404(
    http_client: httpx2.AsyncClient, path: str
) -> None:
    assert_error(await http_client.get(path), 404, "not_found")


async def test_a_parameter_of_the_path_is_refused_elsewhere(
    http_client: httpx2.AsyncClient, repository: str
) -> None:
    response = await http_client.get(f"/api/repositories/{repository}?repository_id=other")
    assert_error(response, 422, "invalid_request")


async def test_pages_follow_each_other_without_gap_or_repetition(
    http_client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    for number in range(5):
        await make_repository(tmp_path / f"repo-{number}", {})
    report = {"workspace": str(tmp_path), "wait_seconds": 20}
    await http_client.post("/api/repositories/discover", json=report)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query: dict[str, Any] = {"limit": 2, **cursor}
        page = (await http_client.get("/api/repositories", params=query)).json()
        assert page["total"] == 5
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [f"repo-{number}" for number in range(5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=%25", "cursor=e30"])
async def test_a_page_that_cannot_be_is_refused(
    http_client: httpx2.AsyncClient, query: str
) -> None:
    assert_error(await http_client.get(f"/api/repositories?{query}"), 422, "invalid_request")


@pytest.mark.parametrize("query", ["cursor=%ff", "&".join(f"a{n}=1" for n in range(101))])
async def test_a_query_string_that_cannot_be_read_answers_400(
    http_client: httpx2.AsyncClient, query: str
) -> None:
    assert_error(await http_client.get(f"/api/repositories?{query}"), 400, "malformed_request")


class TestVersions:
    async def test_a_version_that_the_caller_has_is_not_sent_again(
        self, http_client: httpx2.AsyncClient, repository: str
    ) -> None:
        address = f"/api/repositories/{repository}"
        tag = (await http_client.get(address)).headers["etag"]
        for known in (tag, f"W/{tag}", f'"0", {tag}', "*"):
            response = await http_client.get(address, headers={"if-none-match": known})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == tag
        response = await http_client.get(address, headers={"if-none-match": '"0"'})
        assert response.status_code == 200

    async def test_a_change_of_the_version_that_was_read_is_made(
        self, http_client: httpx2.AsyncClient, repository: str
    ) -> None:
        address = f"/api/repositories/{repository}"
        tag = (await http_client.get(address)).headers["etag"]
        changed = await http_client.put(address, json={"name": "A"}, headers={"if-match": tag})
        assert (changed.status_code, changed.json()["name"]) == (200, "A")
        assert changed.headers["etag"] != tag

    async def test_a_change_of_a_version_that_is_gone_answers_412_with_the_present_one(
        self, http_client: httpx2.AsyncClient, repository: str
    ) -> None:
        address = f"/api/repositories/{repository}"
        await http_client.put(address, json={"name": "A"})
        for method in ("PUT", "DELETE"):
            response = await http_client.request(
                method, address, headers={"if-match": '"1"'}, json={"name": "B"}
            )
            assert assert_error(response, 412, "stale")["details"] == {"version": 2}
        assert (await http_client.get(address)).json()["name"] == "A"

    async def test_any_version_may_be_changed_with_an_asterisk(
        self, http_client: httpx2.AsyncClient, repository: str
    ) -> None:
        address = f"/api/repositories/{repository}"
        response = await http_client.delete(address, headers={"if-match": "*"})
        assert response.status_code == 200
        assert_error(await http_client.get(address), 404, "not_found")

    async def test_a_version_that_is_no_number_is_refused(
        self, http_client: httpx2.AsyncClient, repository: str
    ) -> None:
        response = await http_client.delete(
            f"/api/repositories/{repository}", headers={"if-match": '"abc"'}
        )
        assert_error(response, 422, "invalid_request")


@pytest.mark.usefixtures("repository")
class TestLongWork:
    async def test_it_answers_202_at_once_with_the_address_to_follow(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        started = await http_client.post("/api/dependencies/scan", json={})
        assert started.status_code == 202
        work = started.json()
        assert started.headers["location"] == f"/api/work/{work['id']}"
        ended = await http_client.get(started.headers["location"], params={"wait_seconds": 20})
        assert ended.json()["status"] == "success"
        assert ended.json()["result"]

    async def test_it_answers_200_when_it_ends_while_the_call_waits(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        ended = await http_client.post("/api/dependencies/scan", json={"wait_seconds": 20})
        assert (ended.status_code, ended.json()["status"]) == (200, "success")
        assert "location" not in ended.headers

    async def test_a_failure_is_told_in_the_work(self, http_client: httpx2.AsyncClient) -> None:
        body = {"repositories": ["missing"], "wait_seconds": 20}
        ended = await http_client.post("/api/dependencies/scan", json=body)
        assert (ended.status_code, ended.json()["status"]) == (200, "failed")
        assert ended.json()["error"]["code"] == "not_found"
