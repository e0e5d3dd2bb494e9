"""Health: an installation that refuses every gate says so."""

from datetime import UTC, datetime, timedelta

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.quality.signing.condition import signing_condition
from gitops_auditor.quality.signing.trust import change_trust
from tests.quality.signing.conftest import Office


def test_signatures_that_are_off_are_absent(settings: Settings) -> None:
    off = load_settings({}, data_dir=settings.data_dir)
    assert signing_condition(off).status == "absent"


def test_without_a_trusted_key_every_gate_is_refused(settings: Settings) -> None:
    condition = signing_condition(settings)
    assert condition.status == "degraded"
    assert condition.reasons[0].startswith("Every gate is refused: 1 trusted keys have to sign")


def test_with_as_many_keys_as_have_to_sign_all_is_well(settings: Settings, office: Office) -> None:
    change_trust(settings, lambda trust: trust.with_key(office.trusted("alice")))
    condition = signing_condition(settings)
    assert (condition.status, condition.reasons) == ("healthy", [])
    assert condition.figures == {"keys": 1, "usable": 1, "threshold": 1}
    change_trust(settings, lambda trust: trust.with_threshold(2))
    assert signing_condition(settings).status == "degraded"


def test_expired_keys_are_none(settings: Settings, office: Office) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    old = office.trusted("alice", expires=yesterday)
    change_trust(settings, lambda trust: trust.with_key(old))
    condition = signing_condition(settings)
    assert (condition.status, condition.figures["usable"]) == ("degraded", 0)


def test_a_file_of_keys_that_others_can_change_says_so(settings: Settings, office: Office) -> None:
    change_trust(settings, lambda trust: trust.with_key(office.trusted("alice")))
    (settings.data_dir / "gate-trust.yaml").chmod(0o666)
    condition = signing_condition(settings)
    assert condition.status == "degraded"
    assert "chmod go-w" in condition.reasons[0]
