"""Plans over REST: paths, status codes, and who may approve what others asked for."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.identity import Role
from gitops_auditor.services import Services
from tests.factories.family import Family, open_family
from tests.factories.git import git
from tests.factories.owned import owned
from tests.factories.runs import runs_carried_out
from tests.http_api.assertions import assert_error
from tests.http_api.conftest import TokenMaker
from tests.http_api.test_auth import bearer

WAIT = 40
BASE = "/api/dependencies/coordination"
MEMBERS = ["acme/libcore", "acme/libdb"]
MERGE = {
    "change": {"kind": "bump", "name": "left-pad", "version": "2.0.0"},
    "repositories": MEMBERS,
    "delivery": "merge",
    "check_gates": False,
    "wait_seconds": WAIT,
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"require_token": True})


@pytest.fixture
async def family(services: Services, tmp_path: Path) -> AsyncIterator[Family]:
    opened = await open_family(services, tmp_path / "family")
    async with owned(runs_carried_out(services)):
        yield opened


@pytest.fixture
async def asking(http_client: httpx2.AsyncClient, make_token: TokenMaker) -> httpx2.AsyncClient:
    """A client with the role operator, whose plans these are."""
    http_client.headers.update(bearer(await make_token(Role.OPERATOR)))
    return http_client


async def planned(client: httpx2.AsyncClient) -> dict[str, Any]:
    response = await client.post("/api/dependencies/coordinate", json=MERGE)
    assert response.status_code == 200, response.text
    work = response.json()
    assert work["status"] == "success", work
    plan: dict[str, Any] = work["result"]
    return plan


async def test_a_plan_is_approved_by_another_token_and_executed(
    asking: httpx2.AsyncClient, make_token: TokenMaker, family: Family
) -> None:
    plan = await planned(asking)
    at = f"{BASE}/{plan['id']}"
    before = await family.snapshot()
    unapproved = await asking.post(f"{at}/execute", json={})
    body = assert_error(unapproved, 403, "refused")
    assert body["details"] == {"hash": plan["hash"]}
    assert f"gitops-auditor plan approve {plan['id']} {plan['hash'][:12]}" in body["error"]

    own = await asking.post(f"{at}/approve", json={"hash": plan["hash"]})
    assert "asked for the plan" in assert_error(own, 403, "forbidden")["error"]
    other = bearer(await make_token(Role.ADMIN))
    wrong = await asking.post(f"{at}/approve", json={"hash": "a" * 12}, headers=other)
    assert assert_error(wrong, 412, "stale")["details"] == {"hash": plan["hash"]}
    short = await asking.post(f"{at}/approve", json={"hash": "a" * 11}, headers=other)
    assert_error(short, 422, "invalid_request")
    viewer = bearer(await make_token(Role.VIEWER))
    reading = await asking.post(f"{at}/approve", json={"hash": plan["hash"]}, headers=viewer)
    assert_error(reading, 403, "forbidden")
    assert await family.snapshot() == before
    agreed = await asking.post(f"{at}/approve", json={"hash": plan["hash"][:12]}, headers=other)
    assert (agreed.status_code, agreed.json()["approved"]) == (200, True)

    done = await asking.post(f"{at}/execute", json={"wait_seconds": WAIT})
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    shown = (await asking.get(at)).json()
    assert [one["repository_id"] for one in shown["repositories"]] == MEMBERS
    assert shown["approved"]
    again = await asking.post(f"{at}/resume", json={})
    assert_error(again, 409, "conflict")


async def test_a_stale_plan_is_refused_with_what_changed(
    asking: httpx2.AsyncClient, make_token: TokenMaker, family: Family
) -> None:
    plan = await planned(asking)
    at = f"{BASE}/{plan['id']}"
    remote = family.remote("libdb")
    made = await git(remote, "commit-tree", "-p", "main", "-m", "theirs", "main^{tree}")
    await git(remote, "update-ref", "refs/heads/main", made)
    other = bearer(await make_token(Role.ADMIN))
    stale = await asking.post(f"{at}/approve", json={"hash": plan["hash"]}, headers=other)
    body = assert_error(stale, 412, "stale")
    assert "main of acme/libdb moved" in body["error"]
    assert body["details"]


async def test_what_there_is_not_and_what_is_out_of_order_is_refused(
    asking: httpx2.AsyncClient, family: Family
) -> None:
    assert_error(await asking.get(f"{BASE}/absent"), 404, "not_found")
    at = f"{BASE}/{(await planned(asking))['id']}"
    assert_error(await asking.post(f"{at}/phases/1/validate", json={}), 409, "conflict")
    assert_error(await asking.get(f"{at}/phases/9/rehearsal"), 422, "invalid_request")
    assert_error(await asking.get(at, params={"repository_id": "a/b"}), 422, "invalid_request")
    diff = (await asking.get(at, params={"repository_id": "acme/libdb"})).json()
    assert '+    "left-pad": "^2.0.0"' in diff["diff"]
    assert (await asking.get(BASE, params={"status": "held"})).json()["items"] == []
    assert (await asking.post(f"{at}/cancel", json={})).json()["status"] == "cancelled"
