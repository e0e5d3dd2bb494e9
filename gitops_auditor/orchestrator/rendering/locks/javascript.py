"""Lock files of npm, pnpm, Yarn and Bun.

CI is set for all that runs confined, and makes most of these tools refuse to write a lock file, so
each is told that it may.
"""

import re
from typing import Final

from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem, Marker

_MANIFEST: Final = re.compile(r"package\.json")
_WORKSPACES: Final = Marker("package.json", re.compile(rb'"workspaces"\s*:'))
_REGISTRY: Final = frozenset({"npm_config_registry"})
_LOCK_VERSION: Final = re.compile(rb'"lockfileVersion"\s*:\s*([123])\b')
_NPM: Final = (
    "install",
    "--package-lock-only",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-progress",
)
_YARN_REGISTRIES: Final = frozenset({"yarn_npm_registry_server"})
_INSTALL_NODE: Final = "install Node.js, which brings it"


def _npm(asked: Asked) -> tuple[str, ...]:
    """With the form of the lock file that is there: npm writes its newest else."""
    version = _LOCK_VERSION.search(asked.lock)
    return (*_NPM, f"--lockfile-version={version[1].decode()}") if version else _NPM


def _pnpm(_asked: Asked) -> tuple[str, ...]:
    return ("install", "--lockfile-only", "--ignore-scripts", "--no-frozen-lockfile")


def _yarn_classic(_asked: Asked) -> tuple[str, ...]:
    """It knows no way to write the lock file and install nothing."""
    return ("install", "--ignore-scripts", "--ignore-engines", "--non-interactive", "--no-progress")


def _yarn_berry(_asked: Asked) -> tuple[str, ...]:
    return ("install", "--mode=update-lockfile", "--no-immutable")


def _bun(_asked: Asked) -> tuple[str, ...]:
    return ("install", "--lockfile-only", "--ignore-scripts")


def _is_berry(lock: bytes) -> bool:
    return b"__metadata:" in lock


def _npm_lock(name: str) -> Ecosystem:
    return Ecosystem(
        lock=name,
        manifests=_MANIFEST,
        program="npm",
        arguments=_npm,
        install=_INSTALL_NODE,
        variables=_REGISTRY,
        environment={"NPM_CONFIG_UPDATE_NOTIFIER": "false"},
        workspace=_WORKSPACES,
    )


def _bun_lock(name: str) -> Ecosystem:
    return Ecosystem(
        lock=name,
        manifests=_MANIFEST,
        program="bun",
        arguments=_bun,
        install="install Bun",
        variables=_REGISTRY,
        workspace=_WORKSPACES,
    )


ECOSYSTEMS: Final = (
    _npm_lock("package-lock.json"),
    _npm_lock("npm-shrinkwrap.json"),
    Ecosystem(
        lock="pnpm-lock.yaml",
        manifests=re.compile(r"package\.json|pnpm-workspace\.yaml"),
        program="pnpm",
        arguments=_pnpm,
        install="install pnpm",
        variables=_REGISTRY,
        workspace=Marker("pnpm-workspace.yaml", re.compile(rb"\S")),
    ),
    Ecosystem(
        lock="yarn.lock",
        manifests=_MANIFEST,
        program="yarn",
        arguments=_yarn_classic,
        install="install Yarn 1",
        form=lambda lock: not _is_berry(lock),
        variables=_REGISTRY,
        workspace=_WORKSPACES,
        asks_version=True,
        fits=lambda version: version.startswith(("0.", "1.")),
    ),
    Ecosystem(
        lock="yarn.lock",
        manifests=_MANIFEST,
        program="yarn",
        arguments=_yarn_berry,
        install="install Yarn 2 or later, for example with corepack",
        form=_is_berry,
        variables=_YARN_REGISTRIES,
        environment={"YARN_ENABLE_SCRIPTS": "false", "YARN_ENABLE_TELEMETRY": "false"},
        workspace=_WORKSPACES,
        copies=(".yarn/cache/",),
        asks_version=True,
        fits=lambda version: not version.startswith(("0.", "1.")),
    ),
    _bun_lock("bun.lock"),
    _bun_lock("bun.lockb"),
)
