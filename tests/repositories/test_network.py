"""Where clone URLs may lead."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import Refused, Unavailable
from gitops_auditor.repositories.git_urls import check_clone_url
from gitops_auditor.repositories.network import is_public, pin


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_and_special_addresses_are_not_however_they_are_wrapped(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_never_makes_it_public(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address(number),
    ]
    if not is_public(inner):
        assert not any(is_public(address) for address in wrapped)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "localhost"]
)
@pytest.mark.parametrize("form", ["https://{}/owner/name", "ssh://git@{}/owner/name"])
async def test_ways_to_write_this_machine_are_refused(host: str, form: str) -> None:
    url = check_clone_url(form.format(host), ("https", "ssh"))
    with pytest.raises(Refused, match="GITOPS_ALLOW_PRIVATE_HOSTS"):
        await pin(url, allow_private=False)


async def test_a_public_address_is_pinned() -> None:
    pinned = await pin(check_clone_url("https://8.8.8.8/a/b", ("https",)), allow_private=False)
    assert pinned.addresses == ("8.8.8.8",)


async def test_a_name_that_does_not_resolve_says_so() -> None:
    url = check_clone_url("https://nowhere.invalid/owner/name", ("https",))
    with pytest.raises(Unavailable, match=r"nowhere\.invalid"):
        await pin(url, allow_private=False)


async def test_with_private_hosts_allowed_nothing_is_looked_up() -> None:
    url = check_clone_url("https://nowhere.invalid/owner/name", ("https",))
    assert (await pin(url, allow_private=True)).addresses == ()
