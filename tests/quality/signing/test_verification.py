"""Verification: what trusted keys signed for this place is accepted, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import JsonValue, Refused
from gitops_auditor.quality.signing.canonical import PAYLOAD_TYPE, Target, canonical
from gitops_auditor.quality.signing.envelopes import Envelope, Signature
from gitops_auditor.quality.signing.trust import Trust, change_trust
from gitops_auditor.quality.signing.verification import Verifier
from tests.quality.signing.conftest import (
    DEFINITION,
    TARGET,
    TODAY,
    Office,
    checked,
    reason_of,
)


def test_what_a_trusted_key_signed_is_accepted(office: Office) -> None:
    found = checked(office.verifier("alice"), office.sign("alice", version=3))
    assert (found.target, found.version, found.keys) == (TARGET, 3, ("alice",))


def test_an_installation_verifies_with_its_own_files(settings: Settings, office: Office) -> None:
    envelope = office.sign("alice").to_json()
    with pytest.raises(Refused, match="No key is trusted") as refused:
        Verifier.open(settings).check(TARGET, DEFINITION, envelope)
    assert refused.value.details["reason"] == "untrusted_key"
    change_trust(settings, lambda trust: trust.with_key(office.trusted("alice")))
    assert Verifier.open(settings).check(TARGET, DEFINITION, envelope).keys == ("alice",)
    change_trust(settings, lambda trust: trust.without("alice"))
    with pytest.raises(Refused):
        Verifier.open(settings).check(TARGET, DEFINITION, envelope)


def test_what_nobody_signed_is_refused(office: Office) -> None:
    verifier = office.verifier("alice")
    assert reason_of(verifier, None) == "unsigned"
    assert reason_of(verifier, replace(office.sign("alice"), signatures=())) == "unsigned"


@pytest.mark.parametrize("content", [b"", b"{}", b"not JSON", b'{"signatures": []}'])
def test_what_is_no_envelope_is_refused(office: Office, content: bytes) -> None:
    assert reason_of(office.verifier("alice"), content) == "tampered"


def test_another_definition_is_refused(office: Office) -> None:
    verifier, envelope = office.verifier("alice"), office.sign("alice")
    weaker: JsonValue = {
        "quality_gates": {"pre_merge": [{"name": "Tests", "minimum": 8, "required": True}]}
    }
    assert reason_of(verifier, envelope, definition=weaker) == "tampered"
    assert reason_of(verifier, envelope, definition=None) == "tampered"
    assert reason_of(verifier, envelope, definition={"minimum": 2**60}) == "tampered"


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(TARGET, repository="acme/ui"),
        replace(TARGET, repository="*"),
        replace(TARGET, name="other.yaml"),
        replace(TARGET, kind="gate"),
    ],
)
def test_what_was_signed_for_another_place_is_refused(office: Office, elsewhere: Target) -> None:
    verifier = office.verifier("alice")
    with pytest.raises(Refused, match="was made for") as refused:
        verifier.check(TARGET, DEFINITION, office.sign("alice", target=elsewhere).to_json())
    assert refused.value.details["reason"] == "tampered"
    assert checked(verifier, office.sign("alice", target=elsewhere), elsewhere).version == 1


def test_a_payload_that_says_the_same_in_other_bytes_is_refused(office: Office) -> None:
    right = office.sign("alice")
    spaced = Envelope(PAYLOAD_TYPE, right.payload.replace(b":", b": ", 1), ())
    made = office.keys.unlock("alice").sign(spaced.signed_bytes)
    signed = replace(spaced, signatures=(Signature(right.signatures[0].keyid, made),))
    assert reason_of(office.verifier("alice"), signed) == "tampered"


def _signed(office: Office, kind: str, payload: bytes) -> Envelope:
    key = office.keys.unlock("alice")
    blank = Envelope(kind, payload, ())
    return replace(blank, signatures=(Signature(key.public.id, key.sign(blank.signed_bytes)),))


def test_what_a_trusted_key_signed_as_something_else_is_refused(office: Office) -> None:
    verifier, right = office.verifier("alice"), office.sign("alice")
    assert reason_of(verifier, _signed(office, "text/plain", right.payload)) == "tampered"
    assert reason_of(verifier, _signed(office, PAYLOAD_TYPE, b"[]")) == "tampered"
    more = canonical({"kind": "gate", "repository": "*", "name": "a", "version": "1"})
    assert reason_of(verifier, _signed(office, PAYLOAD_TYPE, more)) == "tampered"


def test_a_payload_with_fields_that_nobody_reads_is_refused(office: Office) -> None:
    right = office.sign("alice")
    more = right.payload[:-1] + b',"x":1}'
    assert reason_of(office.verifier("alice"), _signed(office, PAYLOAD_TYPE, more)) == "tampered"


def test_the_signature_of_a_stranger_is_refused(office: Office) -> None:
    assert reason_of(office.verifier("alice"), office.sign("mallory")) == "untrusted_key"


def test_a_signature_over_other_bytes_is_refused(office: Office) -> None:
    right, other = office.sign("alice"), office.sign("alice", version=2)
    moved = replace(right, signatures=other.signatures)
    assert reason_of(office.verifier("alice"), moved) == "bad_signature"


class TestKeyIdsThatLie:
    """A key id is a hint that nobody signed."""

    def test_a_strangers_signature_under_a_trusted_id_is_refused(self, office: Office) -> None:
        alice, mallory = office.trusted("alice").public, office.sign("mallory")
        lying = replace(mallory, signatures=(Signature(alice.id, mallory.signatures[0].sig),))
        assert reason_of(office.verifier("alice"), lying) == "bad_signature"

    def test_a_trusted_signature_under_a_strangers_id_does_not_count(self, office: Office) -> None:
        right, mallory = office.sign("alice"), office.trusted("mallory").public
        lying = replace(right, signatures=(Signature(mallory.id, right.signatures[0].sig),))
        assert reason_of(office.verifier("alice"), lying) == "untrusted_key"

    def test_one_key_under_the_ids_of_two_does_not_count_twice(self, office: Office) -> None:
        verifier = office.verifier("alice", "bob", threshold=2)
        right, bob = office.sign("alice"), office.trusted("bob").public
        (signature,) = right.signatures
        lying = replace(right, signatures=(signature, Signature(bob.id, signature.sig)))
        assert reason_of(verifier, lying) == "bad_signature"

    def test_without_an_id_every_trusted_key_is_tried(self, office: Office) -> None:
        right = office.sign("bob")
        silent = replace(right, signatures=(Signature("", right.signatures[0].sig),))
        assert checked(office.verifier("alice", "bob"), silent).keys == ("bob",)

    def test_one_key_counts_once_with_and_without_its_id(self, office: Office) -> None:
        right = office.sign("alice")
        (signature,) = right.signatures
        silent = Signature("", signature.sig)
        twice = replace(right, signatures=(signature, silent, silent))
        verifier = office.verifier("alice", "bob", threshold=2)
        assert reason_of(verifier, twice) == "too_few_signatures"


class TestTwoOfThree:
    """As many different keys have to sign as the threshold says."""

    @pytest.fixture
    def verifier(self, office: Office) -> Verifier:
        return office.verifier("alice", "bob", "carol", threshold=2)

    @pytest.mark.parametrize(
        "names", [("alice", "bob"), ("bob", "carol"), ("carol", "alice"), ("alice", "bob", "carol")]
    )
    def test_any_two_are_enough(
        self, office: Office, verifier: Verifier, names: tuple[str, ...]
    ) -> None:
        assert checked(verifier, office.sign(*names)).keys == tuple(sorted(names))

    def test_one_is_too_few(self, office: Office, verifier: Verifier) -> None:
        with pytest.raises(Refused, match="1 keys that count, and 2 have to sign") as refused:
            verifier.check(TARGET, DEFINITION, office.sign("alice").to_json())
        assert refused.value.details == {
            "reason": "too_few_signatures",
            "signatures": 1,
            "threshold": 2,
        }

    def test_the_same_key_twice_is_one(self, office: Office, verifier: Verifier) -> None:
        right = office.sign("alice")
        twice = replace(right, signatures=right.signatures * 2)
        assert reason_of(verifier, twice) == "too_few_signatures"
        assert len(office.sign("alice", "alice").signatures) == 1

    def test_a_stranger_is_no_second(self, office: Office, verifier: Verifier) -> None:
        assert reason_of(verifier, office.sign("alice", "mallory")) == "too_few_signatures"

    def test_a_stranger_beside_two_changes_nothing(
        self, office: Office, verifier: Verifier
    ) -> None:
        assert checked(verifier, office.sign("mallory", "alice", "bob")).keys == ("alice", "bob")

    def test_a_wrong_third_signature_refuses_all(self, office: Office, verifier: Verifier) -> None:
        right = office.sign("alice", "bob", "carol")
        *two, third = right.signatures
        wrong = replace(right, signatures=(*two, replace(third, sig=bytes(64))))
        assert reason_of(verifier, wrong) == "bad_signature"

    def test_more_than_there_are_keys_refuses_all(self, office: Office) -> None:
        trust = Trust(threshold=2, keys=(office.trusted("alice"),))
        verifier = Verifier(trust, office.floors)
        assert reason_of(verifier, office.sign("alice")) == "too_few_signatures"


class TestExpiry:
    """A key counts through its last day."""

    def test_through_its_last_day_a_key_counts(self, office: Office) -> None:
        key = office.trusted("alice", expires=TODAY)
        assert checked(office.verifier(key), office.sign("alice")).keys == ("alice",)

    def test_after_it_the_definition_is_refused(self, office: Office) -> None:
        key = office.trusted("alice", expires=TODAY - timedelta(days=1))
        assert reason_of(office.verifier(key), office.sign("alice")) == "expired"

    def test_an_expired_key_is_no_second(self, office: Office) -> None:
        old = office.trusted("bob", expires=TODAY - timedelta(days=1))
        verifier = office.verifier("alice", old, threshold=2)
        assert reason_of(verifier, office.sign("alice", "bob")) == "too_few_signatures"

    def test_an_expired_key_beside_enough_others_changes_nothing(self, office: Office) -> None:
        old = office.trusted("bob", expires=TODAY - timedelta(days=1))
        verifier = office.verifier("alice", old)
        assert checked(verifier, office.sign("alice", "bob")).keys == ("alice",)


def test_a_key_of_other_repositories_does_not_count(office: Office) -> None:
    limited = office.trusted("alice", "acme/ui")
    assert reason_of(office.verifier(limited), office.sign("alice")) == "untrusted_key"
    ui = replace(TARGET, repository="acme/ui")
    assert checked(office.verifier(limited), office.sign("alice", target=ui), ui).version == 1


def test_gates_of_all_repositories_take_a_key_for_all(office: Office) -> None:
    everywhere = Target("gate", "*", "tests")
    envelope = office.sign("alice", target=everywhere)
    limited = office.verifier(office.trusted("alice", "acme/*"))
    assert reason_of(limited, envelope, everywhere) == "untrusted_key"
    assert checked(office.verifier("alice"), envelope, everywhere).version == 1


class TestRollback:
    """What was seen once is the least that is accepted."""

    def test_an_older_version_is_refused_though_it_is_well_signed(self, office: Office) -> None:
        verifier, old = office.verifier("alice"), office.sign("alice", version=5)
        assert checked(verifier, old).version == 5
        assert checked(verifier, office.sign("alice", version=7)).version == 7
        assert reason_of(verifier, old) == "rolled_back"

    def test_another_definition_of_the_same_version_is_refused(self, office: Office) -> None:
        verifier = office.verifier("alice")
        other: JsonValue = {"quality_gates": None}
        checked(verifier, office.sign("alice", version=5))
        envelope = office.sign("alice", version=5, definition=other)
        assert reason_of(verifier, envelope, definition=other) == "rolled_back"

    def test_the_same_definition_with_more_signatures_is_accepted(self, office: Office) -> None:
        verifier = office.verifier("alice", "bob")
        checked(verifier, office.sign("alice", version=5))
        assert checked(verifier, office.sign("alice", "bob", version=5)).version == 5

    def test_a_look_leaves_the_floor_as_it_is(self, office: Office) -> None:
        verifier = office.verifier("alice")
        old, new = (office.sign("alice", version=version) for version in (5, 7))
        assert verifier.look(TARGET, DEFINITION, new.to_json()).version == 7
        assert checked(verifier, old).version == 5
        checked(verifier, new)
        with pytest.raises(Refused, match="rolled back"):
            verifier.look(TARGET, DEFINITION, old.to_json())

    def test_what_is_refused_raises_no_floor(self, office: Office) -> None:
        verifier = office.verifier("alice")
        reason_of(verifier, office.sign("mallory", version=9))
        reason_of(verifier, office.sign("alice", version=9), definition={})
        assert not office.floors.exists()


class TestRemoval:
    """A file that was signed once cannot be left out."""

    def test_a_file_that_is_gone_is_refused(self, office: Office) -> None:
        verifier = office.verifier("alice")
        checked(verifier, office.sign("alice"))
        with pytest.raises(Refused, match="was signed and is gone") as refused:
            verifier.require_files(TARGET.repository, ["other.yaml"])
        assert refused.value.details["reason"] == "removed"
        assert TARGET.name in refused.value.message

    def test_files_that_are_there_or_were_never_verified_are_not_missed(
        self, office: Office
    ) -> None:
        verifier = office.verifier("alice")
        verifier.require_files(TARGET.repository, [])
        checked(verifier, office.sign("alice"))
        gate = replace(TARGET, kind="gate", name="tests")
        checked(verifier, office.sign("alice", target=gate), gate)
        verifier.require_files(TARGET.repository, [TARGET.name, "other.yaml"])
        verifier.require_files("acme/ui", [])
