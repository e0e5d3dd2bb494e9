"""`gates sign`, `gates verify` and `gates keys`, as people and machines use them."""

import json
import os
import select
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer

from gitops_auditor.cli import gates_signing, main
from gitops_auditor.quality.signing.envelopes import parse_envelope
from gitops_auditor.quality.signing.keys import KeyFolder
from tests.cli.conftest import Cli, make
from tests.factories.terminal import SECONDS, Ended, environment

FILE = "quality_gates:\n  pre_merge:\n    - {name: Tests, minimum: 80, required: true}\n"
WEAKER = FILE.replace("80", "8")
ORIGIN = "https://github.com/acme/shop.git"
DEFINITION = Path(".gitops/quality-gates.yaml")
ENVELOPE = Path(".gitops/quality-gates.sig.json")
PROGRAM = """
import sys
from gitops_auditor.cli import main
from tests.cli.test_gates_signing import gates_only
main.program = gates_only
sys.exit(main.run(sys.argv[1:]))
"""


def gates_only(_: Sequence[str] = ()) -> typer.Typer:
    """A program of these commands; what else `gates` has is tested elsewhere."""
    app, gates = typer.Typer(), typer.Typer()
    gates.command("sign")(gates_signing.sign)
    gates.command("verify")(gates_signing.verify)
    gates.add_typer(gates_signing.keys, name="keys")
    app.add_typer(gates, name="gates")
    app.callback()(lambda: None)
    return app


@pytest.fixture
def gates(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The commands, in the folder of a repository with a file of gates."""
    make(tmp_path / "folder", {str(DEFINITION): FILE}, ORIGIN)
    monkeypatch.chdir(tmp_path / "folder")
    monkeypatch.setattr(main, "program", gates_only)

    def call(*arguments: str) -> Ended:
        return cli("gates", *arguments)

    return call


def _done(ended: Ended) -> str:
    assert (ended.status, ended.err) == (0, "")
    return ended.out


def _refusal(ended: Ended) -> str:
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    return ended.err


def _version() -> int:
    version: int = json.loads(parse_envelope(ENVELOPE.read_bytes()).payload)["version"]
    return version


def _typed(tmp_path: Path, lines: Sequence[str], *arguments: str) -> Ended:
    """Run a command on a terminal of its own, where each line is typed when it is asked for."""
    ours, its = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "gates", *arguments],
        env=environment(tmp_path / "data"),
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    ) as process:
        os.close(its)
        try:
            shown = b""
            for typed in lines:
                shown += _shown(ours, until=b": ")
                os.write(ours, f"{typed}\n".encode())
            shown += _shown(ours, until=None)
            status = process.wait(SECONDS)
        finally:
            process.kill()
            os.close(ours)
    return Ended(status, shown.decode(), "")


def _shown(terminal: int, until: bytes | None) -> bytes:
    """What a terminal shows, up to a prompt or to the end of the program."""
    shown = b""
    while until is None or not shown.endswith(until):
        if not select.select([terminal], [], [], SECONDS)[0]:
            raise TimeoutError(shown)
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # Linux says so when the last process that had the terminal is gone
            return shown
    return shown


def test_a_file_is_signed_verified_changed_and_signed_again(gates: Cli) -> None:
    _done(gates("keys", "create", "alice"))
    assert "version 1 for acme/shop, signed by alice; 1 signature." in _done(gates("sign"))
    assert "No key is trusted" in _refusal(gates("verify"))
    assert "1 of 1 trusted keys" in _done(gates("keys", "trust", "alice"))
    assert _done(gates("verify")) == (
        f"{DEFINITION} is version 1 for acme/shop, signed by alice.\n"
    )
    DEFINITION.write_text(f"# why\n{FILE}", encoding="utf-8")
    _done(gates("verify"))
    DEFINITION.write_text(WEAKER, encoding="utf-8")
    assert "is not what was signed as version 1" in _refusal(gates("verify"))
    _done(gates("sign"))
    assert "is version 2 for acme/shop" in _done(gates("verify"))


def test_a_file_without_signature_is_refused(gates: Cli) -> None:
    assert "is not signed" in _refusal(gates("verify"))


def test_one_changed_byte_of_the_envelope_is_refused(gates: Cli) -> None:
    _done(gates("keys", "create", "alice"))
    _done(gates("keys", "trust", "alice"))
    _done(gates("sign"))
    right = ENVELOPE.read_text(encoding="utf-8")
    at = right.index('"sig": "') + 20
    ENVELOPE.write_text(right[:at] + ("B" if right[at] != "B" else "C") + right[at + 1 :])
    assert "The signature of alice" in _refusal(gates("verify"))


def test_two_people_sign_one_version(gates: Cli) -> None:
    for name in ("alice", "bob"):
        _done(gates("keys", "create", name))
        _done(gates("keys", "trust", name))
    assert "2 of 2 trusted keys" in _done(gates("keys", "threshold", "2"))
    _done(gates("sign", "--key", "alice"))
    assert "1 keys that count, and 2 have to sign" in _refusal(gates("verify"))
    assert "signed by bob; 2 signatures." in _done(gates("sign", "--key", "bob"))
    assert "signed by alice, bob." in _done(gates("verify"))
    assert _version() == 1


def test_the_key_is_named_when_there_are_several(gates: Cli) -> None:
    assert "There are 0 keys" in _refusal(gates("sign"))
    for name in ("alice", "bob"):
        _done(gates("keys", "create", name))
    assert "There are 2 keys to sign with: alice, bob." in _refusal(gates("sign"))
    assert "There is no key carol" in _refusal(gates("sign", "--key", "carol"))
    assert not ENVELOPE.exists()


def test_a_version_below_the_floor_is_not_signed(gates: Cli, data_dir: Path) -> None:
    _done(gates("keys", "create", "alice"))
    floor = {"kind": "gate-file", "repository": "acme/shop", "name": str(DEFINITION)}
    file = data_dir / "gate-floors.json"
    file.write_text(json.dumps({"floors": [{**floor, "version": 7, "digest": "x"}]}))
    file.chmod(0o600)
    assert "rolled back from version 7 to 5" in _refusal(gates("sign", "--version", "5"))
    assert not ENVELOPE.exists()
    _done(gates("sign"))
    assert _version() == 8


def test_an_envelope_that_no_known_key_signed_gives_no_version(gates: Cli, data_dir: Path) -> None:
    _done(gates("keys", "create", "mallory"))
    _done(gates("sign", "--version", "4000"))
    (data_dir / "gate-keys" / "mallory.pem").unlink()
    _done(gates("keys", "create", "alice"))
    assert "No key that is known here" in _refusal(gates("sign"))
    _done(gates("sign", "--version", "2"))
    assert _version() == 2


def test_an_envelope_that_cannot_be_read_is_replaced_only_when_the_version_is_given(
    gates: Cli,
) -> None:
    _done(gates("keys", "create", "alice"))
    ENVELOPE.write_text("{}", encoding="utf-8")
    assert "is no envelope" in _refusal(gates("sign"))
    _done(gates("sign", "--version", "3"))
    assert _version() == 3


def test_a_file_is_signed_for_the_repository_it_is_in(gates: Cli) -> None:
    _done(gates("keys", "create", "alice"))
    _done(gates("keys", "trust", "alice"))
    _done(gates("sign"))
    refused = _refusal(gates("verify", "--repository", "acme/ui"))
    assert "was made for gate-file .gitops/quality-gates.yaml of acme/shop" in refused
    _done(gates("sign", "--repository", "acme/ui"))
    _done(gates("verify", "--repository", "acme/ui"))


def test_a_file_without_an_origin_is_of_the_repository_named_as_its_folder(
    gates: Cli, tmp_path: Path
) -> None:
    make(tmp_path / "alone", {"rules/gates.yaml": FILE})
    _done(gates("keys", "create", "alice"))
    _done(gates("keys", "trust", "alice"))
    file = str(tmp_path / "alone" / "rules" / "gates.yaml")
    assert "for alone, signed" in _done(gates("sign", file))
    assert "is version 1 for alone" in _done(gates("verify", file))
    assert (tmp_path / "alone" / "rules" / "gates.sig.json").is_file()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1\na: 2\n", ":2:1: The key 'a' occurs twice"),
        ("a: [", "Not YAML"),
        ("a: 100000000000000000\n", "cannot be signed"),
    ],
)
def test_a_file_that_cannot_be_signed_is_refused(gates: Cli, content: str, said: str) -> None:
    _done(gates("keys", "create", "alice"))
    DEFINITION.write_text(content, encoding="utf-8")
    assert said in _refusal(gates("sign"))
    assert not ENVELOPE.exists()


def test_a_file_that_is_not_there_or_in_no_repository_is_refused(
    gates: Cli, tmp_path: Path
) -> None:
    assert "There is no file" in _refusal(gates("sign", "missing.yaml"))
    (tmp_path / "loose.yaml").write_text(FILE, encoding="utf-8")
    assert "is in no git repository" in _refusal(gates("verify", str(tmp_path / "loose.yaml")))
    os.mkfifo(tmp_path / "folder" / "pipe.yaml")
    assert "not a regular file" in _refusal(gates("verify", "pipe.yaml"))


def test_no_command_shows_a_private_key(gates: Cli, data_dir: Path) -> None:
    shown = "".join(
        str(gates(*arguments))
        for arguments in (
            ("keys", "create", "alice"),
            ("keys", "create", "alice"),
            ("keys", "trust", "alice"),
            ("keys", "trust", str(data_dir / "gate-keys" / "alice.pem"), "--name", "again"),
            ("keys", "list"),
            ("sign",),
            ("verify",),
        )
    )
    assert "private key" in shown
    pem = (data_dir / "gate-keys" / "alice.pem").read_text(encoding="utf-8")
    secret = KeyFolder(data_dir / "gate-keys").unlock("alice")._private.private_bytes_raw()
    assert pem.splitlines()[1] not in shown
    assert secret.hex() not in shown
    assert stat.S_IMODE((data_dir / "gate-keys" / "alice.pem").stat().st_mode) == 0o600


def test_keys_are_listed_with_what_they_may(gates: Cli, data_dir: Path, tmp_path: Path) -> None:
    for name in ("alice", "bob", "carol"):
        _done(gates("keys", "create", name))
    folder = KeyFolder(data_dir / "gate-keys")
    ids = {name: folder.public(name).id for name in folder.names()}
    _done(gates("keys", "trust", "alice", "--expires", "2999-12-31", "-r", "acme/*", "-r", "ui"))
    (tmp_path / "dave.pub").write_bytes(folder.public("bob").to_pem())
    for suffix in (".pem", ".pub"):
        (folder.path / f"bob{suffix}").unlink()
    _done(gates("keys", "trust", str(tmp_path / "dave.pub"), "--expires", "2020-01-01"))
    assert _done(gates("keys", "list")).splitlines() == [
        f"alice {ids['alice']} trusted signs here, until 2999-12-31, for acme/*, ui",
        f"dave {ids['bob']} expired until 2020-01-01",
        f"carol {ids['carol']} not trusted signs here",
        "1 of 2 trusted keys have to sign.",
    ]
    assert "dave is not trusted any more." in _done(gates("keys", "distrust", "dave"))
    assert "No trusted key is called dave" in _refusal(gates("keys", "distrust", "dave"))


def test_what_is_no_key_is_not_trusted(gates: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad key").write_text("AAAA", encoding="utf-8")
    assert "no Ed25519 public key" in _refusal(gates("keys", "trust", str(tmp_path / "bad key")))
    _done(gates("keys", "create", "alice"))
    assert "There is no file bob" in _refusal(gates("keys", "trust", "bob"))
    assert "name of a key" in _refusal(gates("keys", "trust", "alice", "--name", "a b"))
    assert "0 of 0" not in _done(gates("keys", "list"))


def test_a_passphrase_comes_from_an_open_file(gates: Cli, tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "passphrase").write_text("correct horse\n", encoding="utf-8")
    (tmp_path / "wrong").write_text("wrong horse\n", encoding="utf-8")
    with (tmp_path / "passphrase").open("rb") as right, (tmp_path / "wrong").open("rb") as wrong:
        _done(gates("keys", "create", "alice", "--passphrase-fd", str(right.fileno())))
        assert b"ENCRYPTED" in (data_dir / "gate-keys" / "alice.pem").read_bytes()
        assert "cannot be read" in _refusal(gates("sign", "--passphrase-fd", str(wrong.fileno())))
        right.seek(0)
        _done(gates("sign", "--passphrase-fd", str(right.fileno())))
    assert "no terminal to ask on" in _refusal(gates("sign"))
    assert "No passphrase can be read" in _refusal(gates("sign", "--passphrase-fd", "4000"))


def test_a_passphrase_is_asked_on_the_terminal_and_not_shown(gates: Cli, tmp_path: Path) -> None:
    right, wrong = "correct horse", "wrong horse"
    made = _typed(tmp_path, [right, right], "keys", "create", "alice", "--passphrase")
    assert made.status == 0, made.out
    signed = _typed(tmp_path, [right], "sign")
    assert signed.status == 0, signed.out
    refused = _typed(tmp_path, [wrong], "sign")
    assert (refused.status, "The key alice cannot be read" in refused.out) == (1, True)
    assert "horse" not in f"{made}{signed}{refused}"
