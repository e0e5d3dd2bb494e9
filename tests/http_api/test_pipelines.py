"""Pipelines and runs over REST: addresses, versions, roles, repeated requests."""

import base64
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Forbidden
from gitops_auditor.identity import Principal, Role
from gitops_auditor.operations import Call, OperationCatalog
from tests.factories.runs import Project, run_settings
from tests.http_api.assertions import assert_error
from tests.http_api.conftest import TokenMaker

CHECKS = """
name: checks
stages:
  - name: one
    jobs:
      - keeps:
          script: |
            printf 'text €' > kept.txt
            printf '\\377\\000' > kept.bin
          artifacts: [kept.txt, kept.bin]
"""
STORED = "name: stored\nstages: [{name: one, jobs: [{name: job, script: 'sleep 600'}]}]"
ASKS = """
name: asks
stages:
  - name: gate
    jobs: [{name: ask, approval: Deploy?}]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def create(
    client: httpx2.AsyncClient, project: Project, source: str = STORED
) -> httpx2.Response:
    body = {"repository_id": project.repository_id, "source": source}
    return await client.post("/api/pipelines", json=body)


async def execute(client: httpx2.AsyncClient, pipeline_id: str, **body: Any) -> httpx2.Response:
    return await client.post(f"/api/pipelines/{pipeline_id}/execute", json=body)


async def test_creating_answers_201_with_address_and_version(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    made = await create(http_client, project)
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/pipelines/{made.json()['id']}"
    found = await http_client.get(made.headers["location"])
    assert (found.json(), found.headers["etag"]) == (made.json(), '"1"')


async def test_a_mistake_answers_422_with_line_and_column(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    answer = await create(http_client, project, "name: x\nstages:\n  - name: one\n    jbos: []\n")
    (problem, *_) = assert_error(answer, 422, "invalid_request")["details"]["problems"]
    assert (problem["line"], problem["column"]) == (3, 5)


async def test_a_change_needs_the_version_that_was_read(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    address = (await create(http_client, project)).headers["location"]
    paused = await http_client.put(address, json={"status": "paused"}, headers={"if-match": '"1"'})
    assert (paused.status_code, paused.headers["etag"]) == (200, '"2"')
    stale = await http_client.put(address, json={"status": "active"}, headers={"if-match": '"1"'})
    assert_error(stale, 412, "stale")
    gone = await http_client.delete(address, headers={"if-match": '"2"'})
    assert gone.status_code == 200
    assert_error(await http_client.get(address), 404, "not_found")


async def test_executing_answers_202_with_the_address_of_the_run_and_the_same_for_a_key(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    pipeline_id = await project.define(CHECKS)
    first = await execute(http_client, pipeline_id, idempotency_key="k")
    again = await execute(http_client, pipeline_id, idempotency_key="k")
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    assert first.headers["location"] == f"/api/runs/{first.json()['id']}"
    run = await http_client.get(first.headers["location"], params={"wait_seconds": 40})
    assert run.json()["status"] == "success"
    listed = (await http_client.get(f"/api/pipelines/{pipeline_id}/runs")).json()
    assert [one["id"] for one in listed["items"]] == [first.json()["id"]]
    again = await http_client.post(f"{first.headers['location']}/rerun", json={})
    assert again.headers["location"] == f"/api/runs/{again.json()['id']}"
    await project.ended(again.json()["id"])


async def test_what_was_seen_of_a_pipeline_is_not_given_for_what_it_became(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    pipeline_id = await project.define(CHECKS)
    address = f"/api/pipelines/{pipeline_id}"
    before = await http_client.get(address)
    run = await project.run()
    seen = {"if-none-match": before.headers["etag"]}
    after = await http_client.get(address, headers=seen)
    assert (after.status_code, after.json()["last_run"]["id"]) == (200, run.id)


async def test_deleting_while_a_run_is_active_is_a_conflict_and_history_stays(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    address = (await create(http_client, project)).headers["location"]
    pipeline_id = address.rpartition("/")[2]
    run = (await execute(http_client, pipeline_id)).json()
    assert_error(await http_client.delete(address), 409, "conflict")
    cancelled = await http_client.post(f"{address}/runs/{run['id']}/cancel")
    assert cancelled.status_code == 200
    await project.ended(run["id"])
    assert (await http_client.delete(address)).status_code == 200
    kept = (await http_client.get(f"/api/runs/{run['id']}")).json()
    assert (kept["status"], kept["pipeline_name"]) == ("cancelled", "stored")


async def test_a_run_is_found_below_its_own_pipeline_only(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    pipeline_id = await project.define(CHECKS)
    run = await project.run()
    other = (await create(http_client, project)).json()["id"]
    found = await http_client.get(f"/api/pipelines/{pipeline_id}/runs/{run.id}")
    assert found.json()["id"] == run.id
    for path, method in ((f"runs/{run.id}", "GET"), (f"runs/{run.id}/cancel", "POST")):
        answer = await http_client.request(method, f"/api/pipelines/{other}/{path}")
        assert_error(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body", "member"),
    [
        ("GET", "health", None, "figures"),
        ("POST", "validate", {"source": STORED}, "resolution"),
        ("POST", "sync", {"repository_id": "acme/tool"}, "files"),
        ("POST", "import", {"workflow": "on: push\njobs: {a: {runs-on: x}}"}, "not_mapped"),
    ],
)
async def test_literal_addresses_win_over_pipelines_of_that_name(
    http_client: httpx2.AsyncClient,
    project: Project,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    member: str,
) -> None:
    await create(http_client, project, STORED.replace("stored", path))
    answer = await http_client.request(method, f"/api/pipelines/{path}", json=body)
    assert member in answer.json(), answer.text


async def test_artifacts_are_text_or_base64_and_never_too_large(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    await project.define(CHECKS)
    run = await project.run()
    address = f"/api/runs/{run.id}/artifacts"
    listed = (await http_client.get(address)).json()["items"]
    assert [(one["path"], one["size"]) for one in listed] == [("kept.bin", 2), ("kept.txt", 8)]

    async def content(path: str, **more: Any) -> httpx2.Response:
        wanted = {"job": "one/keeps", "path": path, **more}
        return await http_client.get(f"{address}/content", params=wanted)

    text, binary = (await content("kept.txt")).json(), (await content("kept.bin")).json()
    assert (text["encoding"], text["content"], text["size"]) == ("utf-8", "text €", 8)
    assert (binary["encoding"], base64.b64decode(binary["content"])) == ("base64", b"\xff\0")
    assert_error(await content("kept.txt", max_bytes=7), 413, "too_large")
    assert_error(await content("../../etc/passwd"), 404, "not_found")


async def test_runs_are_forgotten_only_when_it_is_said_how_old(
    http_client: httpx2.AsyncClient, project: Project
) -> None:
    await project.define(CHECKS)
    run = await project.run()
    assert_error(await http_client.delete("/api/runs"), 422, "invalid_request")
    looked = await http_client.delete("/api/runs", params={"days": 0, "keep": 0, "dry_run": True})
    assert (looked.json()["removed"], looked.json()["dry_run"]) == (1, True)
    done = await http_client.delete("/api/runs", params={"days": 0, "keep": 0})
    assert done.json()["removed"] == 1
    assert_error(await http_client.get(f"/api/runs/{run.id}"), 404, "not_found")


class TestRoles:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"host": "0.0.0.0"})

    async def test_a_viewer_looks_at_runs_but_starts_cancels_and_approves_none_over_rest(
        self, http_client: httpx2.AsyncClient, project: Project, make_token: TokenMaker
    ) -> None:
        pipeline_id = await project.define(ASKS)
        run = await project.until(
            (await project.start()).id, lambda one: bool(one.awaiting_approval)
        )
        viewer = {"authorization": f"Bearer {await make_token(Role.VIEWER)}"}
        seen = await http_client.get(f"/api/runs/{run.id}", headers=viewer)
        assert seen.json()["awaiting_approval"] == ["gate/ask"]
        for path, body in (
            (f"pipelines/{pipeline_id}/execute", {}),
            (f"runs/{run.id}/cancel", {}),
            (f"runs/{run.id}/rerun", {}),
            (f"runs/{run.id}/approve", {"job": "gate/ask", "approve": True}),
        ):
            answer = await http_client.post(f"/api/{path}", json=body, headers=viewer)
            assert_error(answer, 403, "forbidden")
        operator = {"authorization": f"Bearer {await make_token(Role.OPERATOR)}"}
        answer = await http_client.post(
            f"/api/runs/{run.id}/approve",
            json={"job": "gate/ask", "approve": True},
            headers=operator,
        )
        assert answer.status_code == 200
        assert (await project.ended(run.id)).status == "success"

    async def test_what_a_viewer_may_not_over_rest_it_may_not_over_mcp(
        self, catalog: OperationCatalog, project: Project
    ) -> None:
        viewer = Principal("viewer", Role.VIEWER, "token")
        pipeline_id = await project.define(ASKS)
        for name, arguments in (
            ("run_pipeline", {"pipeline_id": pipeline_id}),
            ("cancel_run", {"run_id": "any"}),
            ("decide_approval", {"run_id": "any", "job": "a/b", "approve": True}),
        ):
            with pytest.raises(Forbidden):
                await catalog.call(project.services, Call(name, arguments, viewer, "r"))
