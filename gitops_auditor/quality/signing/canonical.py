"""The bytes that a definition is signed as: canonical JSON of RFC 8785, with what it is for.

A definition is signed together with its kind, repository and name, so that it is worth nothing in
another place, and with its version, so that an older one is known when it comes back. Numbers are
what JSON has: `1.0` and `1` are the same, and whole numbers end at 2**53. Unicode is not
normalised: letters that are composed in another way are another definition.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final, Literal

from typing_extensions import override

from gitops_auditor.errors import JsonValue

PAYLOAD_TYPE: Final = "application/vnd.gitops-auditor.gates+json"
MAX_VERSION: Final = 2**53 - 1
EVERYWHERE: Final = "*"
"""The repository of a gate that is for all of them."""

TargetKind = Literal["gate-file", "gate"]


class NotCanonical(ValueError):  # named for the state, like the error family
    """The value has no canonical form, such as a number that JSON cannot hold exactly."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a definition is for: a file of gates by its path, or one gate of the table by its id.

    `repository` is the id of the repository, `*` for a gate of all.
    """

    kind: TargetKind
    repository: str
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.name} of {self.repository}" if self.repository != EVERYWHERE else self.name


def canonical(value: JsonValue) -> bytes:
    """Canonical JSON (RFC 8785). Raises NotCanonical."""
    import rfc8785  # noqa: PLC0415 - only those who sign or verify need it

    try:
        return rfc8785.dumps(value)
    except UnicodeError:
        raise NotCanonical("it has characters that Unicode does not allow") from None
    except ValueError as unfit:
        raise NotCanonical(str(unfit)) from None
    except RecursionError:
        raise NotCanonical("it is nested too deeply") from None


def statement(target: Target, version: int, definition: JsonValue) -> bytes:
    """The payload for a version of a definition. Raises NotCanonical."""
    return canonical(
        {
            "kind": target.kind,
            "repository": target.repository,
            "name": target.name,
            "version": version,
            "definition": definition,
        }
    )


def stated(payload: bytes) -> tuple[Target, int]:
    """What a payload says that it is for, and its version. Raises NotCanonical for any other."""
    try:
        fields = json.loads(payload.decode())
    except (ValueError, RecursionError):
        raise NotCanonical("the payload is not JSON") from None
    if not isinstance(fields, dict):
        raise NotCanonical("the payload is no JSON object")
    kind, repository, name = (fields.get(key) for key in ("kind", "repository", "name"))
    if kind not in ("gate-file", "gate") or not isinstance(repository, str):
        raise NotCanonical("the payload is no definition of gates")
    if not isinstance(name, str) or not is_version(fields.get("version")):
        raise NotCanonical("the payload has no name, or no version from 1")
    return Target(kind, repository, name), fields["version"]


def is_version(value: object) -> bool:
    """Whether a value can be the version of a definition."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_VERSION


def digest(payload: bytes) -> str:
    """What tells one payload from another: SHA-256 in hexadecimal."""
    return hashlib.sha256(payload).hexdigest()
