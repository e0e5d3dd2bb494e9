"""GitHub's webhooks: only what is signed is kept, and all of it once."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlencode

import anyio
import anyio.lowlevel
import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from gitops_auditor.config import Settings
from gitops_auditor.identity import Role
from gitops_auditor.pipelines.starting.deliveries import DeliveryProcessor
from gitops_auditor.services import Services
from gitops_auditor.storage.pipeline_tables import webhook_deliveries
from gitops_auditor.work import Process, open_process
from tests.http_api.assertions import assert_error
from tests.http_api.conftest import TokenMaker
from tests.pipelines.starting.conftest import Starter, unmoved

SECRET = "a secret of the webhook"
PATHS = ("/api/webhooks/github", "/api/v2/webhooks/github")
JSON_TYPE = "application/json"
DELIVERIES = 1000
SECONDS = 200.0


def push(commit: str = "b" * 40, repository: str = "acme/tool") -> bytes:
    payload = {"ref": "refs/heads/main", "after": commit, "repository": {"full_name": repository}}
    return json.dumps(payload).encode()


def headers(body: bytes, delivery: str = "d-1", **changed: str | None) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sent = {
        "x-github-event": "push",
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={digest}",
        "content-type": JSON_TYPE,
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    return {name: value for name, value in sent.items() if value is not None}


async def deliver(
    client: httpx2.AsyncClient, body: bytes, delivery: str = "d-1", **changed: str | None
) -> httpx2.Response:
    return await client.post(PATHS[0], content=body, headers=headers(body, delivery, **changed))


async def kept(services: Services) -> int:
    """How many webhooks are in the database."""
    query = select(func.count()).where(webhook_deliveries.c.source == "github")
    async with services.database.read() as connection:
        return await connection.scalar(query) or 0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A server that wants tokens, and has the secret of the webhook."""
    changes = {"host": "0.0.0.0", "github_webhook_secret": SecretStr(SECRET)}
    return settings.model_copy(update=changes)


class TestGithub:
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_signed_delivery_is_kept_and_accepted_without_a_token(
        self, http_client: httpx2.AsyncClient, services: Services, path: str
    ) -> None:
        body = push()
        response = await http_client.post(path, content=body, headers=headers(body))
        assert response.status_code == 202
        assert response.json() == {"delivery": "d-1", "status": "accepted"}
        assert await kept(services) == 1

    async def test_a_delivery_sent_again_gets_the_same_answer_and_is_kept_once(
        self, http_client: httpx2.AsyncClient, services: Services
    ) -> None:
        first = await deliver(http_client, push())
        again = await deliver(http_client, push())
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert await kept(services) == 1

    @pytest.mark.parametrize(
        "signature",
        [None, "", "sha256=", "sha256=" + "0" * 64, "sha256=" + "0" * 63, "sha1=" + "0" * 40, "x"],
    )
    async def test_another_signature_is_refused_whatever_its_length(
        self, http_client: httpx2.AsyncClient, services: Services, signature: str | None
    ) -> None:
        response = await deliver(http_client, push(), x_hub_signature_256=signature)
        assert_error(response, 401, "unauthenticated")
        assert await kept(services) == 0

    async def test_the_signature_is_of_the_very_bytes(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        signed = headers(push())
        other = json.dumps(json.loads(push()), indent=1).encode()
        response = await http_client.post(PATHS[0], content=other, headers=signed)
        assert_error(response, 401, "unauthenticated")

    async def test_a_token_does_not_stand_for_a_signature(
        self, http_client: httpx2.AsyncClient, make_token: TokenMaker
    ) -> None:
        token = await make_token(Role.ADMIN)
        response = await deliver(
            http_client, push(), x_hub_signature_256=None, authorization=f"Bearer {token}"
        )
        assert_error(response, 401, "unauthenticated")

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "malformed_request"),
            (b"{", 400, "malformed_request"),
            (b"[" * 100_000, 400, "malformed_request"),
            (b"\xff\xfe", 400, "malformed_request"),
            (b"[]", 400, "malformed_request"),
            (b"{}", 422, "invalid_request"),
            (push("not a commit"), 422, "invalid_request"),
            (push(repository="../../etc"), 422, "invalid_request"),
        ],
    )
    async def test_a_payload_that_is_not_understood_is_refused(
        self,
        http_client: httpx2.AsyncClient,
        services: Services,
        body: bytes,
        status: int,
        code: str,
    ) -> None:
        assert_error(await deliver(http_client, body), status, code)
        assert await kept(services) == 0

    @pytest.mark.parametrize("media_type", ["text/plain", "application/xml", None])
    async def test_another_media_type_is_refused(
        self, http_client: httpx2.AsyncClient, media_type: str | None
    ) -> None:
        response = await deliver(http_client, push(), content_type=media_type)
        assert_error(response, 415, "unsupported_media_type")

    async def test_a_form_as_github_can_send_it_is_understood(
        self, http_client: httpx2.AsyncClient, services: Services
    ) -> None:
        media_type = "application/x-www-form-urlencoded"
        body = urlencode({"payload": push().decode()}).encode()
        response = await deliver(http_client, body, content_type=media_type)
        assert response.status_code == 202
        assert await kept(services) == 1
        for crooked in (b"payload", b"x=1", b"payload=%ff", b"&" * 50):
            response = await deliver(http_client, crooked, content_type=media_type)
            assert_error(response, 400, "malformed_request")

    @pytest.mark.parametrize(
        "changed",
        [
            {"x_github_delivery": None},
            {"x_github_delivery": "../x"},
            {"x_github_delivery": "x" * 101},
            {"x_github_event": None},
            {"x_github_event": "push; touch x"},
        ],
    )
    async def test_without_the_headers_that_name_it_a_delivery_is_refused(
        self, http_client: httpx2.AsyncClient, changed: Any
    ) -> None:
        assert_error(await deliver(http_client, push(), **changed), 400, "malformed_request")

    async def test_a_body_in_chunks_is_read_whole_and_one_over_the_limit_is_refused(
        self, live_server: str, services: Services
    ) -> None:
        body = push()

        async def chunks(content: bytes) -> AsyncIterator[bytes]:
            for start in range(0, len(content), 7):
                yield content[start : start + 7]

        async with httpx2.AsyncClient(base_url=live_server) as client:
            sent = await client.post(PATHS[0], content=chunks(body), headers=headers(body))
            assert sent.status_code == 202
            large = b" " * (services.settings.max_body_bytes + 1)
            refused = await client.post(PATHS[0], content=large, headers=headers(large))
            assert_error(refused, 413, "too_large")
        assert await kept(services) == 1

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_only_post_is_answered(
        self, http_client: httpx2.AsyncClient, method: str
    ) -> None:
        assert (await http_client.request(method, PATHS[0])).status_code == 405


class TestGithubWithoutSecret:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"github_webhook_secret": SecretStr("")})

    async def test_everything_is_refused_also_what_is_signed_with_nothing(
        self, http_client: httpx2.AsyncClient, services: Services
    ) -> None:
        digest = hmac.new(b"", push(), hashlib.sha256).hexdigest()
        for signature in (f"sha256={digest}", None):
            response = await deliver(http_client, push(), x_hub_signature_256=signature)
            failure = assert_error(response, 503, "unavailable")
            assert "GITHUB_WEBHOOK_SECRET" in failure["error"]
        assert await kept(services) == 0


@pytest.mark.parametrize("change", [{"read_only": True}, {"enable_phase2_features": False}])
class TestGithubSwitchedOff:
    @pytest.fixture
    def settings(self, settings: Settings, change: dict[str, bool]) -> Settings:
        return settings.model_copy(update=change)

    async def test_there_is_no_such_address(self, http_client: httpx2.AsyncClient) -> None:
        for path in PATHS:
            response = await http_client.post(path, content=push(), headers=headers(push()))
            assert_error(response, 404, "not_found")


@pytest.mark.timeout(300)
async def test_a_thousand_deliveries_are_accepted_and_each_is_dealt_with_once(
    http_client: httpx2.AsyncClient, services: Services, repository_of_pushes: str
) -> None:
    """Half of them twice, while two processes deal with them and one of these ends early."""
    starter, answers = Starter(), []

    async def send(numbers: range) -> None:
        for number in numbers:
            for _ in range(1 + number % 2):
                answer = await deliver(http_client, push(f"{number:040x}"), f"d-{number}")
                answers.append(answer.status_code)

    async with anyio.create_task_group() as tasks:
        first = await tasks.start(_deal, services, starter)
        await tasks.start(_deal, services, starter)
        for start in range(10):
            tasks.start_soon(send, range(start, DELIVERIES, 10))
        await _until(services, lambda: len(starter.fired) >= DELIVERIES // 10)
        first.cancel()
        await _until(services, lambda: len(starter.fired) == DELIVERIES)
        tasks.cancel_scope.cancel()
    async with open_process(services.database, services.settings.data_dir) as process:
        await processor(services, process, starter).process_all()
    assert answers == [202] * (DELIVERIES + DELIVERIES // 2)
    commits = sorted(one.commit for one in starter.fired.values())
    assert commits == [f"{number:040x}" for number in range(DELIVERIES)]
    assert await statuses(services) == {"done": DELIVERIES}


async def _until(services: Services, reached: Callable[[], bool]) -> None:
    with anyio.fail_after(SECONDS):
        while not reached():
            await services.database.changes.wait(services.database.changes.version, 1.0)


def processor(services: Services, process: Process, starter: Starter) -> DeliveryProcessor:
    return DeliveryProcessor(
        services.database, services.audit, process, services.repositories, starter, unmoved
    )


async def statuses(services: Services) -> dict[str, int]:
    """How many webhooks are in each state."""
    column = webhook_deliveries.c.status
    query = select(column, func.count()).where(webhook_deliveries.c.source == "github")
    async with services.database.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(query.group_by(column))}


async def _deal(
    services: Services, starter: Starter, *, task_status: anyio.abc.TaskStatus[anyio.CancelScope]
) -> None:
    with anyio.CancelScope() as scope:
        async with open_process(services.database, services.settings.data_dir) as process:
            task_status.started(scope)
            await processor(services, process, starter).run()


@pytest.fixture
async def repository_of_pushes(services: Services) -> str:
    """A registered repository that nothing has to be cloned for."""
    report = {
        "timestamp": "2026-01-01T00:00:00Z",
        "health_status": "green",
        "summary": {},
        "repos": [
            {"name": "tool", "status": "clean", "clone_url": "https://github.com/acme/tool.git"}
        ],
    }
    async with services.audit.operation("test", "import", {}):
        found = await services.repositories.import_report(report)
    return found.registered[0]
