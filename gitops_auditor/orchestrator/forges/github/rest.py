"""GitHub's REST API: one client with bounds on time, size and waiting."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import anyio
from pydantic import SecretStr

from gitops_auditor.errors import (
    GitOpsError,
    JsonValue,
    RateLimited,
    Refused,
    TooLarge,
    Unavailable,
)
from gitops_auditor.execution.masking import Masker
from gitops_auditor.orchestrator.forges.github.rates import pause_asked
from gitops_auditor.orchestrator.forges.github.refusals import message_of, refusal
from gitops_auditor.repositories.git_urls import check_clone_url
from gitops_auditor.repositories.network import pin

if TYPE_CHECKING:
    import httpx2

SECONDS: Final = 60.0
"""Of one request."""
MOST_BYTES: Final = 16 * 2**20
"""Of one answer."""
LONGEST_WAIT: Final = 60.0
"""Seconds that a request waits for a rate limit to end before it gives up."""
MOST_PAGES: Final = 20
_WAITS: Final = 3
_AT_ONCE: Final = 8
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_VERSION: Final = "2022-11-28"


class Answer(NamedTuple):
    """What came back; `data` is None for an empty body. Header names are in lower case."""

    status: int
    data: JsonValue
    headers: Mapping[str, str]


class RestClient:
    """Requests with the token of GITHUB_TOKEN, which is in no error and no log."""

    def __init__(
        self, api_url: str, token: SecretStr, *, longest_wait: float = LONGEST_WAIT
    ) -> None:
        self._base = api_url.rstrip("/")
        self._token = token.get_secret_value()
        self._masker = Masker([self._token] if self._token else [])
        self._longest_wait = longest_wait
        self._at_once = anyio.CapacityLimiter(_AT_ONCE)
        self._client: httpx2.AsyncClient | None = None

    @property
    def base(self) -> str:
        """The address of the API, without a slash at its end."""
        return self._base

    @property
    def usable(self) -> bool:
        """Whether there is a token."""
        return bool(self._token)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        """At the end of the block its connections are closed."""
        try:
            yield self
        finally:
            await self.close()

    async def close(self) -> None:
        """Close its connections, if it has any."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> JsonValue:
        """Ask once, waiting for rate limits, and return what came back; `what` is for errors.

        Raises Refused without a token and for missing rights, NotFound, Conflict, RateLimited,
        TooLarge and Unavailable: what then happened of a write is not known.
        """
        return (await self.answer(method, path, what, query=query, body=body)).data

    async def query(self, query: str, variables: Mapping[str, JsonValue], what: str) -> JsonValue:
        """Ask GraphQL, whose errors are in the field `errors` of what comes back.

        Raises as `send`; NotFound where there is no GraphQL.
        """
        # A GitHub Enterprise Server has it beside the REST API: /api/graphql and /api/v3.
        url = f"{self._base.removesuffix('/v3')}/graphql"
        body: dict[str, JsonValue] = {"query": query, "variables": {**variables}}
        return (await self._waited("POST", url, what, None, body)).data

    async def pages(
        self, path: str, what: str, *, query: Mapping[str, str] | None = None
    ) -> list[JsonValue]:
        """The items of a list, at most MOST_PAGES pages of 100. Raises as `send`."""
        items: list[JsonValue] = []
        wanted: Mapping[str, str] | None = {"per_page": "100", **(query or {})}
        for _ in range(MOST_PAGES):
            answer = await self.answer("GET", path, what, query=wanted)
            items += answer.data if isinstance(answer.data, list) else []
            following = _following(answer.headers.get("link", ""))
            if following is None or not following.startswith(f"{self._base}/"):
                break
            path, wanted = following.removeprefix(self._base), None
        return items

    async def answer(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Answer:
        """As `send`, with the headers; a status of 300 or more is raised as an error."""
        return await self._waited(method, self._base + path, what, query, body)

    async def _waited(
        self,
        method: str,
        url: str,
        what: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, JsonValue] | None,
    ) -> Answer:
        pause = 0.0
        for _ in range(_WAITS):
            answer = await self._once(method, url, what, query, body)
            asked = pause_asked(answer.status, answer.headers, message_of(answer.data), time.time())
            if asked is None:
                return self._judged(answer, what)
            pause = asked
            if pause > self._longest_wait:
                break
            await anyio.sleep(pause)
        raise RateLimited(
            f"GitHub's limit of requests is used up: it could not {what}.",
            retry_after=pause,
            hint=f"It asks to wait {pause:g} seconds.",
        )

    async def text(self, path: str, what: str, most_bytes: int) -> str:
        """The last bytes of a text to which GitHub redirects, as it does for logs.

        The token is not sent there. Raises as `send`.
        """
        client = self._ready()
        with self._explained(what):
            async with self._at_once, client.stream("GET", self._base + path) as response:
                if not response.is_redirect:
                    return await self._ended_text(response, what, most_bytes)
                place = urljoin(str(response.url), response.headers.get("location", ""))
            await _check_place(place, self._base)
            async with (
                self._at_once,
                client.stream("GET", place, headers={"Authorization": ""}) as there,
            ):
                return await self._ended_text(there, what, most_bytes)

    async def _ended_text(self, response: "httpx2.Response", what: str, most: int) -> str:
        kept = b""
        async for chunk in response.aiter_bytes():
            kept = (kept + chunk)[-most:]
        if response.status_code >= 300:
            raise refusal(response.status_code, what, None)
        return self._masker.mask(kept.decode("utf-8", "replace"))

    async def _once(
        self,
        method: str,
        url: str,
        what: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, JsonValue] | None,
    ) -> Answer:
        client = self._ready()
        with self._explained(what):
            async with (
                self._at_once,
                client.stream(method, url, params=query, json=body) as response,
            ):
                content = await _bounded(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code >= 300:
            content = self._masker.mask(content.decode("utf-8", "replace")).encode()
        return Answer(response.status_code, _parsed(content), headers)

    def _judged(self, answer: Answer, what: str) -> Answer:
        if answer.status >= 300:
            raise refusal(answer.status, what, answer.data, answer.headers)
        return answer

    def _explained(self, what: str) -> "_Explained":
        return _Explained(what, self._masker)

    def _ready(self) -> "httpx2.AsyncClient":
        import httpx2  # noqa: PLC0415 - only who calls GitHub pays

        if not self._token:
            raise Refused(
                "GitHub's REST API is not called without a token.",
                hint="Set GITHUB_TOKEN to a token with write access to the repositories.",
            )
        if self._client is None:
            self._client = httpx2.AsyncClient(
                headers={
                    "Authorization": f"Bearer {self._token}",
                    "Accept": "application/vnd.github+json",
                    "X-GitHub-Api-Version": _VERSION,
                    "User-Agent": "gitops-auditor",
                },
                timeout=httpx2.Timeout(SECONDS),
                follow_redirects=False,
                trust_env=urlsplit(self._base).hostname not in _LOOPBACK,
            )
        return self._client


class _Explained:
    """Makes Unavailable of what httpx2 raises, so that nothing of the request shows."""

    def __init__(self, what: str, masker: Masker) -> None:
        self._what = what
        self._masker = masker

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        import httpx2  # noqa: PLC0415 - only who calls GitHub pays

        if isinstance(error, httpx2.HTTPError | httpx2.StreamError | httpx2.InvalidURL):
            said = self._masker.mask(str(error)) or type(error).__name__
            raise Unavailable(
                f"GitHub could not be asked to {self._what}: {said[:300]}.",
                hint="Check GITHUB_API_URL and the way there.",
            ) from None


def _parsed(content: bytes) -> JsonValue:
    try:
        data: JsonValue = json.loads(content) if content else None
    except ValueError:
        return {"message": content[:200].decode("utf-8", "replace")}
    return data


async def _bounded(response: "httpx2.Response") -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MOST_BYTES:
            raise TooLarge(
                f"GitHub's answer has more than {MOST_BYTES} bytes.",
                hint="Ask for less at a time.",
                details={"limit": MOST_BYTES},
            )
    return bytes(content)


def _following(link: str) -> str | None:
    """The address of the next page in a Link header (RFC 8288)."""
    for part in link.split(","):
        address, _, parameters = part.strip().partition(">")
        if 'rel="next"' in parameters:
            return address.removeprefix("<")
    return None


async def _check_place(place: str, base: str) -> None:
    """Raises Refused for a redirect that leads out of the public internet, or is not https."""
    if urlsplit(place)[:2] == urlsplit(base)[:2]:
        return
    await pin(check_clone_url(place.partition("?")[0], ("https",)), allow_private=False)


def is_lost(error: GitOpsError) -> bool:
    """Whether it is not known what became of a request."""
    return error.code in ("unavailable", "timed_out")
