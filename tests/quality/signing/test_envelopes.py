"""Envelopes: the protocol's own example, and what readers must and must not accept."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import JsonValue
from gitops_auditor.quality.signing.envelopes import (
    MAX_BYTES,
    MAX_SIGNATURES,
    Envelope,
    MalformedEnvelope,
    Signature,
    parse_envelope,
    pre_authentication_encoding,
)

EXAMPLE: dict[str, JsonValue] = {
    "payload": "aGVsbG8gd29ybGQ=",
    "payloadType": "http://example.com/HelloWorld",
    "signatures": [
        {
            "sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfU"
            "iHqJPcIAriEGAHTVeCUjW2JIZA=="
        }
    ],
}
EXAMPLE_KEY = (
    46950820868899156662930047687818585632848591499744589407958293238635476079160,
    5640078356564379163099075877009565129882514886557779369047442380624545832820,
)
ascii_text = st.text(st.characters(codec="ascii"))
envelopes = st.builds(
    Envelope,
    ascii_text,
    st.binary(),
    st.lists(st.builds(Signature, ascii_text, st.binary()), max_size=3).map(tuple),
)


def test_the_bytes_that_are_signed_are_those_of_the_protocols_example() -> None:
    assert (
        pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pre_authentication_encoding("", b"") == b"DSSEv1 0  0 "
    assert pre_authentication_encoding("\u00e9", b"\xff") == b"DSSEv1 2 \xc3\xa9 1 \xff"


def test_the_envelope_of_the_protocols_example_is_read_as_its_key_signed_it() -> None:
    envelope = parse_envelope(EXAMPLE)
    (signature,) = envelope.signatures
    assert (envelope.payload, signature.keyid) == (b"hello world", "")
    r, s = (int.from_bytes(half) for half in (signature.sig[:32], signature.sig[32:]))
    key = ec.EllipticCurvePublicNumbers(*EXAMPLE_KEY, ec.SECP256R1()).public_key()
    key.verify(encode_dss_signature(r, s), envelope.signed_bytes, ec.ECDSA(hashes.SHA256()))


@given(envelopes)
def test_an_envelope_that_is_written_reads_as_the_same(envelope: Envelope) -> None:
    assert parse_envelope(json.dumps(envelope.to_json()).encode()) == envelope
    assert parse_envelope(envelope.to_json()) == envelope


@given(st.tuples(st.text(), st.binary()), st.tuples(st.text(), st.binary()))
def test_different_types_or_payloads_are_never_signed_as_the_same_bytes(
    one: tuple[str, bytes], other: tuple[str, bytes]
) -> None:
    same = pre_authentication_encoding(*one) == pre_authentication_encoding(*other)
    assert same == (one == other)


def test_a_body_cannot_pretend_to_be_part_of_its_type() -> None:
    assert pre_authentication_encoding("a", b"2 b 1 c") != pre_authentication_encoding(
        "a 7 2", b"c"
    )


def test_both_alphabets_of_base64_are_read_and_fields_of_later_versions_ignored() -> None:
    payload = b"\xfb\xff\xfe"
    envelope: dict[str, JsonValue] = {
        "payloadType": "t",
        "payload": base64.urlsafe_b64encode(payload).decode(),
        "signatures": [{"keyid": None, "sig": "-_8=", "cert": "x"}],
        "later": {"a": 1},
    }
    assert envelope["payload"] == "-__-"
    assert parse_envelope(envelope) == Envelope("t", payload, (Signature("", b"\xfb\xff"),))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"payloadType": "t", "payload": ""}',
        b'{"payloadType": "t", "signatures": []}',
        b'{"payload": "", "signatures": []}',
        b'{"payloadType": 1, "payload": "", "signatures": []}',
        b'{"payloadType": "t", "payload": "", "signatures": {}}',
        b'{"payloadType": "t", "payload": "", "signatures": [1]}',
        b'{"payloadType": "t", "payload": "", "signatures": [{"keyid": "a"}]}',
        b'{"payloadType": "t", "payload": "", "signatures": [{"keyid": 1, "sig": ""}]}',
        b'{"payloadType": "t", "payload": "a", "signatures": []}',
        b'{"payloadType": "t", "payload": "YQ", "signatures": []}',
        b'{"payloadType": "t", "payload": "Y Q==", "signatures": []}',
        b'{"payloadType": "t", "payload": "YR==", "signatures": []}',
        b'{"payloadType": "t", "payload": "YQ==", "payload": "Yg==", "signatures": []}',
        b'{"payloadType": "t", "payload": "\xc3\xa9", "signatures": []}',
    ],
)
def test_what_is_no_envelope_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        parse_envelope(content)


def test_an_envelope_larger_than_its_limit_is_refused() -> None:
    envelope = b'{"payloadType": "t", "payload": "", "signatures": []}'
    assert parse_envelope(envelope.ljust(MAX_BYTES)) == Envelope("t", b"", ())
    with pytest.raises(MalformedEnvelope, match="more than"):
        parse_envelope(envelope.ljust(MAX_BYTES + 1))


def test_more_signatures_than_anybody_needs_are_refused() -> None:
    signatures: list[JsonValue] = [{"sig": ""}] * (MAX_SIGNATURES + 1)
    with pytest.raises(MalformedEnvelope, match="signatures"):
        parse_envelope({"payloadType": "t", "payload": "", "signatures": signatures})
