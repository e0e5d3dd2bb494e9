"""Which files are read for settings with addresses, and what is taken from each kind.

Env files, YAML (Compose, Kubernetes, Helm values, Spring), `.properties` and Terraform give APIs,
data sources and data files. Code is not read, except for the files that by custom hold constants
and lie at most two folders deep.
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.api_urls import api_constant, api_setting
from gitops_auditor.dependencies.manifests.data_files import data_file
from gitops_auditor.dependencies.manifests.data_sources import (
    BUCKET_SCHEMES,
    data_source,
    kafka_cluster,
)
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.setting_lines import Setting, address_settings
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope

_LIMIT: Final = 2 * 1024 * 1024  # larger files are data, not settings
_BROKER_PORTS: Final = ":909"  # 9092 and its neighbours
_YAML: Final = (".yaml", ".yml")
_CODE_DEPTH: Final = 2
_CODE_NAMES: Final = frozenset(
    f"{stem}.{extension}"
    for stem in ("const", "consts", "constants", "config", "settings", "defaults", "urls")
    for extension in ("py", "ts", "js", "mjs", "go", "rb")
)
_ENV_KINDS: Final = (
    *("example", "sample", "template", "dist", "default", "defaults"),
    *("local", "development", "production", "staging", "test", "override"),
)
_ENV_NAMES: Final = frozenset(
    {".env", "env.example", "env.sample", "application.properties"}
    | {f".env.{kind}" for kind in _ENV_KINDS}
)
_CONFIG_NAMES: Final = frozenset(
    {"config.json", "config.toml", "settings.json", "settings.toml", "appsettings.json"}
)
_NOT_SETTINGS = re.compile(
    r"(?:^|/)(?:\.github/|\.vscode/|\.gitlab-ci|\.circleci/|mkdocs|_config\.|kustomization\.|pnpm-lock|"
    r"renovate|(?:openapi|swagger|asyncapi)[^/]*\Z|crds?/|node_modules/|vendor/|locales?/|i18n/)"
)
_SERVICE: Final = r"^[ \t]{1,8}(?:- )?(?:name:[ \t]*)?[\"']?(?:%s)[\"']?:?[ \t]*$"


def read_settings(file: ManifestFile) -> ManifestFacts:
    """The APIs, data sources and data files that the settings of a file name, each once."""
    has_address = b"://" in file.content or _BROKER_PORTS.encode() in file.content
    if len(file.content) > _LIMIT or not has_address:
        return ManifestFacts()
    found: dict[str, Declaration] = {}
    for need in sorted(_needs(file), key=lambda item: item.line):
        found.setdefault(need.name, need)
    started = [name for name, need in found.items() if _is_in_same_file(need, file.text)]
    return ManifestFacts(tuple(need for name, need in found.items() if name not in started))


def read_constants(file: ManifestFile) -> ManifestFacts:
    """The APIs and data files that a file of constants names."""
    if len(file.content) > _LIMIT or b"https://" not in file.content:
        return ManifestFacts()
    scope = scope_of_path(file.path)
    found: list[Declaration] = []
    for setting in address_settings(file.text, "https://"):
        need = data_file(setting, scope, is_yaml=False) or api_constant(setting, scope)
        if need is not None:
            found.append(need)
    return ManifestFacts(tuple(found))


def _needs(file: ManifestFile) -> Iterator[Declaration]:
    scope = scope_of_path(file.path)
    is_yaml = file.name.endswith(_YAML)
    for setting in address_settings(file.text):
        need = _need(setting, scope, is_yaml=is_yaml)
        if need is not None:
            yield need
    for setting in address_settings(file.text, _BROKER_PORTS):
        cluster = kafka_cluster(setting, scope)
        if cluster is not None:
            yield cluster


def _need(setting: Setting, scope: Scope, *, is_yaml: bool) -> Declaration | None:
    return (
        data_source(setting, scope)
        or data_file(setting, scope, is_yaml=is_yaml)
        or api_setting(setting, scope)
    )


def _is_in_same_file(need: Declaration, text: str) -> bool:
    """Whether the host is a service that the same file starts, as in Compose."""
    scheme, _, rest = need.name.rpartition("://")
    host = rest.partition("/")[0].partition(":")[0]
    if "." in host or scheme in BUCKET_SCHEMES or need.reference.namespace == "repository":
        return False
    return re.search(_SERVICE % re.escape(host), text, re.MULTILINE) is not None


def _is_settings(path: str) -> bool:
    name = path.rpartition("/")[2]
    is_plain = name in _CONFIG_NAMES or not name.endswith((".json", ".toml"))
    return is_plain and _NOT_SETTINGS.search(path) is None


def _is_constants(path: str) -> bool:
    return path.count("/") <= _CODE_DEPTH and path.rpartition("/")[2] in _CODE_NAMES


READERS: tuple[ManifestReader, ...] = (
    ManifestReader(
        "settings",
        read_settings,
        names=_ENV_NAMES,
        suffixes=(".env",),
        claim_suffixes=(*_YAML, ".tf", ".tfvars", *sorted(_CONFIG_NAMES)),
        claims=_is_settings,
    ),
    ManifestReader(
        "constants",
        read_constants,
        claim_suffixes=tuple(sorted({f".{name.rpartition('.')[2]}" for name in _CODE_NAMES})),
        claims=_is_constants,
    ),
)
