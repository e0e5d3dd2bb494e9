"""`gitops-auditor gates sign`, `verify` and `keys`: who says what gates demand."""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import typer
from pydantic import SecretStr

from gitops_auditor.cli.session import prepare
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, JsonValue, NotFound, TooLarge
from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.quality.signing.canonical import Target, digest
from gitops_auditor.quality.signing.definition_files import (
    GATE_FILE,
    definition_of,
    signature_path,
    write_envelope,
)
from gitops_auditor.quality.signing.envelopes import (
    MAX_BYTES,
    Envelope,
    MalformedEnvelope,
    parse_envelope,
)
from gitops_auditor.quality.signing.floors import Floors
from gitops_auditor.quality.signing.keys import KeyFolder, PublicKey, SigningKey, parse_public_key
from gitops_auditor.quality.signing.signer import Signer, next_version
from gitops_auditor.quality.signing.trust import TrustedKey, change_trust, load_trust
from gitops_auditor.quality.signing.verification import Verifier
from gitops_auditor.repositories.git_directory import locate, origin_url
from gitops_auditor.repositories.naming import id_from_name, id_from_url
from gitops_auditor.repositories.regular_files import OPEN_FLAGS, read_and_close

keys = typer.Typer(help="Keys that sign gates, and those that are trusted.", no_args_is_help=True)

MAX_DEFINITION_BYTES = 5_000_000
MAX_PASSPHRASE_BYTES = 4096

FILE = typer.Argument(Path(GATE_FILE), help="The file of gates.")
REPOSITORY = typer.Option(
    None, "--repository", "-r", help="Id of the repository; else it is that of its origin."
)
PASSPHRASE_FD = typer.Option(
    None, "--passphrase-fd", min=0, help="Open file that the passphrase is read from."
)


def sign(
    file: Path = FILE,
    key: str = typer.Option(None, "--key", "-k", help="Name of the key; else the only one."),
    version: int = typer.Option(
        None, "--version", min=1, help="Version to sign; else the present one, or the next."
    ),
    repository: str = REPOSITORY,
    passphrase_fd: int = PASSPHRASE_FD,
) -> None:
    """Sign a repository's file of gates, or add a signature to what others signed."""
    settings = prepare()
    target, definition = _target(file, repository), _definition(file)
    folder = KeyFolder.open(settings)
    signer = _unlock(folder, key or _only(folder), passphrase_fd)
    path = signature_path(file)
    before = _envelope(path, required=version is None)
    chosen = version or _next_version(settings, signer, target, definition, before)
    envelope = Signer(signer).sign(target, chosen, definition, before)
    Floors.open(settings).require(target, chosen, digest(envelope.payload))
    write_envelope(path, envelope)
    count = len(envelope.signatures)
    line(
        f"{plain(path)}: version {chosen} for {plain(target.repository)}, signed by"
        f" [bold]{plain(signer.name)}[/]; {count} signature{'s' if count > 1 else ''}."
    )


def verify(file: Path = FILE, repository: str = REPOSITORY) -> None:
    """Check the signatures of a repository's file of gates; 1 is the exit status of a refusal."""
    settings = prepare()
    target, definition = _target(file, repository), _definition(file)
    content = _read(signature_path(file), MAX_BYTES, missing=None)
    found = Verifier.open(settings).look(target, definition, content)
    names = ", ".join(found.keys)
    place = f"{plain(file)} is version {found.version} for {plain(target.repository)}"
    line(f"{place}, signed by [bold]{plain(names)}[/].")


@keys.command("create")
def create_key(
    name: str = typer.Argument(help="Name of the key, such as that of a person."),
    passphrase: bool = typer.Option(
        False, "--passphrase", help="Encrypt it under a passphrase, asked on the terminal."
    ),
    passphrase_fd: int = PASSPHRASE_FD,
) -> None:
    """Make a key pair in the data folder. Nothing trusts it yet."""
    folder = KeyFolder.open(prepare())
    wanted = passphrase or passphrase_fd is not None
    secret = _asked(name, passphrase_fd, confirm=True) if wanted else None
    public = folder.create(name, secret)
    line(f"[bold]{plain(name)}[/] {public.id}")
    line(f"Its public key is {plain(folder.path / name)}.pub:")
    line(public.text)


@keys.command("list")
def list_keys() -> None:
    """List the keys of this data folder and those that are trusted, without any private key."""
    settings = prepare()
    folder, trust = KeyFolder.open(settings), load_trust(settings)
    today = datetime.now(UTC).date()
    own = {folder.public(name).id: name for name in folder.names()}
    for trusted in trust.keys:
        here = own.pop(trusted.public.id, "") != ""
        state = "[red]expired[/]" if trusted.expired(today) else "[green]trusted[/]"
        _show_key(trusted.name, trusted.public.id, state, _conditions(trusted, here=here))
    for keyid, name in own.items():
        _show_key(name, keyid, "[yellow]not trusted[/]", "signs here")
    line(f"{trust.threshold} of {len(trust.keys)} trusted keys have to sign.")


@keys.command("trust")
def trust_key(
    key: str = typer.Argument(help="A key of this data folder, or a file with a public key."),
    name: str = typer.Option(None, "--name", help="Name to trust it by; else its own."),
    expires: datetime | None = typer.Option(
        None, formats=["%Y-%m-%d"], help="Last day on which its signatures count (UTC)."
    ),
    repository: list[str] = typer.Option(
        [], "--repository", "-r", help="Pattern of repositories that it may sign for; else all."
    ),
) -> None:
    """Let signatures of a key count, or change until when and where they do."""
    settings = prepare()
    own_name, public = _public(KeyFolder.open(settings), key)
    trusted = _trusted(name or own_name, public, expires.date() if expires else None, repository)
    after = change_trust(settings, lambda before: before.with_key(trusted))
    line(f"[bold]{plain(trusted.name)}[/] {public.id} is trusted.")
    line(f"{after.threshold} of {len(after.keys)} trusted keys have to sign.")


@keys.command("distrust")
def distrust_key(name: str = typer.Argument(help="Name of a trusted key.")) -> None:
    """Let signatures of a key count no more."""
    after = change_trust(prepare(), lambda before: before.without(name))
    line(f"[bold]{plain(name)}[/] is not trusted any more.")
    line(f"{after.threshold} of {len(after.keys)} trusted keys have to sign.")


@keys.command("threshold")
def set_threshold(count: int = typer.Argument(min=1, help="How many keys have to sign.")) -> None:
    """Set how many of the trusted keys have to sign a definition."""
    after = change_trust(prepare(), lambda before: before.with_threshold(count))
    line(f"{after.threshold} of {len(after.keys)} trusted keys have to sign.")


def _target(file: Path, repository: str | None) -> Target:
    """What the file is in its repository, told by the repository's own files."""
    path = file.absolute()
    path = path.parent.resolve() / path.name
    for folder in path.parents:
        layout = locate(folder)
        if layout is not None:
            origin = origin_url(layout)
            own = (id_from_url(origin) if origin else None) or id_from_name(folder.name)
            return Target("gate-file", repository or own, path.relative_to(folder).as_posix())
    raise InvalidRequest(f"{file} is in no git repository.", hint="Run this where it is in one.")


def _definition(file: Path) -> JsonValue:
    content = _read(file, MAX_DEFINITION_BYTES)
    try:
        return definition_of(content or b"")
    except MalformedDocument as malformed:
        raise InvalidRequest(
            f"{file}:{malformed.line}:{malformed.column}: {malformed.message}",
            hint="Correct the file, then sign it.",
        ) from None


def _read(path: Path, limit: int, *, missing: str | None = "Name another file.") -> bytes | None:
    """The content of a file. None when there is none and no hint for that is given."""
    try:
        return read_and_close(os.open(path, OPEN_FLAGS), limit)
    except FileNotFoundError:
        if missing is None:
            return None
        raise NotFound(f"There is no file {path}.", hint=missing) from None
    except ValueError as special:
        raise TooLarge(f"{path} cannot be read: {special}.", hint="Name another file.") from None
    except OSError as refused:
        raise InvalidRequest(
            f"{path} cannot be read: {refused.strerror}.", hint="Name another file."
        ) from None


def _envelope(path: Path, *, required: bool) -> Envelope | None:
    """The envelope that is there. One that cannot be read counts as none unless it is required."""
    content = _read(path, MAX_BYTES, missing=None)
    if content is None:
        return None
    try:
        return parse_envelope(content)
    except MalformedEnvelope as malformed:
        if not required:
            return None
        raise InvalidRequest(
            f"{path} is no envelope: {malformed}.",
            hint="Restore it, or give --version to replace it.",
        ) from None


def _next_version(
    settings: Settings,
    signer: SigningKey,
    target: Target,
    definition: JsonValue,
    before: Envelope | None,
) -> int:
    folder = KeyFolder.open(settings)
    known = {signer.public, *(folder.public(name) for name in folder.names())}
    known |= {key.public for key in load_trust(settings).keys}
    floor = Floors.open(settings).get(target)
    return next_version(target, definition, before, floor, known)


def _only(folder: KeyFolder) -> str:
    names = folder.names()
    if len(names) != 1:
        raise InvalidRequest(
            f"There are {len(names)} keys to sign with: {', '.join(names) or 'none'}.",
            hint="Name one with --key, or make one with `gitops-auditor gates keys create`.",
        )
    return names[0]


def _unlock(folder: KeyFolder, name: str, descriptor: int | None) -> SigningKey:
    needed = folder.is_encrypted(name)
    return folder.unlock(name, _asked(name, descriptor, confirm=False) if needed else None)


def _asked(name: str, descriptor: int | None, *, confirm: bool) -> SecretStr:
    """The passphrase of a key: from the open file, else from the terminal without echo."""
    if descriptor is not None:
        return _passphrase_from(descriptor)
    if not sys.stdin.isatty():
        raise InvalidRequest(
            f"The key {name} needs a passphrase, and there is no terminal to ask on.",
            hint="Give --passphrase-fd with the number of an open file that it is read from.",
        )
    prompt = f"Passphrase of {name}"
    return SecretStr(str(typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm)))


def _passphrase_from(descriptor: int) -> SecretStr:
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_PASSPHRASE_BYTES)
        return SecretStr(content.decode().removesuffix("\n"))
    except (OSError, UnicodeDecodeError):
        raise InvalidRequest(
            f"No passphrase can be read from the open file {descriptor}.",
            hint="Open it for reading, such as with `3< file`.",
        ) from None


def _public(folder: KeyFolder, key: str) -> tuple[str, PublicKey]:
    """A public key and its name: of the folder when one has the name, else of the file."""
    if key in folder.names():
        return key, folder.public(key)
    path = Path(key)
    hint = f"Keys of this data folder are: {', '.join(folder.names()) or 'none'}."
    content = _read(path, MAX_PASSPHRASE_BYTES, missing=hint) or b""
    return path.stem, parse_public_key(content.decode("utf-8", "replace"))


def _trusted(
    name: str, public: PublicKey, expires: date | None, repositories: list[str]
) -> TrustedKey:
    try:
        return TrustedKey(
            name=name, key=public.text, expires=expires, repositories=tuple(repositories)
        )
    except ValueError:
        raise InvalidRequest(
            f"{name[:80]!r} cannot be the name of a key.", hint="Give another with --name."
        ) from None


def _conditions(key: TrustedKey, *, here: bool) -> str:
    said = ["signs here"] if here else []
    said += [f"until {key.expires}"] if key.expires else []
    said += [f"for {', '.join(key.repositories)}"] if key.repositories else []
    return ", ".join(said)


def _show_key(name: str, keyid: str, state: str, conditions: str) -> None:
    line(f"[bold]{plain(name)}[/] {keyid} {state} {plain(conditions)}".rstrip())
