"""URLs of repositories: taken apart, normalised, freed of credentials. Pure text, no look-ups.

Forms are those of git-fetch(1), "GIT URLS": `scheme://[user[:password]@]host[:port]/path` and the
scp-like `[user@]host:path`, plus the `git+` prefix that package managers put before a scheme.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from gitops_auditor.errors import InvalidRequest, Refused

_SCHEMES = {"https", "http", "ssh", "git", "file"}
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_SCP = re.compile(
    r"(?:(?P<user>[^\s@/:]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s@/:\[\]]+):(?P<path>[^:].*)"
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/@\s]*@")
_SSH_GATEWAYS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
MAX_URL_LENGTH = 2048


class RemoteUrl(NamedTuple):
    """A URL in parts. `path` has no leading slash and no `.git`; `host` is in lower case."""

    scheme: str
    user: str
    password: str
    host: str
    port: int | None
    path: str


class CloneUrl(NamedTuple):
    """A URL that passed `check_clone_url`; it holds no credential. Git is given nothing else."""

    url: str
    scheme: str
    host: str
    port: int


def parse_remote(url: str) -> RemoteUrl | None:
    """Take a URL apart; None for local paths and for what is no URL."""
    text = url.strip().removeprefix("git+")
    if not text.isprintable() or not 0 < len(text) <= MAX_URL_LENGTH:
        return None
    return _parse_with_scheme(text) if "://" in text else _parse_scp(text)


def canonical_name(url: str) -> str | None:
    """`host/owner/name` in lower case, the same however a remote is written; None for no remote."""
    remote = parse_remote(url)
    if remote is None or not remote.host or not remote.path:
        return None
    host = _SSH_GATEWAYS.get(remote.host, remote.host)
    return f"{host}/{remote.path}".lower()


def owner_and_name(url: str) -> str | None:
    """The path as written, `owner/name` (longer where groups are nested); None for no remote."""
    remote = parse_remote(url)
    return remote.path if remote is not None and remote.host and remote.path else None


def without_credentials(url: str) -> str:
    """The URL with user and password removed; an ssh user name is kept, since it is no secret."""
    remote = parse_remote(url)
    if remote is not None and remote.scheme == "ssh" and not remote.password:
        return url
    return _CREDENTIALS.sub(r"\g<scheme>", url)


def check_clone_url(url: str, protocols: tuple[str, ...]) -> CloneUrl:
    """Refuse everything but a plain URL of an allowed protocol.

    Raises InvalidRequest for what is no URL and Refused for a protocol that is not in `protocols`,
    an option, another transport (`ext::`), a credential or characters that no URL has. No message
    repeats a credential.
    """
    shown = without_credentials(url)
    if len(url) > MAX_URL_LENGTH or _UNPRINTABLE.search(url) or "\\" in url:
        raise _refused("It has characters that a URL has not, or too many.", shown)
    if url.startswith("-") or re.match(r"[^/\[\]]*::", url):
        raise _refused("It is an option or another transport, not a URL.", shown)
    remote = parse_remote(url)
    if remote is None:
        raise InvalidRequest(
            f"{shown[:200]!r} is not the URL of a repository.",
            hint="Give https://host/owner/name or git@host:owner/name; a folder goes by `path`.",
        )
    if remote.scheme not in protocols:
        raise _refused(
            f"The protocol {remote.scheme} is not allowed.", shown, _protocols(protocols)
        )
    _check_parts(remote, shown)
    port = remote.port or _DEFAULT_PORTS.get(remote.scheme, 0)
    return CloneUrl(url.removeprefix("git+"), remote.scheme, remote.host, port)


def _check_parts(remote: RemoteUrl, shown: str) -> None:
    if remote.scheme == "file":
        if remote.host not in {"", "localhost"}:
            raise _refused("A file URL names no host.", shown)
        return
    if remote.password or (remote.user and remote.scheme != "ssh"):
        # It would end in git's configuration, in process lists and in error messages.
        hint = "Give the URL without it; git finds it in ~/.netrc, or use ssh with a key."
        raise _refused("It holds a credential.", shown, hint)
    if _HOST.fullmatch(remote.host) is None:
        raise _refused("Its host is not a host name or an address.", shown)
    if remote.scheme == "ssh" and remote.user and _USER.fullmatch(remote.user) is None:
        raise _refused("Its user name has characters that ssh may take for something else.", shown)
    if not remote.path or remote.path.startswith("-") or ".." in remote.path.split("/"):
        raise _refused("Its path is empty, an option, or leads out of itself.", shown)


def _protocols(protocols: tuple[str, ...]) -> str:
    return f"Allowed: {', '.join(protocols)} (GITOPS_CLONE_PROTOCOLS)."


def _refused(reason: str, shown: str, hint: str = "") -> Refused:
    return Refused(
        f"The clone URL {shown[:200]!r} is refused. {reason}",
        hint=hint or "Give https://host/owner/name or git@host:owner/name.",
    )


def _parse_with_scheme(text: str) -> RemoteUrl | None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.removeprefix("git+").removesuffix("+git")
    if scheme not in _SCHEMES or not (parts.hostname or scheme == "file"):
        return None
    host = (parts.hostname or "").lower().rstrip(".")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return RemoteUrl(scheme, user, password, host, port, _path(parts.path))


def _parse_scp(text: str) -> RemoteUrl | None:
    match = _SCP.fullmatch(text)
    if match is None:
        return None
    host = match["host"].strip("[]").lower().rstrip(".")
    return RemoteUrl("ssh", match["user"] or "", "", host, None, _path(match["path"]))


def _path(path: str) -> str:
    return path.strip("/").removesuffix(".git").rstrip("/")
