"""Addresses whose host is written out, in parts that can be kept: never credentials or queries."""

import re
from typing import Final, NamedTuple

ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://(?:(?P<user>[^\s/\"'<>@]*(?:@[^\s/\"'<>@]*)*)@)?"
    r"(?P<hosts>[A-Za-z0-9_.,:-]+)(?P<path>/[^\s\"'?#<>;,)\]`]*)?"
)
_REST = re.compile(r"[^\s\"']*")
_HOST = re.compile(r"(?P<host>[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?)(?::(?P<port>\d{1,5}))?")
_NUMERIC = re.compile(r"[\d.]+")
_NOWHERE: Final = frozenset(
    {"localhost", "host.docker.internal", "example.com", "example.org", "example.net", "0.0.0.0"}  # noqa: S104 - names to skip, nothing binds to them
)
_RESERVED: Final = (".localhost", ".example", ".example.com", ".example.org", ".test", ".invalid")


class WebAddress(NamedTuple):
    """The parts of an address that say where it leads; host in lower case, `port` may be empty."""

    scheme: str
    hosts: tuple[tuple[str, str], ...]
    """Host and port of each; more than one only for clusters."""
    path: str


def parse_address(text: str) -> WebAddress | None:
    """The address that `text` begins with; None when its host is computed, local or reserved.

    An authority that is not plain host:port is refused whole, since a password may be part of it.
    """
    found = ADDRESS.match(text)
    if found is None:
        return None
    path = found["path"] or ""
    following = _REST.match(text, found.end())
    rest = following[0] if following else ""
    if "@" in path or "@" in rest or (rest[:1] in {"$", "{", "%", "<"} and not path):
        return None
    hosts = tuple(_host(part) for part in found["hosts"].lower().rstrip(".,").split(","))
    known = tuple(host for host in hosts if host is not None)
    if len(known) != len(hosts) or any(_leads_nowhere(host) for host, _ in known):
        return None
    return WebAddress(found["scheme"].lower(), known, path)


def first_segment(path: str) -> str:
    """The first part of a path, empty when it is none or holds a variable."""
    segment = path.lstrip("/").partition("/")[0]
    return segment.lower() if re.fullmatch(r"[\w.~-]+", segment) else ""


def _host(text: str) -> tuple[str, str] | None:
    found = _HOST.fullmatch(text)
    return (found["host"], found["port"] or "") if found else None


def _leads_nowhere(host: str) -> bool:
    if host in _NOWHERE or host.endswith(_RESERVED):
        return True
    return _NUMERIC.fullmatch(host) is not None and (host.startswith("127.") or "." not in host)
