"""The tools, each one module; a new one is named in one of these lists too."""

from typing import Final

from gitops_auditor.linters.tool import Tool
from gitops_auditor.linters.tools.advisories import ADVISORIES
from gitops_auditor.linters.tools.bandit import BANDIT
from gitops_auditor.linters.tools.biome import BIOME
from gitops_auditor.linters.tools.biome_format import BIOME_FORMAT
from gitops_auditor.linters.tools.detect_secrets import DETECT_SECRETS
from gitops_auditor.linters.tools.eslint import ESLINT
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from gitops_auditor.linters.tools.hadolint import HADOLINT
from gitops_auditor.linters.tools.mypy import MYPY
from gitops_auditor.linters.tools.npm_audit import NPM_AUDIT
from gitops_auditor.linters.tools.pip_audit import PIP_AUDIT
from gitops_auditor.linters.tools.prettier import PRETTIER
from gitops_auditor.linters.tools.ruff import RUFF
from gitops_auditor.linters.tools.ruff_format import RUFF_FORMAT
from gitops_auditor.linters.tools.shellcheck import SHELLCHECK
from gitops_auditor.linters.tools.yamllint import YAMLLINT
from gitops_auditor.linters.tools.zizmor import ZIZMOR

ALL_LINTERS: Final[tuple[Tool, ...]] = (
    RUFF,
    MYPY,
    BIOME,
    ESLINT,
    SHELLCHECK,
    HADOLINT,
    YAMLLINT,
    ZIZMOR,
)
"""They look for faults in code and configuration."""

ALL_FORMATTERS: Final[tuple[Tool, ...]] = (RUFF_FORMAT, BIOME_FORMAT, PRETTIER)
"""They say which files are not formatted as they format them."""

ALL_SCANNERS: Final[tuple[Tool, ...]] = (
    BANDIT,
    GITLEAKS,
    DETECT_SECRETS,
    PIP_AUDIT,
    NPM_AUDIT,
    ADVISORIES,
)
"""They look for secrets, weaknesses and packages with known ones."""
