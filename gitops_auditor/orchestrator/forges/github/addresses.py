"""Which repository of GitHub a registered one is."""

from typing import NamedTuple
from urllib.parse import quote, urlsplit

from typing_extensions import override

from gitops_auditor.repositories.git_urls import RemoteUrl, parse_remote
from gitops_auditor.repositories.models import Repository

_GATEWAYS = {"ssh.github.com": "github.com"}
_DEFAULT_PORTS = {"https": 443, "http": 80}


class RepositoryName(NamedTuple):
    """`owner/name`, as GitHub's addresses have it."""

    owner: str
    name: str

    @property
    def path(self) -> str:
        """Its part of an address of the REST API."""
        return f"/repos/{quote(self.owner, safe='')}/{quote(self.name, safe='')}"

    @override
    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


def github_name(repository: Repository, github_url: str) -> RepositoryName | None:
    """What the repository is called on the GitHub at `github_url`; None when it is not there.

    The URL it is cloned from says so, else that of its origin.
    """
    remote = parse_remote(repository.clone_url or repository.origin_url or "")
    if remote is None or not _is_there(remote, github_url):
        return None
    owner, slash, name = remote.path.partition("/")
    return RepositoryName(owner, name) if slash and name and "/" not in name else None


def _is_there(remote: RemoteUrl, github_url: str) -> bool:
    github = urlsplit(github_url)
    host = _GATEWAYS.get(remote.host, remote.host)
    if host != (github.hostname or "").lower():
        return False
    if remote.scheme not in _DEFAULT_PORTS:
        return True
    port = remote.port or _DEFAULT_PORTS[remote.scheme]
    return port == (github.port or _DEFAULT_PORTS.get(github.scheme))
