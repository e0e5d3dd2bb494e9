"""What every failure over HTTP looks like."""

from typing import Any

import httpx2


def assert_error(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check status, code and form of a failure; returns its body."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert set(body) == {"error", "code", "details", "request_id"}
    assert body["request_id"] == response.headers["x-request-id"]
    return body
