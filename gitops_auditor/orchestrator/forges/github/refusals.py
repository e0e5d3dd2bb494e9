"""What GitHub's answers mean, as errors of the family.

The statuses are those of its REST API; the texts those of its MCP servers, which hand them on.
"""

import re
from collections.abc import Mapping
from typing import Final

from gitops_auditor.errors import (
    Conflict,
    GitOpsError,
    JsonValue,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
)

_SCOPES: Final = ("x-accepted-github-permissions", "x-accepted-oauth-scopes")
_STATUS: Final = re.compile(r"\bhttps?://\S+: (\d{3}) ")
_PREFIXES: Final = {
    "Not Found:": 404,
    "Validation Error:": 422,
    "Conflict:": 409,
    "Authentication Failed:": 401,
    "Permission Denied:": 403,
}
_RATES: Final = re.compile(r"rate limit exceeded", re.IGNORECASE)
_UNKNOWN_WAIT: Final = 60.0
_MOST_CHARACTERS: Final = 500


def refusal(
    status: int, what: str, data: JsonValue, headers: Mapping[str, str] | None = None
) -> GitOpsError:
    """The error that a status of 300 or more means; `what` was asked for, a few words.

    Refused is missing rights, NotFound also what the token may not see, Conflict what GitHub will
    not do as things are, Unavailable a trouble of GitHub's own.
    """
    said = message_of(data)
    if status in (401, 403, 451):
        return _not_allowed(status, what, said, headers or {})
    if status in (404, 410):
        return NotFound(
            f"GitHub knows nothing to {what}{said}.",
            hint="Check the name, and that the token of GITHUB_TOKEN may see the repository.",
        )
    if status in (301, 307, 308):
        return NotFound(
            f"GitHub has it elsewhere now: it could not {what}.",
            hint="The repository was renamed or moved; set its URL anew.",
        )
    if status >= 500:
        return Unavailable(
            f"GitHub could not {what} (status {status}){said}.", hint="Try again in a while."
        )
    return Conflict(
        f"GitHub refuses to {what} (status {status}){said}.",
        hint="Change what it names at GitHub, then try again.",
        details={"status": status},
    )


def tool_failure(what: str, text: str) -> GitOpsError:
    """The error that a tool's words of failure mean; Unavailable when they say nothing known."""
    if _RATES.search(text):
        return RateLimited(
            f"GitHub's limit of requests is used up: it could not {what}.",
            retry_after=_UNKNOWN_WAIT,
            hint="Wait, or use a token with a higher limit.",
        )
    found = _STATUS.search(text)
    known = [status for prefix, status in _PREFIXES.items() if prefix in text]
    status = int(found[1]) if found else known[0] if known else 500
    return refusal(status, what, {"message": text})


def message_of(data: JsonValue) -> str:
    """What GitHub says of an error, as the end of a sentence; empty when it says nothing."""
    if not isinstance(data, dict):
        return ""
    parts = [str(data.get("message") or ""), *_particulars(data.get("errors"))]
    text = "; ".join(part for part in parts if part)[:_MOST_CHARACTERS].rstrip(". ")
    return f": {text}" if text else ""


def _particulars(errors: JsonValue) -> list[str]:
    if not isinstance(errors, list):
        return []
    return [str(one.get("message") or "") if isinstance(one, dict) else str(one) for one in errors]


def _not_allowed(status: int, what: str, said: str, headers: Mapping[str, str]) -> Refused:
    if status == 401:
        return Refused(
            f"GitHub does not accept the token to {what}{said}.",
            hint="Set GITHUB_TOKEN to a token that is valid.",
        )
    scope = next((headers[name] for name in _SCOPES if headers.get(name)), "")
    return Refused(
        f"GitHub does not allow to {what}{said}.",
        hint=f"Give the token of GITHUB_TOKEN the permission: {scope}."
        if scope
        else "Give the token of GITHUB_TOKEN write access to this repository.",
        details={"permission": scope},
    )
