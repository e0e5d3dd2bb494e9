"""The latest reports as SARIF 2.1.0 (OASIS standard): one run for each tool of each gate."""

import json

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.sarif_writing import write_sarif
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.tool_reports import tool_reports
from gitops_auditor.quality.results import GateResult, Override


def as_sarif(data: ReportData) -> str:
    """A document with the findings of all reports; summary and trends have no place there.

    A run's automation details (3.17) name repository, gate type and gate, so that hosts of code
    keep the results of gates apart. What somebody let pass is suppressed (3.35), with the reason.
    """
    runs: list[JsonValue] = []
    known: dict[str, JsonValue] = write_sarif(())
    for report in data.reports:
        for result in report.gates:
            runs += _runs(result, report.commit)
    return json.dumps({**known, "runs": runs}, indent=2, ensure_ascii=False) + "\n"


def _runs(result: GateResult, commit: str) -> list[JsonValue]:
    category = f"{result.repository_id}/{result.gate_type}/{result.gate.replace('/', ' ')}/"
    written = write_sarif(tool_reports(result), commit=commit)["runs"]
    runs = written if isinstance(written, list) else []
    for run in runs:
        if isinstance(run, dict):
            run["automationDetails"] = {"id": category}
            if result.override is not None:
                _suppress(run, result.override)
    return runs


def _suppress(run: dict[str, JsonValue], override: Override) -> None:
    found = run["results"]
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict):
            said: JsonValue = {
                "kind": "external",
                "status": "accepted",
                "justification": override.reason,
            }
            one["suppressions"] = [said]
