"""Commands that fetch: clones, images, release assets and raw files of other repositories."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests.chart_names import chart_declaration
from gitops_auditor.dependencies.manifests.git_names import (
    is_shorthand,
    repository_name,
    revision_kind,
)
from gitops_auditor.dependencies.manifests.images import templated_image
from gitops_auditor.dependencies.manifests.shell_installs import CONFIDENCE, option, positional
from gitops_auditor.dependencies.manifests.shell_words import Word
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_CLONE_VALUES: Final = frozenset(
    {"-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "--reference", "-j", "--jobs"}
    | {"-C", "--filter", "--separate-git-dir", "--template", "-u", "--name"}
)
_DOCKER_FLAGS: Final = re.compile(
    r"-[ditPqa]+|--(?:rm|detach|interactive|tty|privileged|init|read-only|publish-all|quiet|all-tags"
    r"|no-healthcheck|sig-proxy|oom-kill-disable)|--[\w-]+=.*"
)
_HELM_WITH_CHART: Final = frozenset(
    {"install", "upgrade", "template", "pull", "fetch", "show", "inspect", "diff"}
)
_HELM_VALUES: Final = frozenset(
    {"--repo", "--version", "-f", "--values", "--set", "--set-string", "--set-file", "-n"}
    | {"--namespace", "--timeout", "-d", "--destination", "--kube-context", "--username"}
)
_OWNER_NAME = r"(?P<name>[\w.-]+/[\w.-]+)"
_DOWNLOADS: Final = (
    re.compile(
        rf"https?://(?:www\.)?github\.com/{_OWNER_NAME}/(?:releases/(?:latest/)?download|archive"
        r"(?:/refs/(?:tags|heads))?|raw(?:/refs/(?:tags|heads))?|tarball|zipball|blob)/(?P<ref>[^/\s\"'?]+)"
    ),
    re.compile(
        rf"https?://raw\.githubusercontent\.com/{_OWNER_NAME}/(?:refs/(?:tags|heads)/)?"
        r"(?P<ref>[^/\s\"'?]+)"
    ),
    re.compile(rf"https?://api\.github\.com/repos/{_OWNER_NAME}/releases(?P<ref>)"),
    re.compile(
        rf"https?://codeload\.github\.com/{_OWNER_NAME}/(?:tar\.gz|zip)/(?:refs/(?:tags|heads)/)?"
        r"(?P<ref>[^/\s\"'?]+)"
    ),
    re.compile(r"https?://(?P<name>[\w-]+\.github\.io/[\w.-]+)(?P<ref>)"),
)
_BUILDROOT = re.compile(
    r"\$\(call github,(?P<owner>[\w.-]+),(?P<name>[\w.-]+),(?P<ref>[^,()]+|\$\(\w+\))\)"
)
"""Buildroot user manual, "Infrastructure for packages": where a package's sources are."""

_ARCHIVE = re.compile(r"\.(?:tar\.gz|tgz|zip)$")

Found = Iterator[Declaration]


def downloads(line: str, number: int) -> Found:
    """The repositories whose release assets, archives or raw files a line of text points at."""
    if "github" not in line:
        return
    for pattern in _DOWNLOADS:
        for found in pattern.finditer(line):
            revision = _ARCHIVE.sub("", found["ref"])
            revision = "" if "/latest/" in found[0] else revision
            name = found["name"].replace(
                ".github.io/", "/"
            )  # pages lie where their repository does
            yield _taken(name, f"github.com/{name}", revision, number)
    for found in _BUILDROOT.finditer(line):
        name = f"{found['owner']}/{found['name']}"
        yield _taken(name, f"github.com/{name}", found["ref"], number)


def _taken(written: str, repository: str, revision: str, line: int) -> Declaration:
    reference = Reference("repository", repository.lower().removesuffix(".git"))
    kind = revision_kind(revision) if revision else ConstraintKind.NONE
    return Declaration(
        DependencyType.GIT, written, reference, revision, kind, Scope.DEV, CONFIDENCE, line
    )


def _git(words: Sequence[Word]) -> Found:
    rest = list(positional(words, _CLONE_VALUES))
    texts = [word.text for word in rest]
    if texts[:1] == ["clone"]:
        candidates = rest[1:2]
    elif texts[:2] in (["submodule", "add"], ["remote", "add"], ["ls-remote"]):
        candidates = rest[2:]
    else:
        candidates = []
    revision = option(words, "-b", "--branch")
    for word in candidates:
        name = repository_name(word.text)
        if name:
            yield _taken(word.text, name, revision.text if revision else "", word.line)


def _docker(words: Sequence[Word]) -> Found:
    if not words or words[0].text not in {"run", "pull", "create"}:
        return
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
        elif word.text.startswith("-"):
            skip = _DOCKER_FLAGS.fullmatch(word.text) is None
        else:
            if "$" not in word.text.partition("/")[0].partition(":")[0]:
                yield from _image(word)
            return


def _image(word: Word) -> Found:
    found = templated_image(word.text, line=word.line, scope=Scope.DEV, confidence=CONFIDENCE)
    if found is not None:
        yield found


def _helm(words: Sequence[Word]) -> Found:
    """The chart of a repository or registry that a subcommand names; local charts are folders."""
    rest = list(positional(words, _HELM_VALUES))
    address = option(words, "--repo")
    chart = rest[-1] if rest and rest[0].text in _HELM_WITH_CHART else None
    if chart is None or (address is None and not chart.text.startswith("oci://")):
        return
    version = option(words, "--version")
    found = chart_declaration(
        chart.text,
        version.text if version else "",
        line=chart.line,
        scope=Scope.DEV,
        repository=address.text if address else "",
    )
    if found is not None:
        yield found._replace(confidence=CONFIDENCE)


def _gh(words: Sequence[Word]) -> Found:
    texts = [word.text for word in positional(words, frozenset({"-R", "--repo", "-p", "-D"}))]
    named = option(words, "-R", "--repo")
    if texts[:2] == ["release", "download"] and named is not None:
        tag = texts[2] if len(texts) > 2 else ""
        yield from _from_github(named, tag)
    elif texts[:2] in (["repo", "clone"], ["repo", "fork"]) and len(texts) > 2:
        chosen = next(word for word in words if word.text == texts[2])
        yield from _from_github(chosen, "")


def _from_github(word: Word, tag: str) -> Found:
    written = word.text.removeprefix("github.com/")
    name = f"github.com/{written}" if is_shorthand(written) else repository_name(written)
    if name:
        yield _taken(word.text, name, tag, word.line)


HANDLERS: Final[Mapping[str, Callable[[Sequence[Word]], Found]]] = {
    "git": _git,
    "docker": _docker,
    "podman": _docker,
    "nerdctl": _docker,
    "gh": _gh,
    "helm": _helm,
}
