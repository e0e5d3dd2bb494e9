"""Ed25519 keys (RFC 8032), and the folder of those that sign here.

`NAME.pem` is the private key (PKCS #8, RFC 5958) that only its owner can read, encrypted when a
passphrase was given; `NAME.pub` is the public key (SubjectPublicKeyInfo, RFC 8410).
"""

import base64
import binascii
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Refused
from gitops_auditor.execution.secret_files import locked, read_private, replace_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

FOLDER_NAME: Final = "gate-keys"
NAME_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"
KEY_BYTES: Final = 32
_MAX_FILE_BYTES: Final = 16_384


class PublicKey(NamedTuple):
    """A public key: 32 bytes."""

    raw: bytes

    @property
    def id(self) -> str:
        """What envelopes name it by: SHA-256 of its bytes, in hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def text(self) -> str:
        """Its bytes in base64."""
        return base64.b64encode(self.raw).decode("ascii")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature over the message."""
        # It takes long to import, and most processes verify nothing.
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above

        try:
            _ed25519(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def to_pem(self) -> bytes:
        """The key as a PEM file."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

        return _ed25519(self.raw).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def parse_public_key(text: str) -> PublicKey:
    """Read a public key from PEM, or from the base64 of its 32 bytes. Raises InvalidRequest."""
    stripped = text.strip()
    if "PRIVATE KEY" in stripped:
        raise InvalidRequest(
            "This is a private key.", hint="Give the public key; keep the private one to yourself."
        )
    raw = _raw_of_pem(stripped) if stripped.startswith("-----BEGIN") else _raw_of_base64(stripped)
    if raw is None or len(raw) != KEY_BYTES:
        raise InvalidRequest(
            "This is no Ed25519 public key.",
            hint="Give one as PEM, or the base64 of its 32 bytes.",
        )
    return PublicKey(raw)


def _raw_of_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _raw_of_pem(text: str) -> bytes | None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PublicKey,
    )

    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        return None
    return key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else None


def _ed25519(raw: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PublicKey,
    )

    return Ed25519PublicKey.from_public_bytes(raw)


class SigningKey:
    """A private key that is open in this process. Nothing shows it."""

    def __init__(self, name: str, private: "Ed25519PrivateKey") -> None:
        self.name = name
        self.public = PublicKey(private.public_key().public_bytes_raw())
        self._private = private

    def sign(self, message: bytes) -> bytes:
        """The signature over a message: 64 bytes."""
        return self._private.sign(message)


class KeyFolder:
    """The keys in a folder, by name. All methods block."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """The keys of an installation."""
        return cls(settings.data_dir / FOLDER_NAME)

    def create(self, name: str, passphrase: SecretStr | None = None) -> PublicKey:
        """Make a key pair. Raises Conflict for a name that is taken, InvalidRequest for a bad one.

        With a passphrase, the private key is encrypted under it.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
            Ed25519PrivateKey,
        )

        private_path = self._file(name, ".pem")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        public = PublicKey(private.public_key().public_bytes_raw())
        with locked(self.path / ".lock"):
            if private_path.exists():
                raise Conflict(f"There is a key {name} already.", hint="Give another name.")
            replace_private(private_path, _encoded(private, passphrase), 0o600)
            replace_private(self._file(name, ".pub"), public.to_pem(), 0o644)
        return public

    def names(self) -> list[str]:
        """The names of the keys that sign here."""
        return sorted(path.stem for path in self.path.glob("*.pem") if _is_name(path.stem))

    def public(self, name: str) -> PublicKey:
        """The public key of a name. Raises NotFound, and InvalidRequest for what is no key."""
        try:
            text = self._file(name, ".pub").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            raise self._unknown(name) from None
        return parse_public_key(text)

    def is_encrypted(self, name: str) -> bool:
        """Whether `unlock` needs a passphrase. Raises as it does."""
        return b"ENCRYPTED" in self._private(name)

    def unlock(self, name: str, passphrase: SecretStr | None = None) -> SigningKey:
        """Read a private key.

        Raises NotFound, and Refused for a file that others can read, for a wrong passphrase and for
        what is no Ed25519 key.
        """
        return SigningKey(name, _decoded(name, self._private(name), passphrase))

    def _private(self, name: str) -> bytes:
        path = self._file(name, ".pem")
        if not path.exists():
            raise self._unknown(name)
        return read_private(path, _MAX_FILE_BYTES)

    def _file(self, name: str, suffix: str) -> Path:
        if not _is_name(name):
            raise InvalidRequest(
                f"{name[:80]!r} cannot be the name of a key.",
                hint="Take up to 64 letters, digits and `._@-`; begin with a letter or digit.",
            )
        return self.path / f"{name}{suffix}"

    def _unknown(self, name: str) -> NotFound:
        known = ", ".join(self.names()) or "none"
        return NotFound(
            f"There is no key {name} in {self.path}.",
            hint=f"Known are: {known}. `gitops-auditor gates keys create` makes one.",
        )


def _is_name(name: str) -> bool:
    return re.fullmatch(NAME_PATTERN, name) is not None


def _encoded(private: "Ed25519PrivateKey", passphrase: SecretStr | None) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(_bytes(passphrase)),
    )


def _decoded(name: str, pem: bytes, passphrase: SecretStr | None) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PrivateKey,
    )

    password = _bytes(passphrase) if passphrase is not None and b"ENCRYPTED" in pem else None
    try:
        private = serialization.load_pem_private_key(pem, password)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise Refused(
            f"The key {name} cannot be read.", hint="Check its passphrase and its file."
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise Refused(f"The key {name} is no Ed25519 key.", hint="Make one with `gates keys`.")
    return private


def _bytes(passphrase: SecretStr) -> bytes:
    given = passphrase.get_secret_value().encode()
    if not given:
        raise InvalidRequest("The passphrase is empty.", hint="Give one, or none at all.")
    return given
