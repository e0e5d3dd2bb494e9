"""Who may sign gates: the file of trusted public keys, and how many of them have to sign.

threshold: 2
keys:
- name: alice
key: <base64 of the 32 bytes, or PEM>
expires: 2030-12-31
repositories: [acme/*]
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, InvalidSetting, Refused
from gitops_auditor.execution.globs import matcher
from gitops_auditor.execution.owned_files import ChangeableFile, UnfitFile, read_owned
from gitops_auditor.execution.secret_files import locked, replace_private
from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.quality.signing.canonical import EVERYWHERE
from gitops_auditor.quality.signing.definition_files import definition_of
from gitops_auditor.quality.signing.keys import NAME_PATTERN, PublicKey, parse_public_key

FILE_NAME: Final = "gate-trust.yaml"
MAX_KEYS: Final = 32
_MAX_BYTES: Final = 2**20
_HEADER: Final = "# Changed by `gitops-auditor gates keys`, which keeps no comments.\n"


def _day(value: object) -> object:
    # A number would be taken for seconds since 1970.
    if isinstance(value, int | float):
        raise ValueError("write a day as 2030-12-31")  # noqa: TRY004 - pydantic expects this one
    return value


class TrustedKey(BaseModel, defer_build=True):
    """A public key whose signatures count.

    `expires` is the last day on which they do (UTC). `repositories` are patterns of the ids of
    repositories that it may sign for, empty for all; gates of every repository take a key for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=rf"^{NAME_PATTERN}$")]
    key: str
    expires: Annotated[date | None, BeforeValidator(_day)] = None
    repositories: tuple[str, ...] = ()

    @field_validator("key")
    @classmethod
    def _is_public_key(cls, text: str) -> str:
        return parse_public_key(text).text

    @cached_property
    def public(self) -> PublicKey:
        """The key itself."""
        return parse_public_key(self.key)

    def covers(self, repository: str) -> bool:
        """Whether it may sign for a repository."""
        if not self.repositories or EVERYWHERE in self.repositories:
            return True
        return repository != EVERYWHERE and bool(matcher(self.repositories).fullmatch(repository))

    def expired(self, today: date) -> bool:
        """Whether its signatures count no more."""
        return self.expires is not None and today > self.expires


class Trust(BaseModel, defer_build=True):
    """The trusted keys; `threshold` of them have to sign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: int = Field(default=1, ge=1, le=MAX_KEYS, strict=True)
    keys: tuple[TrustedKey, ...] = Field(default=(), max_length=MAX_KEYS)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        # One key under two names counts once, and must not look like two.
        for values in ([key.name for key in self.keys], [key.public.id for key in self.keys]):
            if twice := {value for value in values if values.count(value) > 1}:
                raise ValueError(f"{min(twice)} is there twice.")
        return self

    def of_id(self, keyid: str) -> TrustedKey | None:
        """The key of an id."""
        return next((key for key in self.keys if key.public.id == keyid), None)

    def with_key(self, key: TrustedKey) -> "Trust":
        """The same with a key more, or with the key of its name and id changed."""
        others = [each for each in self.keys if (each.name, each.key) != (key.name, key.key)]
        return _checked(self.threshold, (*others, key))

    def without(self, name: str) -> "Trust":
        """The same without the key of a name. Raises InvalidRequest when there is none."""
        others = tuple(each for each in self.keys if each.name != name)
        if len(others) == len(self.keys):
            raise InvalidRequest(
                f"No trusted key is called {name}.", hint="See `gitops-auditor gates keys list`."
            )
        return _checked(self.threshold, others)

    def with_threshold(self, threshold: int) -> "Trust":
        """The same with another number of keys that have to sign. Raises InvalidRequest."""
        return _checked(threshold, self.keys)


def _checked(threshold: int, keys: tuple[TrustedKey, ...]) -> Trust:
    try:
        return Trust(threshold=threshold, keys=keys)
    except ValidationError as invalid:
        raise InvalidRequest(
            f"These keys cannot be trusted together: {next(_problems(invalid))}",
            hint="See `gitops-auditor gates keys list`.",
        ) from None


def trust_path(settings: Settings) -> Path:
    """Where the trusted keys are."""
    return settings.quality_gate_trust or settings.data_dir / FILE_NAME


def load_trust(settings: Settings) -> Trust:
    """The trusted keys; none when there is no file in the data folder.

    Raises InvalidSetting when the file cannot be read or understood, and Refused when others than
    its owner may change it.
    """
    path = trust_path(settings)
    try:
        content = read_owned(path, _MAX_BYTES)
    except FileNotFoundError:
        if settings.quality_gate_trust is None:
            return Trust()
        raise _invalid(path, "there is no such file") from None
    except OSError as unreadable:
        raise _invalid(path, unreadable.strerror or "it cannot be opened") from None
    except UnfitFile as unfit:
        raise _invalid(path, str(unfit)) from None
    except ChangeableFile as remedy:
        raise Refused(
            f"Others can change {path}, and what it names may sign gates.", hint=f"Run: {remedy}"
        ) from None
    return _parsed(path, content)


def change_trust(settings: Settings, change: Callable[[Trust], Trust]) -> Trust:
    """Change the file of trusted keys, which is made if there is none. Raises as `load_trust`."""
    path = trust_path(settings).resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(path.with_name(f".{path.name}.lock")):
        before = load_trust(settings) if path.exists() else Trust()
        after = change(before)
        replace_private(path, _written(after), 0o644)
    return after


def _invalid(path: Path, reason: str) -> InvalidSetting:
    return InvalidSetting(
        f"The keys that are trusted to sign gates cannot be read from {path}: {reason}.",
        hint="QUALITY_GATE_TRUST names a YAML file with `threshold` and `keys`.",
    )


def _parsed(path: Path, content: bytes) -> Trust:
    try:
        return Trust.model_validate(definition_of(content))
    except MalformedDocument as malformed:
        raise _invalid(path, f"line {malformed.line}: {malformed.message.rstrip('.')}") from None
    except ValidationError as invalid:
        raise _invalid(path, next(_problems(invalid)).rstrip(".")) from None


def _problems(invalid: ValidationError) -> Iterator[str]:
    # What was given is never repeated: it may be a private key in the wrong place.
    for details in invalid.errors(include_url=False, include_input=False):
        place = ".".join(str(step) for step in details["loc"])
        message = (
            str(details["ctx"]["error"]) if details["type"] == "value_error" else details["msg"]
        )
        yield f"{place}: {message}" if place else message


def _written(trust: Trust) -> bytes:
    import yaml  # noqa: PLC0415 - only who changes the file needs it

    values = trust.model_dump(mode="json", exclude_defaults=True, exclude={"threshold"})
    text: str = yaml.safe_dump(
        {"threshold": trust.threshold, "keys": values.get("keys", [])}, sort_keys=False
    )
    return (_HEADER + text).encode()
