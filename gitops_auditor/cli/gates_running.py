"""`gitops-auditor gates run`: ask the gates about the repository in a folder."""

import sys
from pathlib import Path
from typing import Literal

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.gates_about import STAGED, WORKTREE, looked_at, named_files
from gitops_auditor.cli.gates_showing import show_report
from gitops_auditor.cli.here import repository_in
from gitops_auditor.cli.session import call, call_long, with_platform
from gitops_auditor.cli.terminal import explain_failure, print_json, write_file
from gitops_auditor.errors import GitOpsError, InvalidRequest
from gitops_auditor.quality.gate import GATE_TYPES, GateType
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.quality.trend_models import ReportFormat
from gitops_auditor.quality.views import QualityVerdict

FAILED = 1
COULD_NOT_LOOK = 2
MOST_FINDINGS = 1_000
Format = Literal["text", "json", "github", "sarif", "junit", "md"]

_RENDERED: dict[str, ReportFormat] = {
    "github": "annotations",
    "sarif": "sarif",
    "junit": "junit",
    "md": "md",
}


def run(  # noqa: PLR0913, PLR0917 - what can be said on the command line
    files: list[str] = typer.Argument(
        None, help="Only these files, relative to the folder; else all of the repository."
    ),
    phase: str = typer.Option(
        "pre_merge", "--phase", help="Which gates to ask: pre_commit, pre_merge or another type."
    ),
    gate: str = typer.Option(None, "--gate", "-g", help="Only the gate of this name."),
    repository: Path = typer.Option(
        Path(), "--repository", "-C", help="Folder of the repository.", resolve_path=True
    ),
    ref: str = typer.Option(None, help="Branch, tag or commit; else what is checked out."),
    worktree: bool = typer.Option(
        False, "--worktree", help="Look at the files as they are, committed or not."
    ),
    staged: bool = typer.Option(False, "--staged", help="Look at what is staged for a commit."),
    changed: bool = typer.Option(
        False, "--changed", help="Look only at files that changed; since the base, if one is named."
    ),
    base: str = typer.Option(None, help="Branch, tag or commit that the change is compared with."),
    fresh: bool = typer.Option(False, "--fresh", help="Look again, though nothing changed."),
    output_format: Format = typer.Option("text", "--format", "-f", help="How to tell."),
    output: Path = typer.Option(None, "--output", "-o", help="File to write instead."),
) -> int:
    """Ask the quality gates, and exit with 0 passed, 1 failed, 2 could not look.

    Without --ref, --worktree and --staged the commit that is checked out is looked at; for
    pre_commit, the files as they are.
    """
    try:
        gate_type = _gate_type(phase)
        chosen = _ref(gate_type, ref, worktree=worktree, staged=staged)
        named = named_files(files or [], repository, are_here=ref is None)

        async def body(platform: Platform) -> int:
            repository_id = await repository_in(platform, repository)
            about = await looked_at(platform, repository_id, repository, chosen)
            verdict: QualityVerdict = await call_long(
                platform,
                "validate_quality",
                "Asking gates",
                repository_id=repository_id,
                gate_type=gate_type,
                gate=gate,
                ref=about.ref,
                files=named or None,
                changed_only=changed,
                base=base,
                fresh=fresh,
                index=about.index_file,
                findings=0,
            )
            report: QualityReport = await call(
                platform, "get_validation", validation_id=verdict.id, findings=MOST_FINDINGS
            )
            await _tell(platform, report, output_format, output)
            return _status(report, is_change=changed or bool(named and ref is None))

        return with_platform(body)
    except GitOpsError as failure:
        explain_failure(failure)
        return COULD_NOT_LOOK


def _gate_type(phase: str) -> GateType:
    wanted = phase.strip().lower().replace("-", "_")
    for known in GATE_TYPES:
        if wanted == known:
            return known
    raise InvalidRequest(
        f"{phase!r} is no type of gates.", hint=f"Give one of: {', '.join(GATE_TYPES)}."
    )


def _ref(gate_type: GateType, ref: str | None, *, worktree: bool, staged: bool) -> str | None:
    given = [name for name, value in ((WORKTREE, worktree), (STAGED, staged)) if value]
    if ref is not None:
        given.append(ref)
    if len(given) > 1:
        raise InvalidRequest(
            "--ref, --worktree and --staged exclude each other.", hint="Give one of them."
        )
    if given:
        return given[0]
    return WORKTREE if gate_type == "pre_commit" else None


async def _tell(
    platform: Platform, report: QualityReport, output_format: Format, output: Path | None
) -> None:
    if output_format == "text" and output is None:
        show_report(report)
    elif output_format == "json" and output is None:
        print_json(report)
    else:
        text = await _rendered(platform, report, output_format)
        if output is None:
            sys.stdout.write(text)
        else:
            write_file(output, text)


async def _rendered(platform: Platform, report: QualityReport, output_format: Format) -> str:
    if output_format == "json":
        return report.model_dump_json(indent=2) + "\n"
    wanted = _RENDERED.get(output_format, "md")
    rendered = await platform.services.quality.reporting.render_one(report, wanted)
    return rendered.content.decode()


def _status(report: QualityReport, *, is_change: bool) -> int:
    # A change that no gate is about, such as one that only removes files, has nothing against it.
    is_unconcerned = report.status == "skipped" and report.gates and is_change
    if report.passed or is_unconcerned or report.enforcement == "off":
        return 0
    return FAILED if report.status == "failed" else COULD_NOT_LOOK
