"""Every single bit of an envelope and of a definition, changed one at a time."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from gitops_auditor.errors import Refused
from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.quality.signing.canonical import canonical
from gitops_auditor.quality.signing.definition_files import definition_of
from gitops_auditor.quality.signing.envelopes import Envelope
from gitops_auditor.quality.signing.verification import Verified, Verifier
from tests.quality.signing.conftest import TARGET, Office

FILE = b"""\
# Nothing is merged without tests.
quality_gates:
  pre_merge:
    - {name: Tests, minimum: 80, required: true}
    - name: "Caf\xc3\xa9"
      check: README.md exists
      tolerance: 1.5
"""


def _flips(content: bytes) -> Iterator[bytes]:
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            yield bytes(changed)


@pytest.fixture
def envelope(office: Office) -> Envelope:
    return office.sign("alice", "bob", version=6, definition=definition_of(FILE))


@pytest.fixture
def verifier(office: Office) -> Verifier:
    return office.verifier("alice", "bob", threshold=2)


def test_no_flipped_bit_of_an_envelope_changes_what_is_accepted(
    verifier: Verifier, envelope: Envelope
) -> None:
    definition = definition_of(FILE)
    written = json.dumps(envelope.to_json(), indent=2).encode()
    right = verifier.look(TARGET, definition, written)
    outcomes: Counter[object] = Counter()
    for changed in _flips(written):
        try:
            accepted = verifier.look(TARGET, definition, changed)
        except Refused as refused:
            outcomes[refused.details["reason"]] += 1
        else:
            assert accepted == right
            outcomes["the same"] += 1
    assert outcomes.total() == 8 * len(written) > 5_000
    # What is left is the spelling of names that are hints, or that no reader knows.
    assert outcomes["the same"] < 100
    assert outcomes["tampered"] > 1_000
    assert outcomes["bad_signature"] > 1_000


def test_no_flipped_bit_of_a_definition_is_accepted_with_another_meaning(
    verifier: Verifier, envelope: Envelope
) -> None:
    right = canonical(definition_of(FILE))
    outcomes: Counter[object] = Counter()
    for changed in _flips(FILE):
        outcome = _outcome(verifier, envelope, changed)
        if isinstance(outcome, Verified):
            assert canonical(definition_of(changed)) == right
            outcome = "the same"
        outcomes[outcome] += 1
    assert outcomes.total() == 8 * len(FILE) > 1_000
    assert outcomes["tampered"] > 300
    comment = FILE.index(b"\n")
    assert 0 < outcomes["the same"] < 8 * (comment + 20)


def _outcome(verifier: Verifier, envelope: Envelope, content: bytes) -> Verified | str:
    try:
        return verifier.look(TARGET, definition_of(content), envelope.to_json())
    except MalformedDocument:
        return "no YAML"
    except Refused as refused:
        return str(refused.details["reason"])


def test_no_flipped_bit_of_the_payload_alone_is_accepted(
    verifier: Verifier, envelope: Envelope
) -> None:
    for changed in _flips(envelope.payload):
        other = Envelope(envelope.payload_type, changed, envelope.signatures)
        with pytest.raises(Refused) as refused:
            verifier.look(TARGET, definition_of(FILE), other.to_json())
        assert refused.value.details["reason"] == "bad_signature"


def test_no_envelope_that_is_cut_short_is_accepted(verifier: Verifier, envelope: Envelope) -> None:
    written = json.dumps(envelope.to_json()).encode()
    for length in range(len(written)):
        with pytest.raises(Refused):
            verifier.look(TARGET, definition_of(FILE), written[:length])
