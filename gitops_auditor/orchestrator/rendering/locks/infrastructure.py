"""Lock files of Helm charts, Terraform and OpenTofu."""

import re
from datetime import UTC, datetime
from typing import Final

from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem

_GENERATED: Final = re.compile(rb"(?m)^generated:.*$")
_PROVIDER: Final = re.compile(rb'(?ms)^provider "(?P<address>[^"]+)" \{$.*?^\}\n*')
_OPENTOFU: Final = b"registry.opentofu.org/"
TERRAFORM_LOCK: Final = ".terraform.lock.hcl"
TERRAFORM_FILES: Final = re.compile(r".+\.(?:tf|tofu|tf\.json)")


def _helm(_asked: Asked) -> tuple[str, ...]:
    return ("dependency", "update", ".")


def _terraform(_asked: Asked) -> tuple[str, ...]:
    return ("init", "-backend=false", "-input=false", "-no-color")


def _without_time(old: bytes, new: bytes, moment: int) -> bytes:
    """Helm writes when it wrote: that is the date of the commit, or stays if nothing else moved."""
    if _GENERATED.sub(b"", old) == _GENERATED.sub(b"", new):
        return old
    date = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _GENERATED.sub(f'generated: "{date}"'.encode(), new)


def _without_provider(asked: Asked, lock: bytes) -> bytes:
    """Without what is known of the bumped provider: the others then stay as they are."""
    wanted = asked.name.lower().split("/")[-2:]

    def kept(block: re.Match[bytes]) -> bytes:
        address = block["address"].decode("utf-8", "replace").lower().split("/")
        return b"" if wanted == address[-len(wanted) :] else block[0]

    return _PROVIDER.sub(kept, lock)


def _helm_lock(lock: str, manifest: str) -> Ecosystem:
    return Ecosystem(
        lock=lock,
        manifests=re.compile(manifest),
        program="helm",
        arguments=_helm,
        install="install Helm",
        copies=("charts/",),
        settled=_without_time,
    )


def _terraform_lock(program: str, install: str, *, is_opentofu: bool) -> Ecosystem:
    return Ecosystem(
        lock=TERRAFORM_LOCK,
        manifests=TERRAFORM_FILES,
        program=program,
        arguments=_terraform,
        install=install,
        form=lambda lock: (_OPENTOFU in lock) is is_opentofu,
        environment={"CHECKPOINT_DISABLE": "1"},
        prepared=_without_provider,
    )


ECOSYSTEMS: Final = (
    _helm_lock("Chart.lock", r"Chart\.ya?ml"),
    _helm_lock("requirements.lock", r"requirements\.ya?ml"),
    _terraform_lock("terraform", "install Terraform", is_opentofu=False),
    _terraform_lock("tofu", "install OpenTofu", is_opentofu=True),
)
