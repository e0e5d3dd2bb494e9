"""All ecosystems whose lock files can be made anew."""

from typing import Final

from gitops_auditor.orchestrator.rendering.locks import (
    compiled,
    infrastructure,
    javascript,
    python,
)

ECOSYSTEMS: Final = (
    *javascript.ECOSYSTEMS,
    *python.ECOSYSTEMS,
    *compiled.ECOSYSTEMS,
    *infrastructure.ECOSYSTEMS,
)
