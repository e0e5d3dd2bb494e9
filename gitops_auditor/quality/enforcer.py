"""Asks one linter whether files may be committed, without any gate being defined.

It is for programs that have a linter at hand and want its word: nothing is configured, kept or
audited, and every finding counts. The operation `enforce_pre_commit` asks the gates that the
repository and the platform define for commits instead, of which some may be advisory or have a
threshold, keeps what they say, and asks linters through the same adapters.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.quality.adapters.protocol import Linter
from gitops_auditor.quality.results import Record
from gitops_auditor.quality.score import calculate_quality_score

CONFIG: Final = ".eslintrc.js"
FORMATTER: Final = "prettier"

Aspect = Literal["linting", "formatting"]


class QualityResult(Record):
    """What a linter says of files.

    `passed` is true when a linter and a formatter looked, and no tool found anything, broke or is
    missing. `score` is from 0 to 100 for what was looked at, None when a tool could not look or
    none had anything to look at. `details` has both reports.
    """

    passed: bool
    score: float | None
    details: Mapping[Aspect, ScanReport]


class QualityGateEnforcer:
    """Asks a linter, which may be the bundled one or any MCP server that an adapter is for.

    `config` is a file that the root has, for the tools whose configurations are called so, and
    `formatter` the one that formatting is checked with; None leaves either to the linter.
    """

    def __init__(
        self,
        linter_mcp: Linter,
        *,
        config: str | None = CONFIG,
        formatter: str | None = FORMATTER,
    ) -> None:
        self._linter = linter_mcp
        self._config = config
        self._formatter = formatter

    async def enforce_pre_commit(self, files: Sequence[str]) -> QualityResult:
        """Whether the files, relative to the linter's root, may be committed; nothing is changed.

        Raises what the linter raises for questions that make no sense, as for a `config` that the
        root has not.
        """
        linting = await self._linter.lint_files(files, self._config, fix=False)
        formatting = await self._linter.check_format(files, self._formatter)
        return QualityResult(
            passed=linting.passed and formatting.passed,
            score=calculate_quality_score(linting, formatting),
            details={"linting": linting, "formatting": formatting},
        )
