import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import (
    Conflict,
    GitOpsError,
    NotFound,
    RateLimited,
    Refused,
    TooLarge,
    Unavailable,
)
from gitops_auditor.orchestrator.forges.github import rest
from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
from gitops_auditor.orchestrator.forges.github.rates import pause_asked
from gitops_auditor.orchestrator.forges.github.refusals import refusal, tool_failure
from tests.fakes.github_rest import TOKEN
from tests.orchestrator.forges.github.hub import Hub


class TestRates:
    @pytest.mark.parametrize(
        ("status", "headers", "message", "pause"),
        [
            (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1060"}, "", None),
            (403, {}, "Must have admin rights", None),
            (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1060"}, "", 60.0),
            (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, "", 0.0),
            (429, {"retry-after": "7", "x-ratelimit-reset": "5000"}, "", 7.0),
            (403, {}, "You have exceeded a secondary rate limit", 60.0),
            (429, {"retry-after": "soon"}, "", 60.0),
        ],
    )
    def test_a_pause_is_what_github_asks_for(
        self, status: int, headers: dict[str, str], message: str, pause: float | None
    ) -> None:
        assert pause_asked(status, headers, message, now=1000.0) == pause

    async def test_a_short_pause_is_waited_for(self, hub: Hub, forge: GitHubForge) -> None:
        hub.fake.answer_next("GET", "/git/ref/", 429, "slow down", retry_after="0")
        assert await forge.heads(hub.repository, ["main"]) == {"main": hub.base}

    async def test_a_long_one_is_told_with_its_length(self, hub: Hub, forge: GitHubForge) -> None:
        hub.fake.answer_next("GET", "/git/ref/", 403, "secondary rate limit", retry_after="3600")
        with pytest.raises(RateLimited) as limited:
            await forge.heads(hub.repository, ["main"])
        assert limited.value.retry_after == 3600
        assert len(hub.fake.requests) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (301, NotFound),
            (401, Refused),
            (403, Refused),
            (404, NotFound),
            (405, Conflict),
            (409, Conflict),
            (410, NotFound),
            (422, Conflict),
            (451, Refused),
            (500, Unavailable),
            (503, Unavailable),
        ],
    )
    def test_a_status_is_an_error_of_the_family(self, status: int, kind: type[GitOpsError]) -> None:
        error = refusal(status, "merge it", {"message": "No.", "errors": [{"message": "why"}]})
        assert type(error) is kind
        assert status == 301 or error.message.endswith(": No.; why.")

    def test_a_missing_permission_is_named(self) -> None:
        headers = {"x-accepted-github-permissions": "contents=write"}
        assert "contents=write" in refusal(403, "store a tree", None, headers).hint

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("failed to get: GET https://api.github.com/repos/o/r: 404 Not Found []", NotFound),
            ("failed to merge: PUT https://api.github.com/x: 405 not mergeable []", Conflict),
            ("Not Found: Resource not found: Not Found", NotFound),
            ("Validation Error: Validation Failed\nDetails: {}", Conflict),
            ("Permission Denied: no", Refused),
            ("Rate Limit Exceeded: later", RateLimited),
            ("list: GitHub API rate limit exceeded. Retry after 3s.", RateLimited),
            ("GitHub API Error: Server Error", Unavailable),
        ],
    )
    def test_the_words_of_a_tool_mean_the_same(self, text: str, kind: type[GitOpsError]) -> None:
        assert type(tool_failure("merge it", text)) is kind

    @given(st.recursive(st.none() | st.text() | st.integers(), st.lists), st.integers(300, 599))
    def test_any_answer_is_an_error_of_the_family(self, data: object, status: int) -> None:
        error = refusal(status, "ask", {"message": data, "errors": data})  # type: ignore[dict-item]
        assert isinstance(error, GitOpsError)
        assert len(error.message) < 700


class TestRequests:
    async def test_the_token_is_in_no_error(self, hub: Hub, forge: GitHubForge) -> None:
        hub.fake.answer_next("GET", "/git/ref/", 403, f"{TOKEN} may not")
        with pytest.raises(Refused) as refused:
            await forge.heads(hub.repository, ["main"])
        assert "*** may not" in refused.value.message
        assert TOKEN not in f"{refused.value!r} {refused.value.details}"

    async def test_a_github_that_is_not_there_is_unavailable(self, hub: Hub) -> None:
        away = hub._replace(url="http://127.0.0.1:9")
        async with away.forge() as forge:
            with pytest.raises(Unavailable, match="could not be asked to read a branch") as failed:
                await forge.heads(hub.repository, ["main"])
        assert TOKEN not in str(failed.value)

    async def test_an_answer_that_is_too_large_is_not_read(
        self, hub: Hub, forge: GitHubForge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rest, "MOST_BYTES", 100)
        with pytest.raises(TooLarge):
            await forge.heads(hub.repository, ["main"])

    async def test_a_renamed_repository_is_not_followed(self, hub: Hub, forge: GitHubForge) -> None:
        hub.fake.answer_next("GET", "/git/ref/", 301, "Moved Permanently", location="/elsewhere")
        hub.fake.answer_next("GET", "/repos/octo/app", 301, "Moved", location="/elsewhere")
        with pytest.raises(NotFound, match="elsewhere now"):
            await forge.heads(hub.repository, ["main"])
