"""Why a definition is refused: a code for programs and the audit, a sentence for people."""

from typing import Literal

from gitops_auditor.errors import JsonValue, Refused

Reason = Literal[
    "unsigned",
    "bad_signature",
    "untrusted_key",
    "too_few_signatures",
    "tampered",
    "rolled_back",
    "expired",
    "removed",
]


def refused(reason: Reason, message: str, hint: str, **details: JsonValue) -> Refused:
    """The refusal of a definition; `details["reason"]` is the code."""
    return Refused(message, hint=hint, details={"reason": reason, **details})
