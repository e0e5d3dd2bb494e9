"""Envelopes of signed bytes as DSSE 1.0.2 defines them (Dead Simple Signing Envelope).

A signature is over the pre-authentication encoding of the payload's type and the payload, so
nothing that is signed can be taken for something of another type. Key ids are hints that nobody
signed: they only say which key to try.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_auditor.errors import JsonValue

MAX_BYTES = 2**20
"""Size of an envelope that is read."""
MAX_SIGNATURES = 32
_URL_SAFE = str.maketrans("-_", "+/")


class MalformedEnvelope(ValueError):  # named for the state, like the error family
    """The bytes are no envelope; the message is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, and the id of the key that it says to be of; empty when it does not say."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Bytes of a type, and the signatures over both. Nothing in it is verified."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What each signature has to be over."""
        return pre_authentication_encoding(self.payload_type, self.payload)

    def to_json(self) -> dict[str, JsonValue]:
        """The standard JSON envelope, with standard base64."""
        return {
            "payloadType": self.payload_type,
            "payload": base64.b64encode(self.payload).decode("ascii"),
            "signatures": [
                {"keyid": one.keyid, "sig": base64.b64encode(one.sig).decode("ascii")}
                for one in self.signatures
            ],
        }


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """PAE of the DSSE protocol: both strings, each after its length in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(given: bytes | Mapping[str, JsonValue]) -> Envelope:
    """Read an envelope from the bytes of a file, or from JSON that is parsed already.

    Fields that DSSE does not know are ignored, as it demands. Raises MalformedEnvelope.
    """
    fields = _loaded(given) if isinstance(given, bytes) else given
    signatures = fields.get("signatures")
    if not isinstance(signatures, list) or len(signatures) > MAX_SIGNATURES:
        raise MalformedEnvelope(f"`signatures` is no list of at most {MAX_SIGNATURES}")
    return Envelope(
        payload_type=_text(fields, "payloadType"),
        payload=_bytes(fields, "payload"),
        signatures=tuple(_signature(one) for one in signatures),
    )


def _loaded(content: bytes) -> Mapping[str, JsonValue]:
    if len(content) > MAX_BYTES:
        raise MalformedEnvelope(f"it has more than {MAX_BYTES} bytes")
    try:
        loaded = json.loads(content.decode(), object_pairs_hook=_unambiguous)
    except MalformedEnvelope:
        raise
    except (ValueError, RecursionError):
        raise MalformedEnvelope("it is not JSON") from None
    if not isinstance(loaded, dict):
        raise MalformedEnvelope("it is no JSON object")
    return loaded


def _unambiguous(pairs: Iterable[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    # Readers differ in which of two values they take: one may verify what another uses not.
    fields: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in fields:
            raise MalformedEnvelope(f"the key {key!r} occurs twice")
        fields[key] = value
    return fields


def _signature(given: JsonValue) -> Signature:
    if not isinstance(given, dict):
        raise MalformedEnvelope("one of the `signatures` is no JSON object")
    keyid = _text(given, "keyid") if given.get("keyid") is not None else ""
    return Signature(keyid, _bytes(given, "sig"))


def _text(fields: Mapping[str, JsonValue], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.isascii():
        raise MalformedEnvelope(f"`{name}` is no ASCII text")
    return value


def _bytes(fields: Mapping[str, JsonValue], name: str) -> bytes:
    """What a field has in base64, in either alphabet; in no other spelling than the encoder's."""
    text = _text(fields, name).translate(_URL_SAFE)
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedEnvelope(f"`{name}` is not base64") from None
    if base64.b64encode(decoded).decode("ascii") != text:
        raise MalformedEnvelope(f"`{name}` has bits in its base64 that mean nothing")
    return decoded
