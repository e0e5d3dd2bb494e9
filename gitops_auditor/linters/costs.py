"""What starts of tools cost, as far as it takes to start those first that take longest."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class _Cost(NamedTuple):
    """Seconds of one processor, measured: of a start, and of a file."""

    start: float
    file: float


_USUAL: Final = _Cost(0.05, 0.0005)
_COSTS: Final[Mapping[str, _Cost]] = {
    "bandit": _Cost(0.15, 0.003),
    "biome": _Cost(0.1, 0.002),
    "detect-secrets": _Cost(0.3, 0.01),
    "eslint": _Cost(1.0, 0.015),
    "gitleaks": _Cost(0.4, 0.0005),
    "hadolint": _Cost(0.05, 0.005),
    "mypy": _Cost(1.0, 0.005),
    "npm-audit": _Cost(2.0, 0.0),
    "pip-audit": _Cost(2.0, 0.0),
    "prettier": _Cost(0.5, 0.03),
    "shellcheck": _Cost(0.02, 0.02),
    "yamllint": _Cost(0.07, 0.006),
}


def cost_of(tool: str, files: int) -> float:
    """About how many seconds a tool takes for so many files."""
    cost = _COSTS.get(tool, _USUAL)
    return cost.start + files * cost.file
