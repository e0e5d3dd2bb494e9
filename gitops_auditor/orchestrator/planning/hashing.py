"""The hash of a plan: SHA-256 over the canonical JSON (RFC 8785) of everything it was made of."""

import hashlib
from typing import Any

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.records import Inputs
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.quality.signing.canonical import NotCanonical, canonical


def plan_hash(inputs: Inputs) -> str:
    """What an approval is bound to, in hexadecimal."""
    return digest_of(inputs.model_dump(mode="json"))


def request_digest(request: PlanRequest) -> str:
    """Over all that was asked for. Raises InvalidRequest for values that JSON cannot hold."""
    return digest_of(request.model_dump(mode="json"))


def digest_of(value: Any) -> str:
    """Over a JSON value; the order of keys does not count. Raises InvalidRequest."""
    try:
        return hashlib.sha256(canonical(value)).hexdigest()
    except NotCanonical as unfit:
        raise InvalidRequest(
            f"A value of the plan cannot be written as JSON: {unfit}.",
            hint="Take numbers below 2**53 and text without lone surrogates.",
        ) from None
