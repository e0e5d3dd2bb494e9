"""What the tools of the servers take; the descriptions are what a model reads."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gitops_auditor.formats.findings import MOST_FINDINGS
from gitops_auditor.formats.written import SeverityField, several
from gitops_auditor.linters.listing import MOST_FILES
from gitops_auditor.linters.security_scanner import ScannedPart


class Arguments(BaseModel, defer_build=True):
    """Arguments of one tool. One that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _several(value: object) -> object:
    return None if value is None else several(value)


Names = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(_several, json_schema_input_type=str | list[str]),
]


class Where(Arguments):
    """The folder."""

    root: str | None = Field(
        None, description="Absolute path of the folder; may be left out if only one is allowed."
    )


class Files(Where):
    """The folder and the files in it."""

    files: tuple[str, ...] | None = Field(
        None,
        max_length=MOST_FILES,
        description="Files in the folder, relative or absolute. Left out: all but ignored ones.",
    )


class Judged(Arguments):
    """How the answer is judged and told."""

    fail_threshold: SeverityField = Field(
        "medium", description="Least severity that fails; error is high, warning is medium."
    )
    format: Literal["report", "sarif"] = Field(
        "report", description="Whether the text of the answer is for reading or SARIF 2.1.0."
    )
    limit: int = Field(
        100, ge=0, le=MOST_FINDINGS, description="Most findings listed of each tool, worst first."
    )


class Chosen(Arguments):
    """The tools."""

    tools: Names = Field(None, description="Names of tools to ask. Left out: all that apply.")


class Configured(Arguments):
    """The configuration."""

    config: str | None = Field(
        None, description="Configuration file in the folder, for the tools that its name is of."
    )


class LintFiles(Files, Configured, Chosen, Judged):
    """Of lint_files."""

    fix: bool = Field(
        False, description="Tell what is left after a copy was corrected; no file changes."
    )


class CheckFormat(Files, Judged):
    """Of check_format."""

    formatter: str | None = Field(
        None, description="The one formatter to ask, such as prettier or ruff."
    )
    fail_threshold: SeverityField = Field("low", description="Least severity that fails.")


class FixFiles(Files, Chosen):
    """Of fix_files."""


class ListTools(Where):
    """Of list_linters and list_scanners."""


class ScanFiles(Files, Configured, Chosen, Judged):
    """Of scan_files."""

    parts: tuple[ScannedPart, ...] = Field(
        ("static",), min_length=1, description="What to find: weaknesses in code, secrets, or both."
    )


class ScanDependencies(Where, Chosen, Judged):
    """Of scan_dependencies."""


class ScanSecrets(Files, Chosen, Judged):
    """Of scan_secrets."""
