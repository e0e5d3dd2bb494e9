"""URLs of repositories: one identity however they are written, and no way to smuggle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import GitOpsError, InvalidRequest, Refused
from gitops_auditor.repositories.git_urls import (
    canonical_name,
    check_clone_url,
    owner_and_name,
    parse_remote,
    without_credentials,
)

DEFAULT = ("https", "ssh")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Owner/Name",
        "https://github.com/Owner/Name.git",
        "https://github.com/owner/name/",
        "https://user:secret@github.com/Owner/Name.git",
        "https://GitHub.com./Owner/Name",
        "git@github.com:Owner/Name.git",
        "github.com:Owner/Name.git",
        "git@github.com:/Owner/Name.git",
        "ssh://git@github.com/Owner/Name.git",
        "ssh://git@github.com:22/Owner/Name.git",
        "ssh://git@ssh.github.com:443/Owner/Name.git",
        "git://github.com/Owner/Name.git",
        "git+https://github.com/Owner/Name.git",
        "git+ssh://git@github.com/Owner/Name.git",
        "  https://github.com/Owner/Name  ",
    ],
)
def test_every_way_to_write_a_remote_gives_one_name(url: str) -> None:
    assert canonical_name(url) == "github.com/owner/name"


@pytest.mark.parametrize(
    "url", ["", "/srv/git/x.git", "../x", "file:///srv/x.git", "name", "https://", "https://[::1"]
)
def test_what_is_no_remote_has_no_name(url: str) -> None:
    assert canonical_name(url) is None
    assert owner_and_name(url) is None


def test_the_owner_and_the_name_keep_their_case_and_their_groups() -> None:
    assert owner_and_name("git@gitlab.com:Group/Sub/Name.git") == "Group/Sub/Name"


def test_ports_and_addresses_are_understood() -> None:
    remote = parse_remote("ssh://git@[2001:db8::1]:2222/owner/name.git")
    assert remote is not None
    assert (remote.host, remote.port, remote.path) == ("2001:db8::1", 2222, "owner/name")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@host/x", "https://host/x"),
        ("https://secret@host/x", "https://host/x"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("ssh://git:secret@host/x", "ssh://host/x"),
        ("git@host:x", "git@host:x"),
        ("/local/path", "/local/path"),
    ],
)
def test_credentials_are_taken_out(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://github.com/owner/name.git", "github.com", 443),
        ("https://git.example:8443/owner/name", "git.example", 8443),
        ("git@github.com:owner/name.git", "github.com", 22),
        ("ssh://git@host_1:2222/owner/name", "host_1", 2222),
        ("https://github.com/owner/na%20me", "github.com", 443),
        ("https://host/owner/a;b'c$(d)", "host", 443),
    ],
)
def test_plain_urls_of_allowed_protocols_pass(url: str, host: str, port: int) -> None:
    checked = check_clone_url(url, DEFAULT)
    assert (checked.url, checked.host, checked.port) == (url, host, port)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ext::sh -c id", "characters"),
        ("ext::sh%20-c", "transport"),
        ("fd::17", "transport"),
        ("::x", "transport"),
        ("--upload-pack=touch", "option"),
        ("-oProxyCommand=x:y", "option"),
        ("http://host/owner/name", "http is not allowed"),
        ("git://host/owner/name", "git is not allowed"),
        ("file:///etc", "file is not allowed"),
        ("ssh://-oProxyCommand=x/owner/name", "host"),
        ("ssh://-oProxyCommand=x@host/owner/name", "user name"),
        ("-oProxyCommand=x@host:owner/name", "option"),
        ("git@-oProxyCommand=x:owner/name", "host"),
        ("git@host:-upload", "option"),
        ("https://host/../../etc", "leads out"),
        ("https://host/", "empty"),
        ("https://host/a\nb", "characters"),
        ("https://host/a b", "characters"),
        ("https://host/a\x00b", "characters"),
        ("https://host/a\u2028b", "characters"),
        ("https://host\\@evil/a", "characters"),
        ("https://user:hunter2@host/a/b", "credential"),
        ("https://hunter2@host/a/b", "credential"),
        ("ssh://git:hunter2@host/a/b", "credential"),
        ("https://ho st/a/b", "characters"),
        ("https://ho$st/a/b", "host"),
        ("https://host/" + "a" * 3000, "characters"),
    ],
)
def test_everything_else_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as refusal:
        check_clone_url(url, DEFAULT)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["", "name", "/srv/git/x", "./x", "gopher://host/x", "https:///x"])
def test_what_is_no_url_says_how_urls_look(url: str) -> None:
    with pytest.raises(InvalidRequest, match="https://host/owner/name"):
        check_clone_url(url, DEFAULT)


def test_a_file_url_needs_the_protocol_and_no_host() -> None:
    assert check_clone_url("file:///srv/x.git", ("file",)).scheme == "file"
    with pytest.raises(Refused, match="no host"):
        check_clone_url("file://host/srv/x.git", ("file",))


@given(st.text(max_size=80))
def test_any_text_is_either_refused_or_cannot_be_an_option(text: str) -> None:
    try:
        checked = check_clone_url(text, (*DEFAULT, "file", "http", "git"))
    except GitOpsError:
        return
    assert not checked.url.startswith("-")
    assert "::" not in checked.url.partition("/")[0].partition("[")[0]
    assert checked.url.isascii() or checked.url.isprintable()


@given(st.text(max_size=60), st.sampled_from(["https://", "ssh://git@", "git@host:", ""]))
def test_names_never_depend_on_the_writing_of_the_end(text: str, start: str) -> None:
    name = canonical_name(start + text)
    if name is not None:
        assert canonical_name(start + text.rstrip() + "/") == name
        assert name == name.lower()
