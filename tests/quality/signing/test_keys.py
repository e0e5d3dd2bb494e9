"""Keys: files that only their owner reads, and nothing that shows a private one."""

import hashlib
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Refused
from gitops_auditor.quality.signing.keys import KeyFolder, PublicKey, parse_public_key

# RFC 8032 section 7.1, TEST 2.
SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
MESSAGE = b"\x72"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
PASSPHRASE = SecretStr("correct horse")


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "data" / "gate-keys")


def _private_pem(private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_signatures_are_those_of_the_rfc(folder: KeyFolder) -> None:
    folder.create("alice")
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET))
    (folder.path / "alice.pem").write_bytes(_private_pem(private))
    key = folder.unlock("alice")
    assert (key.public.raw.hex(), key.sign(MESSAGE).hex()) == (PUBLIC, SIGNATURE)
    assert key.public.verifies(bytes.fromhex(SIGNATURE), MESSAGE)
    assert not key.public.verifies(bytes.fromhex(SIGNATURE), b"\x73")
    assert not key.public.verifies(b"", MESSAGE)
    assert key.public.id == hashlib.sha256(bytes.fromhex(PUBLIC)).hexdigest()


def test_a_signature_with_a_scalar_out_of_range_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(bytes.fromhex(SIGNATURE)[32:], "little") + order
    forged = bytes.fromhex(SIGNATURE)[:32] + scalar.to_bytes(32, "little")
    assert not PublicKey(bytes.fromhex(PUBLIC)).verifies(forged, MESSAGE)


def test_the_files_of_a_key_are_private_whatever_the_umask(folder: KeyFolder) -> None:
    before = os.umask(0)
    try:
        folder.create("alice")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / "alice.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder.path / "alice.pub").stat().st_mode) == 0o644


def test_a_key_never_replaces_another(folder: KeyFolder) -> None:
    made = folder.create("alice")
    content = (folder.path / "alice.pem").read_bytes()
    with pytest.raises(Conflict, match="alice"):
        folder.create("alice")
    assert (folder.path / "alice.pem").read_bytes() == content
    assert (folder.names(), folder.public("alice")) == (["alice"], made)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_private_key_that_others_reach_does_not_sign(folder: KeyFolder, mode: int) -> None:
    folder.create("alice")
    (folder.path / "alice.pem").chmod(mode)
    with pytest.raises(Refused, match="Others than its owner"):
        folder.unlock("alice")


def test_a_link_in_place_of_a_private_key_does_not_sign(folder: KeyFolder) -> None:
    folder.create("alice")
    (folder.path / "alice.pem").rename(folder.path / "elsewhere")
    (folder.path / "alice.pem").symlink_to(folder.path / "elsewhere")
    with pytest.raises(Refused, match="not a link"):
        folder.unlock("alice")


def test_an_encrypted_key_opens_with_its_passphrase_only(folder: KeyFolder) -> None:
    public = folder.create("alice", PASSPHRASE)
    assert folder.is_encrypted("alice")
    assert folder.unlock("alice", PASSPHRASE).public == public
    for wrong in (None, SecretStr("wrong horse")):
        with pytest.raises(Refused, match="cannot be read") as refused:
            folder.unlock("alice", wrong)
        assert "horse" not in str(refused.value)


def test_a_key_without_passphrase_needs_none(folder: KeyFolder) -> None:
    public = folder.create("alice")
    assert not folder.is_encrypted("alice")
    assert folder.unlock("alice", PASSPHRASE).public == public


def test_an_empty_passphrase_is_refused_and_makes_no_key(folder: KeyFolder) -> None:
    with pytest.raises(InvalidRequest, match="empty"):
        folder.create("alice", SecretStr(""))
    assert folder.names() == []


@pytest.mark.parametrize("name", ["", ".", "..", "../alice", "a/b", ".hidden", "-k", "a b", "a\n"])
def test_a_name_that_is_no_name_of_a_file_is_refused(folder: KeyFolder, name: str) -> None:
    for attempt in (folder.create, folder.public, folder.unlock):
        with pytest.raises(InvalidRequest, match="name of a key"):
            attempt(name)


def test_an_unknown_key_names_those_that_are_known(folder: KeyFolder) -> None:
    folder.create("alice")
    for attempt in (folder.public, folder.unlock, folder.is_encrypted):
        with pytest.raises(NotFound, match="Known are: alice"):
            attempt("bob")


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAA\n"])
def test_a_damaged_private_key_does_not_sign(folder: KeyFolder, content: bytes) -> None:
    folder.create("alice")
    (folder.path / "alice.pem").write_bytes(content)
    with pytest.raises(Refused, match="alice"):
        folder.unlock("alice")


def test_a_key_of_another_algorithm_does_not_sign(folder: KeyFolder) -> None:
    folder.create("alice")
    other = ec.generate_private_key(ec.SECP256R1())
    (folder.path / "alice.pem").write_bytes(_private_pem(other))
    with pytest.raises(Refused, match="no Ed25519 key"):
        folder.unlock("alice")
    public = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(InvalidRequest, match="no Ed25519 public key"):
        parse_public_key(public.decode())


def test_a_public_key_is_read_from_pem_and_from_base64() -> None:
    key = PublicKey(bytes.fromhex(PUBLIC))
    assert parse_public_key(key.to_pem().decode()) == key
    assert parse_public_key(f" {key.text}\n") == key


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "\u00e9", "-----BEGIN PUBLIC"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="no Ed25519 public key"):
        parse_public_key(text)


def test_a_private_key_in_place_of_a_public_one_is_refused_and_not_repeated(
    folder: KeyFolder,
) -> None:
    folder.create("alice")
    pem = (folder.path / "alice.pem").read_text(encoding="utf-8")
    with pytest.raises(InvalidRequest, match="private key") as refused:
        parse_public_key(pem)
    assert pem.splitlines()[1] not in str(refused.value)


def test_an_open_key_does_not_show_its_secret(folder: KeyFolder) -> None:
    folder.create("alice")
    key = folder.unlock("alice")
    secret = key._private.private_bytes_raw()
    shown = f"{key!r} {key} {vars(key)!r}"
    assert secret.hex() not in shown
    assert repr(secret) not in shown
