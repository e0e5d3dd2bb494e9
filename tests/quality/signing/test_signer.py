"""Signing: which version comes next, and whose signatures stay."""

import pytest

from gitops_auditor.errors import InvalidRequest, JsonValue, TooLarge
from gitops_auditor.quality.signing.canonical import MAX_VERSION, Target
from gitops_auditor.quality.signing.envelopes import MAX_BYTES, Envelope
from gitops_auditor.quality.signing.floors import Floor
from gitops_auditor.quality.signing.signer import Signer, next_version
from tests.quality.signing.conftest import DEFINITION, TARGET, Office

CHANGED: JsonValue = {"quality_gates": {}}


def _floor(version: int) -> Floor:
    return Floor(
        kind=TARGET.kind,
        repository=TARGET.repository,
        name=TARGET.name,
        version=version,
        digest="x",
    )


def _next(
    office: Office,
    before: Envelope | None,
    definition: JsonValue = DEFINITION,
    floor: Floor | None = None,
) -> int:
    known = [office.trusted(name).public for name in ("alice", "bob")]
    return next_version(TARGET, definition, before, floor, known)


def test_the_first_version_is_one(office: Office) -> None:
    assert _next(office, None) == 1


def test_the_same_definition_keeps_its_version(office: Office) -> None:
    assert _next(office, office.sign("bob", version=4)) == 4
    assert _next(office, office.sign("bob", version=4), floor=_floor(4)) == 4


def test_a_changed_definition_is_the_next_version(office: Office) -> None:
    assert _next(office, office.sign("alice", version=4), CHANGED) == 5


@pytest.mark.parametrize("definition", [DEFINITION, CHANGED])
def test_a_version_is_never_below_the_floor(office: Office, definition: JsonValue) -> None:
    assert _next(office, office.sign("alice", version=4), definition, _floor(9)) == 10
    assert _next(office, None, definition, _floor(9)) == 10


def test_the_version_of_what_was_signed_for_another_place_does_not_count(office: Office) -> None:
    elsewhere = office.sign("alice", version=40, target=Target("gate-file", "acme/ui", TARGET.name))
    assert _next(office, elsewhere) == 1


def test_a_version_that_no_known_key_signed_does_not_count(office: Office) -> None:
    planted = office.sign("mallory", version=MAX_VERSION)
    with pytest.raises(InvalidRequest, match="No key that is known here"):
        _next(office, planted, CHANGED)


def test_there_is_no_version_after_the_last(office: Office) -> None:
    with pytest.raises(InvalidRequest, match="last version"):
        _next(office, office.sign("alice", version=MAX_VERSION), CHANGED)


def test_others_signatures_stay_on_the_same_definition_only(office: Office) -> None:
    both = office.sign("alice", "bob", version=2)
    ids = [office.trusted(name).public.id for name in ("alice", "bob")]
    assert [one.keyid for one in both.signatures] == ids
    signer = Signer(office.keys.unlock("bob"))
    assert [one.keyid for one in signer.sign(TARGET, 3, DEFINITION, both).signatures] == ids[1:]
    assert [one.keyid for one in signer.sign(TARGET, 2, CHANGED, both).signatures] == ids[1:]
    assert [one.keyid for one in signer.sign(TARGET, 2, DEFINITION, both).signatures] == ids


@pytest.mark.parametrize("version", [0, -1, MAX_VERSION + 1])
def test_a_version_that_is_none_is_refused(office: Office, version: int) -> None:
    with pytest.raises(InvalidRequest, match="no version"):
        office.sign("alice", version=version)


def test_a_definition_that_json_cannot_hold_is_refused(office: Office) -> None:
    with pytest.raises(InvalidRequest, match="cannot be signed"):
        office.sign("alice", definition={"minimum": 2**60})


def test_what_no_reader_takes_is_not_signed(office: Office) -> None:
    with pytest.raises(TooLarge) as refused:
        office.sign("alice", definition="x" * MAX_BYTES)
    assert refused.value.details == {"limit": MAX_BYTES}
