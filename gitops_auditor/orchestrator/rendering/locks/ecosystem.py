"""What is to be known of an ecosystem, so that its lock file can be made anew."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Asked(NamedTuple):
    """What the arguments of a tool may depend on.

    `name` is the package that is bumped, empty when there is none. `lock` is the lock file of the
    base commit. `version` is what the tool says of its own, of an ecosystem that `asks_version`.
    """

    name: str
    lock: bytes
    version: str = ""


class Marker(NamedTuple):
    """A file beside a lock file, and what is found in it where folders below share the lock."""

    file: str
    pattern: re.Pattern[bytes]


def as_it_is(_asked: Asked, lock: bytes) -> bytes:
    """The lock file, unchanged."""
    return lock


def of_any_form(_lock: bytes) -> bool:
    """Whatever the lock file holds."""
    return True


def of_any_version(_version: str) -> bool:
    """Whatever version the tool has."""
    return True


def of_same_time(_old: bytes, new: bytes, _moment: int) -> bytes:
    """What the tool wrote; for lock files without a date."""
    return new


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """One tool and one lock file.

    `manifests` match whole names of files. `arguments` follow the program; it runs in the folder of
    the lock file, with network. `form` tells lock files of the same name apart. `also` are files
    beside the lock file that the tool keeps in line with it. `variables` are those of the platform
    that tell where packages come from, in small letters. `copies` are files beside the lock that
    hold packages themselves. `fits` says whether a tool of that version writes this form of lock
    file. `prepared` is the lock file as the tool finds it, and `settled` (old,
    new, moment in seconds since 1970) as it is kept: equal inputs give equal bytes.
    """

    lock: str
    manifests: re.Pattern[str]
    program: str
    arguments: Callable[[Asked], tuple[str, ...]]
    install: str
    form: Callable[[bytes], bool] = of_any_form
    also: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    workspace: Marker | None = None
    copies: tuple[str, ...] = ()
    asks_version: bool = False
    fits: Callable[[str], bool] = of_any_version
    prepared: Callable[[Asked, bytes], bytes] = as_it_is
    settled: Callable[[bytes, bytes, int], bytes] = of_same_time
