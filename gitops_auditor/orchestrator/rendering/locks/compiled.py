"""Lock files of Cargo and of Go modules."""

import re
from typing import Final

from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem, Marker


def _cargo(_asked: Asked) -> tuple[str, ...]:
    """What the manifests do not force to move stays."""
    return ("update", "--workspace")


def _go(_asked: Asked) -> tuple[str, ...]:
    return ("mod", "tidy")


ECOSYSTEMS: Final = (
    Ecosystem(
        lock="Cargo.lock",
        manifests=re.compile(r"Cargo\.toml"),
        program="cargo",
        arguments=_cargo,
        install="install Rust",
        variables=frozenset({"cargo_registries_crates_io_protocol", "rustup_home"}),
        workspace=Marker("Cargo.toml", re.compile(rb"(?m)^\s*\[workspace\]")),
        copies=("vendor/",),
    ),
    Ecosystem(
        lock="go.sum",
        manifests=re.compile(r"go\.mod"),
        program="go",
        arguments=_go,
        install="install Go",
        # A new version may need newer ones of what it is made of: go.mod says so, too.
        also=("go.mod",),
        variables=frozenset({"goproxy", "goprivate", "gonoproxy", "gonosumdb", "gosumdb"}),
        environment={"GOFLAGS": "-mod=mod"},
        copies=("vendor/",),
    ),
)
