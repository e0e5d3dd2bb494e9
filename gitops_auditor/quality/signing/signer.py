"""Signs versions of definitions."""

import json
from collections.abc import Collection

from gitops_auditor.errors import InvalidRequest, JsonValue, TooLarge
from gitops_auditor.quality.signing.canonical import (
    MAX_VERSION,
    PAYLOAD_TYPE,
    NotCanonical,
    Target,
    is_version,
    stated,
    statement,
)
from gitops_auditor.quality.signing.envelopes import MAX_BYTES, Envelope, Signature
from gitops_auditor.quality.signing.floors import Floor
from gitops_auditor.quality.signing.keys import PublicKey, SigningKey


class Signer:
    """Signs with one key."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(
        self, target: Target, version: int, definition: JsonValue, before: Envelope | None = None
    ) -> Envelope:
        """The envelope of a version of a definition.

        The signatures of other keys in `before` stay when it holds the same bytes. Raises
        InvalidRequest for what cannot be signed, and TooLarge for more than an envelope holds.
        """
        payload = _payload(target, version, definition)
        envelope = Envelope(PAYLOAD_TYPE, payload, ())
        made = Signature(self._key.public.id, self._key.sign(envelope.signed_bytes))
        others = _others(before, envelope, made.keyid)
        signed = Envelope(PAYLOAD_TYPE, payload, (*others, made))
        _require_size(signed)
        return signed


def next_version(
    target: Target,
    definition: JsonValue,
    before: Envelope | None,
    floor: Floor | None,
    known: Collection[PublicKey],
) -> int:
    """The version to sign: that of `before` when it holds the same definition, else a newer one.

    What `before` says counts only when one of the known keys signed it: anybody can write a version
    after which there is no other. Raises InvalidRequest when none did, or when there is no newer.
    """
    highest = floor.version if floor is not None else 0
    if before is not None:
        signed = _signed_version(target, before, known)
        if signed is not None:
            if before.payload == _payload(target, signed, definition) and signed >= highest:
                return signed
            highest = max(highest, signed)
    if highest >= MAX_VERSION:
        raise InvalidRequest(
            f"The definition {target} has the last version that there is.",
            hint="Give the file another name, or remove its floor.",
        )
    return highest + 1


def _signed_version(target: Target, before: Envelope, known: Collection[PublicKey]) -> int | None:
    """The version in an envelope; None when it is for something else."""
    message = before.signed_bytes
    if not any(key.verifies(one.sig, message) for one in before.signatures for key in known):
        raise InvalidRequest(
            "No key that is known here signed the envelope that is there.",
            hint="Give --version to sign which version you want.",
        )
    try:
        signed_for, version = stated(before.payload)
    except NotCanonical:
        return None
    return version if signed_for == target and before.payload_type == PAYLOAD_TYPE else None


def _payload(target: Target, version: int, definition: JsonValue) -> bytes:
    if not is_version(version):
        raise InvalidRequest(
            f"{version} is no version of a definition.",
            hint=f"Versions go from 1 to {MAX_VERSION}.",
        )
    try:
        return statement(target, version, definition)
    except NotCanonical as unfit:
        raise InvalidRequest(
            f"The definition {target} cannot be signed: {unfit}.",
            hint="Write large numbers as text.",
        ) from None


def _others(before: Envelope | None, envelope: Envelope, keyid: str) -> tuple[Signature, ...]:
    if before is None or (before.payload_type, before.payload) != (
        envelope.payload_type,
        envelope.payload,
    ):
        return ()
    return tuple(one for one in before.signatures if one.keyid != keyid)


def _require_size(envelope: Envelope) -> None:
    size = len(json.dumps(envelope.to_json(), indent=2))
    if size >= MAX_BYTES:
        raise TooLarge(
            f"The envelope has {size} bytes; the limit is {MAX_BYTES}.",
            hint="Split the definition.",
            details={"limit": MAX_BYTES},
        )
