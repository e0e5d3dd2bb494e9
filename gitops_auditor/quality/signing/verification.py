"""Decides whether a definition is what trusted keys signed, for this place, and the newest."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self

from gitops_auditor.config import Settings
from gitops_auditor.errors import JsonValue
from gitops_auditor.quality.signing.canonical import (
    PAYLOAD_TYPE,
    NotCanonical,
    Target,
    digest,
    stated,
    statement,
)
from gitops_auditor.quality.signing.envelopes import (
    Envelope,
    MalformedEnvelope,
    Signature,
    parse_envelope,
)
from gitops_auditor.quality.signing.floors import Floors
from gitops_auditor.quality.signing.refusals import refused
from gitops_auditor.quality.signing.trust import Trust, TrustedKey, load_trust

SIGN = "Sign it with `gitops-auditor gates sign`."


@dataclass(frozen=True, slots=True)
class Verified:
    """A definition that is what was signed. `keys` are the names of those that signed it.

    `digest` is that of the payload, which tells versions of the definition apart.
    """

    target: Target
    version: int
    digest: str
    keys: tuple[str, ...]


def _utc_today() -> date:
    return datetime.now(UTC).date()


class Verifier:
    """Checks definitions against the trusted keys and the floors. All methods block.

    It keeps the trusted keys that it was opened with: open one for each piece of work, so that a
    key that is distrusted counts no more.
    """

    def __init__(
        self, trust: Trust, floors: Floors, today: Callable[[], date] = _utc_today
    ) -> None:
        self._trust = trust
        self._floors = floors
        self._today = today

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """The verifier of an installation.

        Raises InvalidSetting when the trusted keys cannot be read, and Refused when others may
        change them.
        """
        return cls(load_trust(settings), Floors.open(settings))

    def check(
        self,
        target: Target,
        definition: JsonValue,
        envelope: bytes | Mapping[str, JsonValue] | None,
    ) -> Verified:
        """Verify a definition that is put to use: its version is the floor from now on.

        Raises Refused; `details["reason"]` has the code of `refusals.Reason`.
        """
        found = self._verified(target, definition, envelope)
        self._floors.raise_to(target, found.version, found.digest)
        return found

    def look(
        self,
        target: Target,
        definition: JsonValue,
        envelope: bytes | Mapping[str, JsonValue] | None,
    ) -> Verified:
        """The same without a change of the floor, for a definition that is only tried."""
        found = self._verified(target, definition, envelope)
        self._floors.require(target, found.version, found.digest)
        return found

    def require_files(self, repository: str, present: Collection[str]) -> None:
        """Raise Refused when a file of gates that was verified once is not among those present.

        To take a file away is to take its gates away, and nobody signed that.
        """
        gone = self._floors.names("gate-file", repository).difference(present)
        if gone:
            raise refused(
                "removed",
                f"{', '.join(sorted(gone))} of {repository} was signed and is gone.",
                f"Restore it. If it is gone for good, take it out of {self._floors.path}.",
            )

    def _verified(
        self,
        target: Target,
        definition: JsonValue,
        given: bytes | Mapping[str, JsonValue] | None,
    ) -> Verified:
        envelope = _read(target, given)
        keys = self._signers(target, envelope)
        _require_type(target, envelope)
        version = _version(target, definition, envelope.payload)
        return Verified(target, version, digest(envelope.payload), keys)

    def _signers(self, target: Target, envelope: Envelope) -> tuple[str, ...]:
        """The names of the keys that signed, as many as have to."""
        if not self._trust.keys:
            raise refused(
                "untrusted_key",
                f"No key is trusted to sign gates, so the definition {target} is refused.",
                "Trust one with `gitops-auditor gates keys trust`.",
            )
        tally = _Tally(target, self._today())
        message = envelope.signed_bytes
        for signature in envelope.signatures:
            tally.count(_signer(self._trust, target, signature, message))
        tally.require(self._trust.threshold)
        return tuple(sorted(tally.counted))


@dataclass
class _Tally:
    """Whose signatures count for a target, and whose do not. A key counts once."""

    target: Target
    today: date
    counted: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    strangers: int = 0

    def count(self, key: TrustedKey | None) -> None:
        """Take the signature of a key, None for one that is not trusted."""
        if key is None:
            self.strangers += 1
        elif not key.covers(self.target.repository):
            self.elsewhere.add(key.name)
        else:
            (self.expired if key.expired(self.today) else self.counted).add(key.name)

    def require(self, threshold: int) -> None:
        """Raise Refused unless as many keys as have to signed."""
        if len(self.counted) >= threshold:
            return
        if self.counted:
            raise refused(
                "too_few_signatures",
                f"The definition {self.target} has the signatures of {len(self.counted)} keys that"
                f" count, and {threshold} have to sign.{self._others()}",
                "Have others sign it with `gitops-auditor gates sign --key NAME`.",
                signatures=len(self.counted),
                threshold=threshold,
            )
        if self.expired:
            raise refused(
                "expired",
                f"The definition {self.target} is signed by {', '.join(sorted(self.expired))},"
                " whose trust has expired.",
                "Sign it with a key that is trusted, or trust the key for longer.",
            )
        raise refused(
            "untrusted_key",
            f"No key that is trusted for {self.target.repository} signed the definition"
            f" {self.target}.{self._others()}",
            "Sign it with a trusted key; `gitops-auditor gates keys list` shows them.",
        )

    def _others(self) -> str:
        sentences = {
            "expired": sorted(self.expired),
            "not trusted for this repository": sorted(self.elsewhere),
            "not known here": [f"{self.strangers} more"] if self.strangers else [],
        }
        return "".join(f" {', '.join(who)}: {why}." for why, who in sentences.items() if who)


def _read(target: Target, given: bytes | Mapping[str, JsonValue] | None) -> Envelope:
    if given is None:
        raise refused("unsigned", f"The definition {target} is not signed.", SIGN)
    try:
        envelope = parse_envelope(given)
    except MalformedEnvelope as malformed:
        raise _tampered(target, f"cannot be read: {malformed}") from None
    if not envelope.signatures:
        raise refused("unsigned", f"The envelope of {target} holds no signature.", SIGN)
    return envelope


def _signer(
    trust: Trust, target: Target, signature: Signature, message: bytes
) -> TrustedKey | None:
    """The trusted key that made a signature; None when none did.

    A signature that says to be of a trusted key and is not refuses the whole envelope, though
    others may do: it was changed, and somebody has to know.
    """
    named = trust.of_id(signature.keyid)
    candidates = trust.keys if not signature.keyid else (named,) if named is not None else ()
    for key in candidates:
        if key.public.verifies(signature.sig, message):
            return key
    if named is not None:
        raise refused(
            "bad_signature",
            f"The signature of {named.name} on the definition {target} is wrong: it or what it"
            " signs was changed.",
            SIGN,
        )
    return None


def _require_type(target: Target, envelope: Envelope) -> None:
    if envelope.payload_type != PAYLOAD_TYPE:
        raise _tampered(target, f"is of the type {envelope.payload_type[:80]}")


def _version(target: Target, definition: JsonValue, payload: bytes) -> int:
    """The version that was signed, when it is this definition and for this target."""
    try:
        signed_for, version = stated(payload)
        present = statement(target, version, definition)
    except NotCanonical as unfit:
        raise _tampered(target, f"does not fit: {unfit}") from None
    if signed_for != target:
        raise _tampered(target, f"was made for {signed_for.kind} {signed_for}")
    if present != payload:
        raise refused(
            "tampered",
            f"The definition {target} is not what was signed as version {version}.",
            f"Restore what was signed, or sign what it is now. {SIGN}",
        )
    return version


def _tampered(target: Target, clause: str) -> Exception:
    return refused("tampered", f"The envelope of the definition {target} {clause}.", SIGN)
