"""Data files that a setting fetches from another repository, or from a site one publishes.

Addresses of GitHub (raw files, pages) and jsDelivr name their repository; the constraint is the
branch, tag or commit in the address. Of any other site the host is the name, which the repository
that publishes the site offers (see `site_domains`). YAML named by YAML is configuration, not data.
"""

import re
from typing import Final, NamedTuple

from gitops_auditor.dependencies.manifests.setting_lines import Setting
from gitops_auditor.dependencies.manifests.web_addresses import parse_address
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_DATA_FILE = re.compile(
    r"""https://[^\s"'`<>]+?\.(?:jsonl?|ndjson|geojson|csv|tsv|parquet|xml|sqlite|txt|ya?ml)(?=["'`\s,;)?#]|\Z)"""
)
_RAW = re.compile(
    r"https://raw\.githubusercontent\.com/([^/]+)/([^/]+)/(?:refs/(?:heads|tags)/)?([^/]+)/(.+)"
)
_RAW_PAGE = re.compile(
    r"https://github\.com/([^/]+)/([^/]+)/raw/(?:refs/(?:heads|tags)/)?([^/]+)/(.+)"
)
_JSDELIVR = re.compile(r"https://cdn\.jsdelivr\.net/gh/([^/]+)/([^/@]+)(?:@([^/]+))?/(.+)")
_PAGES = re.compile(r"https://([\w-]+)\.github\.io/(?:([^/]+)/)?([^/].*)")
_OWNER = re.compile(r"[\w.-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?\d+\.\d+[\w.+-]*")
_IN_REPOSITORY: Final = 0.9
_ON_SITE: Final = 0.6
_PROSE = re.compile(r"(?:licen[cs]e|readme|changelog|robots|notice)[^/]*\Z", re.IGNORECASE)
_NO_DATA_KEYS: Final = frozenset({"$schema", "schema", "$id", "$ref"})


class _Source(NamedTuple):
    repository: str
    ref: str
    path: str


def data_file(setting: Setting, scope: Scope, *, is_yaml: bool) -> Declaration | None:
    """The data file whose address a setting holds, None when it holds none."""
    start = setting.value.find("https://")
    found = _DATA_FILE.match(setting.value, start) if start >= 0 else None
    if found is None or setting.key in _NO_DATA_KEYS:
        return None
    address = found[0]
    if _PROSE.search(address) or (is_yaml and address.endswith((".yaml", ".yml"))):
        return None
    source = _source(address)
    if source is not None:
        return _repository_file(source, scope, setting.line)
    return _site_file(address, scope, setting.line)


def _source(address: str) -> _Source | None:
    found = _RAW.match(address) or _RAW_PAGE.match(address) or _JSDELIVR.match(address)
    if found is not None:
        owner, name, ref, path = found.groups()
        return _checked(owner, name, ref or "", path)
    found = _PAGES.match(address)
    if found is not None:
        owner, name, path = found.groups()
        return _checked(owner, name or f"{owner}.github.io", "", path)
    return None


def _checked(owner: str, name: str, ref: str, path: str) -> _Source | None:
    """None where owner or name is computed."""
    if _OWNER.fullmatch(owner) is None or _OWNER.fullmatch(name) is None:
        return None
    return _Source(f"github.com/{owner}/{name}", ref, path)


def _repository_file(source: _Source, scope: Scope, line: int) -> Declaration:
    return Declaration(
        DependencyType.DATA,
        f"{source.repository}/{source.path}",
        Reference("repository", source.repository.lower()),
        source.ref,
        _kind(source.ref),
        scope,
        _IN_REPOSITORY,
        line,
    )


def _kind(ref: str) -> ConstraintKind:
    if not ref:
        return ConstraintKind.NONE
    if re.search(r"[${}%<]", ref):
        return ConstraintKind.DYNAMIC
    if _COMMIT.fullmatch(ref):
        return ConstraintKind.COMMIT
    return ConstraintKind.EXACT if _VERSION.fullmatch(ref) else ConstraintKind.TAG


def _site_file(address: str, scope: Scope, line: int) -> Declaration | None:
    parsed = parse_address(address)
    if parsed is None or "." not in parsed.hosts[0][0] or _PAGES.match(address):
        return None
    host = parsed.hosts[0][0]
    if host in {"raw.githubusercontent.com", "github.com", "cdn.jsdelivr.net"}:
        return None
    return Declaration(
        DependencyType.DATA,
        address.removeprefix("https://"),
        Reference("data", host),
        "",
        ConstraintKind.NONE,
        scope,
        _ON_SITE,
        line,
    )
