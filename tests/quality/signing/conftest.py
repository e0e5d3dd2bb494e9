"""Real keys, trust files and floors in a data folder of their own."""

from datetime import date
from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import JsonValue, Refused
from gitops_auditor.quality.signing.canonical import Target
from gitops_auditor.quality.signing.envelopes import Envelope
from gitops_auditor.quality.signing.floors import Floors
from gitops_auditor.quality.signing.keys import KeyFolder
from gitops_auditor.quality.signing.signer import Signer
from gitops_auditor.quality.signing.trust import Trust, TrustedKey
from gitops_auditor.quality.signing.verification import Verified, Verifier

TODAY = date(2026, 7, 1)
TARGET = Target("gate-file", "acme/shop", ".gitops/quality-gates.yaml")
DEFINITION: JsonValue = {
    "quality_gates": {"pre_merge": [{"name": "Tests", "minimum": 80, "required": True}]}
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a fresh data folder that require signatures."""
    return load_settings({}, data_dir=tmp_path / "data", quality_gate_signatures="required")


class Office:
    """Alice, Bob and Carol, who sign, and what is trusted of them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = KeyFolder.open(settings)
        self.floors = Floors.open(settings)

    def sign(
        self,
        *names: str,
        version: int = 1,
        target: Target = TARGET,
        definition: JsonValue = DEFINITION,
    ) -> Envelope:
        """An envelope with the signatures of all the names."""
        envelope: Envelope | None = None
        for name in names:
            if name not in self.keys.names():
                self.keys.create(name)
            signer = Signer(self.keys.unlock(name))
            envelope = signer.sign(target, version, definition, envelope)
        assert envelope is not None
        return envelope

    def trusted(self, name: str, *repositories: str, expires: date | None = None) -> TrustedKey:
        """The key of a name as a trust file has it."""
        if name not in self.keys.names():
            self.keys.create(name)
        key = self.keys.public(name).text
        return TrustedKey(name=name, key=key, expires=expires, repositories=repositories)

    def verifier(self, *keys: str | TrustedKey, threshold: int = 1) -> Verifier:
        """One that trusts these keys, on the day of the tests."""
        trusted = tuple(self.trusted(key) if isinstance(key, str) else key for key in keys)
        return Verifier(Trust(threshold=threshold, keys=trusted), self.floors, lambda: TODAY)


def reason_of(
    verifier: Verifier,
    envelope: Envelope | bytes | None,
    target: Target = TARGET,
    definition: JsonValue = DEFINITION,
) -> object:
    """The code of the refusal."""
    given = envelope.to_json() if isinstance(envelope, Envelope) else envelope
    with pytest.raises(Refused) as refused:
        verifier.check(target, definition, given)
    assert refused.value.hint
    return refused.value.details["reason"]


def checked(
    verifier: Verifier,
    envelope: Envelope,
    target: Target = TARGET,
    definition: JsonValue = DEFINITION,
) -> Verified:
    """What is said of a definition that is accepted."""
    return verifier.check(target, definition, envelope.to_json())


@pytest.fixture
def office(settings: Settings) -> Office:
    return Office(settings)
