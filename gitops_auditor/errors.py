"""The failures a caller can meet, each with a stable code and a sentence that says what to do next.

Nothing here knows a protocol: every transport maps codes to its own terms in one table.
A failure that is not one of these is a bug of ours, and transports answer it as `internal`.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

JsonScalar = str | int | float | bool | None
JsonValue = JsonScalar | list["JsonValue"] | dict[str, "JsonValue"]


class GitOpsError(Exception):
    """Base of every expected failure.

    `message` says what is wrong, `hint` what the caller can do next, `details` carries the
    machine-readable particulars. None of them may hold a secret.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, hint: str, details: Mapping[str, JsonValue] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, JsonValue] = dict(details or {})

    @override
    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidRequest(GitOpsError, ValueError):
    """An argument is unknown, missing, of the wrong type or out of range."""

    code = "invalid_request"


class MalformedRequest(InvalidRequest):
    """The request itself cannot be read, for example a body that is not JSON."""

    code = "malformed_request"


class InvalidSetting(GitOpsError, ValueError):
    """A setting has a value that is not understood; the start is refused."""

    code = "invalid_setting"


class NotFound(GitOpsError, LookupError):
    """The named thing does not exist, or is not visible to this caller."""

    code = "not_found"


class Conflict(GitOpsError):
    """The request contradicts the present state, for example a name that is already taken."""

    code = "conflict"


class Stale(GitOpsError):
    """The thing changed since the caller read it; `details` names the current version."""

    code = "stale"


class Unauthenticated(GitOpsError):
    """No credential was given where one is needed, or the credential is not valid."""

    code = "unauthenticated"


class Forbidden(GitOpsError):
    """The caller is known, but its role does not allow this."""

    code = "forbidden"


class TooLarge(GitOpsError):
    """The request, or what it asks for, exceeds a limit; `details` names the limit."""

    code = "too_large"


class RateLimited(GitOpsError):
    """Too many requests. `retry_after` is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: float, hint: str) -> None:
        super().__init__(message, hint=hint, details={"retry_after": retry_after})
        self.retry_after = retry_after


class Unavailable(GitOpsError):
    """Something needed is missing or busy: a locked database, a full disk, git itself."""

    code = "unavailable"


class TimedOut(GitOpsError):
    """A bounded wait ended before the work did."""

    code = "timed_out"


class Refused(GitOpsError):
    """A safety rule forbids this whoever asks: a path that is not allowed, a protocol, a host."""

    code = "refused"


class Cancelled(GitOpsError):
    """The work was cancelled before it finished."""

    code = "cancelled"


FAMILY: tuple[type[GitOpsError], ...] = (
    InvalidRequest,
    MalformedRequest,
    InvalidSetting,
    NotFound,
    Conflict,
    Stale,
    Unauthenticated,
    Forbidden,
    TooLarge,
    RateLimited,
    Unavailable,
    TimedOut,
    Refused,
    Cancelled,
)


def require_version(name: str, present: int, expected: int | None) -> None:
    """Raise Stale unless what is to be changed is at the version that the change is based on."""
    if expected is not None and present != expected:
        raise Stale(
            f"{name} is at version {present}, not {expected}.",
            hint="Read it again and repeat the change on what it is now.",
            details={"version": present},
        )
