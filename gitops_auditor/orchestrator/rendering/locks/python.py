"""Lock files of uv, Poetry, Pipenv and PDM."""

import re
from typing import Final

from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem, Marker

_PROJECT: Final = re.compile(r"pyproject\.toml")
_PIP_INDEX: Final = frozenset({"pip_index_url", "pip_extra_index_url"})
_UV_INDEX: Final = frozenset(
    {"uv_default_index", "uv_index", "uv_index_url", "uv_extra_index_url", "uv_system_certs"}
)
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")


def _uv(_asked: Asked) -> tuple[str, ...]:
    return ("lock", "--no-progress")


def _poetry(asked: Asked) -> tuple[str, ...]:
    """Before version 2 it moved all packages unless it was told not to."""
    version = _VERSION.search(asked.version)
    is_old = version is not None and version[0].startswith(("0.", "1."))
    keep = ("--no-update",) if is_old else ()
    return ("lock", *keep, "--no-interaction", "--no-ansi")


def _pipenv(asked: Asked) -> tuple[str, ...]:
    return ("upgrade", "--lock-only", asked.name) if asked.name else ("lock",)


def _pdm(_asked: Asked) -> tuple[str, ...]:
    return ("lock", "--update-reuse")


ECOSYSTEMS: Final = (
    Ecosystem(
        lock="uv.lock",
        manifests=_PROJECT,
        program="uv",
        arguments=_uv,
        install="install uv",
        variables=_UV_INDEX,
        workspace=Marker("pyproject.toml", re.compile(rb"(?m)^\s*\[tool\.uv\.workspace\]")),
    ),
    Ecosystem(
        lock="poetry.lock",
        manifests=_PROJECT,
        program="poetry",
        arguments=_poetry,
        install="install Poetry",
        variables=_PIP_INDEX,
        asks_version=True,
    ),
    Ecosystem(
        lock="Pipfile.lock",
        manifests=re.compile(r"Pipfile"),
        program="pipenv",
        arguments=_pipenv,
        install="install Pipenv",
        variables=frozenset({"pipenv_pypi_mirror", *_PIP_INDEX}),
    ),
    Ecosystem(
        lock="pdm.lock",
        manifests=_PROJECT,
        program="pdm",
        arguments=_pdm,
        install="install PDM",
        variables=frozenset({"pdm_pypi_url", *_PIP_INDEX}),
        environment={"PDM_CHECK_UPDATE": "false", "PDM_NON_INTERACTIVE": "true"},
    ),
)
