"""`gitops-auditor gates list`, `show`, `explain` and `override`."""

from collections.abc import Iterator

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.gates_findings import finding_lines
from gitops_auditor.cli.gates_showing import COLOURS, show_report
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import (
    console,
    line,
    paragraph,
    plain,
    print_json,
    terminal_width,
)
from gitops_auditor.pages import LARGEST_PAGE, Page
from gitops_auditor.quality.explanation import GateExplanation
from gitops_auditor.quality.records import StoredGate
from gitops_auditor.quality.results import Override, QualityReport

JSON = typer.Option(False, "--json", help="Print one JSON object.")


def list_gates(
    repository: str = typer.Option(None, "--repository", "-r", help="Only of this repository."),
    gate_type: str = typer.Option(None, "--phase", help="Only of this type."),
    as_json: bool = JSON,
) -> None:
    """List the gates that are known: of the platform, and of files that were validated."""

    async def body(platform: Platform) -> Page[StoredGate]:
        page: Page[StoredGate] = await call(
            platform,
            "list_gates",
            repository_id=repository,
            gate_type=gate_type,
            limit=LARGEST_PAGE,
        )
        return page

    page = with_platform(body)
    if as_json:
        print_json(page)
        return
    _table(page)


def _table(page: Page[StoredGate]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("gate", "type", "kind", "of", "stated by", "id"):
        table.add_column(title, overflow="fold")
    for gate in page.items:
        table.add_row(
            plain(gate.name),
            gate.gate_type,
            gate.kind,
            plain(gate.repository_id or "every repository"),
            plain(gate.path or "the platform"),
            gate.id,
            style=None if gate.active else "dim",
        )
    console().print(table if page.items else "No gate is known.")


def show(
    validation: str = typer.Argument(help="Id of a validation."), as_json: bool = JSON
) -> None:
    """Show what a validation said, gate by gate."""

    async def body(platform: Platform) -> QualityReport:
        report: QualityReport = await call(
            platform, "get_validation", validation_id=validation, findings=1_000
        )
        return report

    report = with_platform(body)
    if as_json:
        print_json(report)
    else:
        show_report(report)


def explain(
    result: str = typer.Argument(help="Id of a result, as `gates run` shows it."),
    tokens: int = typer.Option(2_000, min=100, max=20_000, help="About how much text to show."),
    as_json: bool = JSON,
) -> None:
    """Explain what one gate said: cause, places, and what to do about each."""

    async def body(platform: Platform) -> GateExplanation:
        found: GateExplanation = await call(
            platform, "explain_gate", result_id=result, token_budget=tokens
        )
        return found

    found = with_platform(body)
    if as_json:
        print_json(found)
        return
    for text in _explained(found, terminal_width()):
        line(text)


def _explained(found: GateExplanation, width: int | None) -> Iterator[str]:
    yield f"[{COLOURS[found.status]}][bold]{plain(found.gate)}[/bold] {found.status}[/]"
    yield from paragraph(found.cause, width, indent=2)
    for broken in found.broken_tools:
        yield from paragraph(broken, width, indent=2, style="magenta")
    # What to do is listed by itself: what helps most comes first there.
    yield from finding_lines([one.model_copy(update={"fix": ""}) for one in found.findings], width)
    if found.not_shown:
        yield f"  [dim]and {found.not_shown} more; --tokens says how much is shown[/dim]"
    if found.fixes:
        yield "To do:"
    for fix in found.fixes:
        about = "1 finding" if fix.findings == 1 else f"{fix.findings} findings"
        yield from paragraph(f"{fix.fix} ({about})", width, indent=2)
    yield from paragraph(found.suggestion, width, style="dim")


def override(
    result: str = typer.Argument(help="Id of the result that may pass."),
    reason: str = typer.Option(..., "--reason", help="Why it may pass; the audit keeps it."),
) -> None:
    """Let a failed gate pass for exactly these files."""

    async def body(platform: Platform) -> Override:
        made: Override = await call(platform, "override_gate", result_id=result, reason=reason)
        return made

    made = with_platform(body)
    line(f"The gate passes for the tree {made.tree[:10]}; any other file needs another look.")
