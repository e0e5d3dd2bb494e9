"""Where a clone URL really leads: its host is resolved first, and every address must be public.

Names that look harmless resolve to this machine (`2130706433`, `0x7f.1`, a public name with a
private record), and addresses hide in others (IPv4 in IPv6, 6to4, NAT64). So the addresses are
judged, not the text, and git is then told to use just those.
"""

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import anyio

from gitops_auditor.errors import Refused, Unavailable
from gitops_auditor.repositories.git_urls import CloneUrl

Address = IPv4Address | IPv6Address

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_RESOLVE_SECONDS = 20.0


class Pinned(NamedTuple):
    """A checked URL and the only addresses git may connect to; none when any are allowed."""

    source: CloneUrl
    addresses: tuple[str, ...]


async def pin(source: CloneUrl, *, allow_private: bool) -> Pinned:
    """Resolve the host and refuse it when any of its addresses is not public.

    Raises Refused for a private network and Unavailable when the name does not resolve. With
    `allow_private` nothing is looked up, so that names only ssh knows work too.
    """
    if allow_private or source.scheme == "file":
        return Pinned(source, ())
    addresses = await _resolve(source)
    private = [address for address in addresses if not is_public(address)]
    if private:
        raise Refused(
            f"The host {source.host} leads into a private network ({private[0]}).",
            hint="Set GITOPS_ALLOW_PRIVATE_HOSTS=true when your forge is in your own network.",
        )
    return Pinned(source, tuple(str(address) for address in addresses))


def is_public(address: Address) -> bool:
    """Whether an address, and every IPv4 address hidden in it, is on the public internet."""
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return all(
        candidate.is_global and not candidate.is_multicast and not candidate.is_reserved
        for candidate in (_outer(address), *_embedded(address))
    )


def _outer(address: Address) -> Address:
    # An IPv4-mapped or translated address is as public as what it carries.
    embedded = _embedded(address)
    carries = isinstance(address, IPv6Address) and (
        address.ipv4_mapped is not None or address in _NAT64[0]
    )
    return embedded[0] if carries else address


def _embedded(address: Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in (*_NAT64, _IPV4_COMPATIBLE)):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [candidate for candidate in found if candidate is not None]


async def _resolve(source: CloneUrl) -> list[Address]:
    try:
        with anyio.fail_after(_RESOLVE_SECONDS):
            found = await anyio.getaddrinfo(source.host, source.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            f"The host {source.host} was not found.",
            hint="Check the clone URL and this machine's name resolution.",
        ) from error
    hosts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(host) for host in hosts]
