"""When two written names mean the same thing, and which repository a name implies. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import Reference

IMAGE_CONFIDENCE: Final = 0.8
"""A registry's owner/name usually, but not always, is the repository of the same name."""

HOST_CONFIDENCE: Final = 0.6
"""A site below an owner's domain may be served out of any of its repositories."""


class RepositoryGuess(NamedTuple):
    """A repository identity that a name implies, and how often such an implication is right."""

    identity: str
    confidence: float


def canonical(reference: Reference) -> Reference:
    """The one spelling under which references that mean the same thing are equal."""
    rule = _CANONICAL.get(reference.namespace)
    return Reference(reference.namespace, rule(reference.name)) if rule else reference


def repository_identity(text: str) -> str:
    """`host/owner/name` (or `owner/name` when no host is written) in lower case, out of a clone
    URL, a web address, scp syntax or a shorthand; "" when the text names no such thing.
    """
    text = text.strip().removeprefix("git+")
    if "://" in text:
        scheme, _, rest = text.partition("://")
        if scheme.lower() == "file":
            return ""
        host, _, path = rest.partition("/")
        host = _host(host)
    elif (scp := _SCP.fullmatch(text)) is not None:
        host, path = scp[1], scp[2]
    else:
        host, path = "", text
    return _joined(host, path)


def terms(name: str) -> frozenset[str]:
    """The words of a name that are long enough to say whose it is, in lower case."""
    return frozenset(word for word in _WORDS.split(name.lower()) if len(word) >= 4)


def squashed(name: str) -> str:
    """A name without case and punctuation: `Home-Assistant` and `homeassistant` are equal so."""
    return _WORDS.sub("", name.lower())


def guesses(reference: Reference) -> Iterator[RepositoryGuess]:
    """The repositories that a canonical reference points at by the customs of its ecosystem."""
    rule = _GUESSES.get(reference.namespace)
    return rule(reference.name) if rule else iter(())


def repository_guess(reference: Reference) -> RepositoryGuess | None:
    """The likeliest repository that a canonical reference points at, None when it implies none."""
    return next(guesses(reference), None)


def may_be_published_at(address: str, chart: str, identity: str) -> bool:
    """Whether the charts of a repository (`host/owner/name`) may lie at an address: on the pages or
    in the registry of its owner, at an address that bears the owner's name, or, on a domain of its
    own, when the repository or its owner bears the name of the chart.
    """
    parts = identity.split("/")
    if len(parts) < 3:
        return True
    owner, name = squashed(parts[1]), squashed(parts[-1])
    host, _, path = address.partition("://")[2].lower().partition("/")
    if host.endswith(_PAGES):
        return squashed(host.removesuffix(_PAGES)) == owner
    words = {squashed(word) for word in (*host.split("."), *path.split("/"))}
    return owner in words or (host != "ghcr.io" and squashed(chart) in {owner, name})


def wildcard(name: str) -> re.Pattern[str] | None:
    """The pattern of an offered name with placeholders, such as `ghcr.io/owner/{arch}-base`; None
    when there are none, or when so little else is written that it would fit anything.
    """
    if "{" not in name:
        return None
    parts = _PLACEHOLDER.split(name)
    if len(squashed(_PLACEHOLDER.sub("", name.rpartition("/")[2]))) < _TELLING:
        return None
    return re.compile("[a-z0-9_.-]+".join(re.escape(part) for part in parts))


_SCP: Final = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]*[A-Za-z0-9]):(?!/)(.+)")
_TWO_LEVELS: Final = frozenset({"github.com", "codeberg.org", "bitbucket.org"})
_SITE_LABELS: Final = 3
_TELLING: Final = 3
_PAGES: Final = ".github.io"
_WORDS: Final = re.compile(r"[^a-z0-9]+")
_PLACEHOLDER: Final = re.compile(r"\$?\{+[^{}]*\}+")
_PYPI: Final = re.compile(r"[-_.]+")
_GO_MAJOR: Final = re.compile(r"/v[2-9][0-9]*$")


def _host(text: str) -> str:
    host = text.rpartition("@")[2].lower()
    host = host.partition(":")[0]
    return host.removeprefix("www.")


def _joined(host: str, path: str) -> str:
    if not host and path.startswith(("/", ".", "~")):
        return ""
    path = path.partition("#")[0].partition("?")[0].strip("/")
    parts = [part for part in path.split("/") if part]
    if host in _TWO_LEVELS:
        parts = parts[:2]
    if len(parts) < 2:
        return ""
    parts[-1] = parts[-1].removesuffix(".git")
    return "/".join([host, *parts] if host else parts).lower()


def _repository(name: str) -> str:
    return repository_identity(name) or name.lower()


def _image(name: str) -> str:
    name = name.lower()
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host = "docker.io" if first in {"index.docker.io", "registry-1.docker.io"} else first
        path = rest
    else:
        host, path = "docker.io", name
    if host == "docker.io" and "/" not in path:
        path = f"library/{path}"
    return f"{host}/{path}"


def _terraform(name: str) -> str:
    return name.lower().removeprefix("registry.terraform.io/").partition("//")[0]


def _chart(name: str) -> str:
    return name.lower().rstrip("/")


_CANONICAL: Final[dict[str, Callable[[str], str]]] = {
    "pypi": lambda name: _PYPI.sub("-", name.lower()),
    "crate": lambda name: name.lower().replace("_", "-"),
    "npm": str.lower,
    "image": _image,
    "terraform": _terraform,
    "chart": _chart,
    "repository": _repository,
}


def _guess_repository(name: str) -> Iterator[RepositoryGuess]:
    yield RepositoryGuess(name, 1.0)


def _guess_go(name: str) -> Iterator[RepositoryGuess]:
    parts = _GO_MAJOR.sub("", name.lower()).split("/")
    if len(parts) >= 3 and "." in parts[0]:
        yield RepositoryGuess("/".join(parts[:3]), 1.0)


def _guess_terraform(name: str) -> Iterator[RepositoryGuess]:
    parts = name.split("/")
    if len(parts) == 3:
        owner, module, provider = parts
        yield RepositoryGuess(f"{owner}/terraform-{provider}-{module}", 1.0)


def _guess_image(name: str) -> Iterator[RepositoryGuess]:
    host, _, path = name.partition("/")
    parts = path.split("/")
    if host == "ghcr.io" and len(parts) >= 2:
        yield RepositoryGuess(f"github.com/{parts[0]}/{parts[1]}", IMAGE_CONFIDENCE)
    elif host == "registry.gitlab.com" and len(parts) >= 2:
        yield RepositoryGuess(f"gitlab.com/{parts[0]}/{parts[1]}", IMAGE_CONFIDENCE)
    elif len(parts) == 2 and parts[0] != "library":
        yield RepositoryGuess(f"{parts[0]}/{parts[1]}", IMAGE_CONFIDENCE)


def _guess_chart(name: str) -> Iterator[RepositoryGuess]:
    """`https://owner.github.io/path/chart`: the repository so named, else the one of the pages."""
    host, _, path = name.partition("://")[2].partition("/")
    owner, dot, site = host.partition(".")
    parts = [part for part in path.split("/") if part]
    if dot and site == "github.io":
        for part in dict.fromkeys([*reversed(parts)]):
            yield RepositoryGuess(f"github.com/{owner}/{part}", IMAGE_CONFIDENCE)


def _guess_host(name: str) -> Iterator[RepositoryGuess]:
    """`https://site.owner.tld/...`: what an owner serves under its own domain, named so."""
    labels = name.rpartition("://")[2].partition("/")[0].lower().split(".")
    if len(labels) == _SITE_LABELS:
        yield RepositoryGuess(f"{labels[1]}/{labels[0]}", HOST_CONFIDENCE)


_GUESSES: Final[dict[str, Callable[[str], Iterator[RepositoryGuess]]]] = {
    "repository": _guess_repository,
    "go": _guess_go,
    "terraform": _guess_terraform,
    "image": _guess_image,
    "chart": _guess_chart,
    "api": _guess_host,
    "data": _guess_host,
}
