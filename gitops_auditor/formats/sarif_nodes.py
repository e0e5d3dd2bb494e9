"""Values of a SARIF document: what has another type than the standard says is an error."""

from collections.abc import Mapping, Sequence

Object = Mapping[str, object]


class UnreadableSarif(ValueError):
    """The document cannot be trusted to say all that was found; the message says why."""


def as_object(value: object, what: str) -> Object:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise UnreadableSarif(f"{what} is no object.")
    return value


def optional_object(owner: Object, key: str) -> Object:
    """The object at a key, an empty one without the key."""
    return as_object(owner[key], key) if key in owner else {}


def values(owner: Object, key: str) -> Sequence[object]:
    """The array at a key, an empty one without the key."""
    found = owner.get(key, [])
    if not isinstance(found, list):
        raise UnreadableSarif(f"{key} is no array.")
    return found


def objects(owner: Object, key: str) -> list[Object]:
    """The array of objects at a key, an empty one without the key."""
    return [as_object(one, f"An item of {key}") for one in values(owner, key)]


def text(owner: Object, key: str) -> str:
    """The string at a key, an empty one without the key."""
    found = owner.get(key, "")
    if not isinstance(found, str):
        raise UnreadableSarif(f"{key} is no string.")
    return found


def required_flag(owner: Object, key: str) -> bool:
    """The truth value at a key, which must be there."""
    found = owner.get(key)
    if not isinstance(found, bool):
        raise UnreadableSarif(f"{key} is neither true nor false.")
    return found


def index(owner: Object, key: str) -> int | None:
    """The index at a key; None without the key, and for -1, which the standard gives for none."""
    found = _whole(owner, key, least=-1)
    return None if found == -1 else found


def position(owner: Object, key: str) -> int | None:
    """The number of a line or column, from 1, at a key; None without the key."""
    return _whole(owner, key, least=1)


def _whole(owner: Object, key: str, least: int) -> int | None:
    if key not in owner:
        return None
    found = owner[key]
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found < 2**31:
        raise UnreadableSarif(f"{key} is no whole number from {least}.")
    return found


def choice(owner: Object, key: str, choices: Sequence[str], default: str) -> str:
    """The word at a key, one of `choices`; the default without the key."""
    found = text(owner, key) if key in owner else default
    if found not in choices:
        raise UnreadableSarif(f"{key} is {found[:80]!r}, which the standard does not know.")
    return found


def refuse_elsewhere(owner: Object, key: str) -> None:
    """Refuse parts of a document that lie where nobody looks for results."""
    if owner.get(key):
        raise UnreadableSarif(f"The document keeps parts of itself elsewhere ({key}).")
