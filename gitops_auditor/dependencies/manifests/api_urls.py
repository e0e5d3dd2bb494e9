"""Settings that hold the base address of an API somebody else serves.

The name is the host with the first segment of the path, exactly as the setting says it. Nothing is
guessed from names of keys or repositories: what no repository of the workspace offers under that
name stays unresolved. Confidence is low because an address may lead to anything.
"""

import re
from typing import Final

from gitops_auditor.dependencies.manifests.setting_lines import Setting
from gitops_auditor.dependencies.manifests.web_addresses import (
    WebAddress,
    first_segment,
    parse_address,
)
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_KEY = re.compile(
    r"[_.-](?i:url|uri|endpoint|host|base)\Z|[a-z](?:Url|URL|Uri|URI|Endpoint|Host)\Z"
)
_NO_API_KEY = re.compile(
    r"schema|runbook|dashboard|home|docs?\b|docs?_|documentation|help|issue|repo|source|image|logo"
    r"|icon|avatar|download|license|website|support|mirror|proxy",
    re.IGNORECASE,
)
_SCHEMES: Final = frozenset({"http", "https", "grpc", "grpcs", "ws", "wss"})
_NO_API: Final = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "raw.githubusercontent.com"}
    | {
        "registry.npmjs.org",
        "pypi.org",
        "docker.io",
        "ghcr.io",
        "quay.io",
        "gcr.io",
        "hub.docker.com",
    }
    | {"w3.org", "www.w3.org", "schema.org", "json-schema.org", "schemas.xmlsoap.org"}
)
_NO_API_HOSTS: Final = (".github.io", ".githubusercontent.com", ".readthedocs.io", ".shields.io")
_NO_API_PREFIXES: Final = ("docs.", "doc.", "www.", "blog.", "registry.", "repo.", "repo1.")
_FILE = re.compile(
    r"\.(?:json|ya?ml|csv|tsv|xml|md|html?|png|svg|ico|jpg|git|sh|zip|tgz|gz|whl|jar)\Z",
    re.IGNORECASE,
)
_SETTING_CONFIDENCE: Final = 0.6
_NEIGHBOUR_CONFIDENCE: Final = 0.4
"""A host of one label is known only where the file is deployed."""


def api_setting(setting: Setting, scope: Scope) -> Declaration | None:
    """The API that a setting names, when its key says so and its host is written out."""
    if _KEY.search(setting.key) is None or _NO_API_KEY.search(setting.key):
        return None
    address = _address(setting.value)
    if address is None:
        return None
    is_neighbour = "." not in address.hosts[0][0]
    confidence = _NEIGHBOUR_CONFIDENCE if is_neighbour else _SETTING_CONFIDENCE
    return _declaration(address, scope, confidence, setting.line)


def api_constant(setting: Setting, scope: Scope) -> Declaration | None:
    """The API that a constant in code names: only `https://api.…` and `https://…/api…` count."""
    address = _address(setting.value)
    if address is None or address.scheme != "https":
        return None
    is_api = address.hosts[0][0].startswith("api.") or first_segment(address.path) == "api"
    return _declaration(address, scope, _SETTING_CONFIDENCE, setting.line) if is_api else None


def api_name(address: WebAddress) -> str:
    """`host` or `host/first-segment`, the form in which addresses of APIs are compared."""
    segment = first_segment(address.path)
    host = address.hosts[0][0]
    return f"{host}/{segment}" if segment else host


def _address(value: str) -> WebAddress | None:
    address = parse_address(value.strip().lstrip("\"'(["))
    if address is None or address.scheme not in _SCHEMES or len(address.hosts) != 1:
        return None
    host = address.hosts[0][0]
    if host in _NO_API or host.endswith(_NO_API_HOSTS) or host.startswith(_NO_API_PREFIXES):
        return None
    return None if _FILE.search(address.path) else address


def _declaration(address: WebAddress, scope: Scope, confidence: float, line: int) -> Declaration:
    name = api_name(address)
    return Declaration(
        DependencyType.API,
        name,
        Reference("api", name),
        "",
        ConstraintKind.NONE,
        scope,
        confidence,
        line,
    )
