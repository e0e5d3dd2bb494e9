"""How often one caller may use one route."""

import httpx2
import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import RateLimited
from gitops_auditor.http_api.rates import RateLimits
from gitops_auditor.identity import Principal, Role
from tests.http_api.assertions import assert_error

ADA = Principal("ada", Role.VIEWER, "token")
BOB = Principal("bob", Role.VIEWER, "token")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> RateLimits:
    settings = load_settings({}, rate_limit_read="3/minute", rate_limit_write="1/second")
    return RateLimits(settings, clock)


def allowed(rates: RateLimits, who: Principal = ADA, route: str = "r") -> int:
    for count in range(10):
        try:
            rates.hit(who, route)
        except RateLimited:
            return count
    return 10


def test_one_caller_has_the_whole_rate_of_each_route(rates: RateLimits) -> None:
    assert allowed(rates) == 3
    assert allowed(rates, route="other") == 3
    assert allowed(rates, BOB) == 3


def test_writes_have_a_rate_of_their_own(rates: RateLimits) -> None:
    rates.hit(ADA, "w", writes=True)
    with pytest.raises(RateLimited, match="1/second"):
        rates.hit(ADA, "w", writes=True)


def test_a_request_is_allowed_again_when_the_oldest_leaves_the_window(
    rates: RateLimits, clock: Clock
) -> None:
    rates.hit(ADA, "r")
    clock.now += 20
    assert allowed(rates) == 2
    with pytest.raises(RateLimited) as refused:
        rates.hit(ADA, "r")
    assert refused.value.retry_after == 40
    clock.now += 40
    assert allowed(rates) == 1


class TestOverHttp:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit_read": "2/minute"})

    @pytest.mark.parametrize("path", ["/api/repositories", "/mcp", "/api/openapi.json"])
    async def test_one_request_too_many_answers_429_with_the_time_to_wait(
        self, live_server: str, path: str
    ) -> None:
        async with httpx2.AsyncClient(base_url=live_server) as client:
            for _ in range(2):
                # What MCP makes of an empty body does not matter here.
                assert (await client.request(_method(path), path)).status_code != 429
            response = await client.request(_method(path), path)
            assert_error(response, 429, "rate_limited")
            assert 1 <= int(response.headers["retry-after"]) <= 60
            assert (await client.get("/api/work")).status_code == 200


def _method(path: str) -> str:
    return "POST" if path == "/mcp" else "GET"
