"""Calls that together use every shared operation, and what they are made with."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from gitops_auditor.orchestrator.store.plans import Filter as PlanFilter
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.quality.store.gates import Filter as GateFilter
from gitops_auditor.quality.store.results import Filter as ResultFilter
from gitops_auditor.services import Services

Calls = list[tuple[str, dict[str, Any]]]

PACKAGE = '{"name": "lib", "version": "1.0.0", "dependencies": {"left-pad": "^1.0.0"}}'
USER = '{"name": "app", "version": "1.0.0", "dependencies": {"lib": "^2.0.0"}}'
CHECKS = """
name: checks
stages:
  - name: test
    jobs:
      - passes: {script: echo fine | tee kept.txt, artifacts: [kept.txt]}
      - breaks: {script: "echo boom && exit 3"}
"""
STORED = "name: stored\nstages: [{name: one, jobs: [{name: job, script: 'true'}]}]"
WORKFLOW = "name: ci\non: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: make}]}}"
GATES = """
quality_gates:
  pre_commit:
    - {name: Readme, check: README.md exists}
  pre_merge:
    - {name: Readme, check: README.md exists}
"""
GATE = {"name": "License", "check": "LICENSE exists"}
LAST_RUN = "the run that was started last"
LAST_VALIDATION = "the validation that was made last"
LAST_RESULT = "the result that was given last"
LAST_GATE = "the gate that was created last"
LAST_PLAN = "the plan that was made last"
REPORT = {
    "timestamp": "2026-01-01T00:00:00Z",
    "health_status": "green",
    "summary": {"total": 1},
    "repos": [{"name": "old", "status": "clean", "clone_url": "https://example.org/acme/old.git"}],
}
ABSENT: Mapping[str, Any] = {
    "repository_id": "absent/repository",
    "repository": "absent/repository",
    "work_id": "absent",
    "path": "/absent",
    "workspace": "/absent",
    "clone_url": "https://absent.invalid/acme/tool.git",
    "report": {},
    "change_type": "breaking",
    "pipeline_id": "absent",
    "run_id": "absent",
    "source": STORED,
    "job": "absent/job",
    "approve": True,
    "template": "absent",
    "workflow": "absent",
    "validation_id": "absent",
    "result_id": "absent",
    "gate_id": "absent",
    "gate_type": "pre_merge",
    "definition": GATE,
    "files": ["absent.py"],
    "reason": "Nobody needs it.",
    "name": "v0.0.0",
    "metrics": {"seconds": 1.0},
    "repositories": ["absent/repository"],
    "change": {"kind": "bump", "name": "absent", "version": "1"},
    "plan_id": "absent",
    "phase": 1,
}
"""A value for each required parameter that names something there is not."""


def sequence(workspace: Path) -> Calls:
    """Calls that together use every shared operation, each on what those before it made."""
    lib = {"repository_id": "acme/lib"}
    return [
        ("register_repository", {"path": str(workspace / "lib")}),
        ("discover_repositories", {"workspace": str(workspace), "wait_seconds": 20}),
        ("list_repositories", {"limit": 1}),
        ("get_repository", lib),
        ("update_repository", {**lib, "name": "The library", "expected_version": 1}),
        ("refresh_repository", {**lib, "wait_seconds": 20}),
        ("import_repositories", {"report": REPORT}),
        ("clone_repository", {"clone_url": "https://127.0.0.1/acme/tool.git", "wait_seconds": 20}),
        ("scan_dependencies", {"repositories": ["acme/lib", "acme/app"], "wait_seconds": 20}),
        ("get_repository_dependencies", lib),
        ("get_dependency_graph", {"depth": 2}),
        ("export_dependency_graph", {"format": "mermaid"}),
        ("list_conflicts", {"limit": 5}),
        ("analyze_impact", {"repository": "acme/lib", "change_type": "breaking"}),
        ("list_dependency_changes", {"limit": 5}),
        ("list_scan_problems", {}),
        *pipeline_calls(),
        *quality_calls(),
        *plan_calls(),
        ("list_work", {"status": "success"}),
        ("get_work", {"work_id": "absent"}),
        ("cancel_work", {"work_id": "absent"}),
        ("list_audit_entries", {"limit": 5}),
        ("verify_audit", {}),
        ("remove_repository", {**lib, "expected_version": 2}),
        ("get_health", {}),
    ]


def pipeline_calls() -> Calls:
    """Calls that use every shared operation on pipelines."""
    lib = {"repository_id": "acme/lib"}
    run = {"run_id": LAST_RUN}
    stored = {"pipeline_id": "stored"}
    return [
        ("sync_pipelines", lib),
        ("list_pipelines", lib),
        ("create_pipeline", {**lib, "source": STORED}),
        ("update_pipeline", {**stored, "status": "paused", "expected_version": 1}),
        ("get_pipeline", stored),
        ("delete_pipeline", {**stored, "expected_version": 2}),
        ("validate_pipeline", {"source": STORED, **lib}),
        ("simulate_pipeline", {"pipeline_id": "checks"}),
        ("export_workflow", {"pipeline_id": "checks"}),
        ("import_workflow", {"workflow": WORKFLOW}),
        ("list_pipeline_templates", lib),
        ("apply_pipeline_template", {**lib, "template": "node-ci"}),
        ("run_pipeline", {"pipeline_id": "checks", "wait_seconds": 40}),
        ("get_run", run),
        ("list_runs", {"pipeline_id": "checks"}),
        ("read_run_log", {**run, "job": "breaks"}),
        ("explain_failure", run),
        ("list_artifacts", run),
        ("read_artifact", {**run, "job": "test/passes", "path": "kept.txt"}),
        ("cancel_run", run),
        ("decide_approval", {**run, "job": "test/breaks", "approve": True}),
        ("rerun_pipeline", {**run, "scope": "failed", "wait_seconds": 40}),
    ]


def quality_calls() -> Calls:
    """Calls that use every shared operation on quality gates."""
    lib = {"repository_id": "acme/lib"}
    result = {"result_id": LAST_RESULT}
    gate = {"gate_id": LAST_GATE}
    return [
        ("validate_quality", {**lib, "wait_seconds": 20}),
        ("enforce_pre_commit", {**lib, "files": ["package.json"], "wait_seconds": 20}),
        ("list_validations", lib),
        ("get_validation", {"validation_id": LAST_VALIDATION}),
        ("list_quality_results", lib),
        ("explain_gate", result),
        ("override_gate", {**result, "reason": "The readme comes with the next release."}),
        ("list_overrides", lib),
        ("create_gate", {**lib, "gate_type": "pre_deploy", "definition": GATE}),
        ("list_gates", {"gate_type": "pre_deploy"}),
        ("get_gate", gate),
        ("update_gate", {**gate, "active": False, "expected_version": 1}),
        ("delete_gate", {**gate, "expected_version": 2}),
        ("record_baseline", {**lib, "name": "v1.0.0", "ref": "main", "metrics": {"seconds": 2}}),
        ("list_baselines", lib),
        ("delete_baseline", {**lib, "name": "v1.0.0"}),
        ("get_quality_summary", {"days": 7, "gate_type": "pre_merge"}),
        ("get_quality_trends", {"days": 7, "by_repository": True}),
        ("generate_quality_report", {"format": "annotations"}),
    ]


def plan_calls() -> Calls:
    """Calls that use every shared operation on plans: branches only, which nobody has to approve.

    Each phase passes its gate because of what the plan writes.
    """
    both = ["acme/lib", "acme/app"]
    plan = {"plan_id": LAST_PLAN}
    first = {**plan, "phase": 1}
    change = {"kind": "script", "script": "echo all > README.md"}
    wanted = {"change": change, "repositories": both, "delivery": "branch"}
    return [
        ("analyze_dependencies", {"repositories": both}),
        ("create_execution_plan", {**wanted, "wait_seconds": 40}),
        ("get_execution_plan", {**plan, "repository_id": "acme/lib"}),
        ("list_execution_plans", {"repository_id": "acme/app"}),
        ("simulate_phase_failure", first),
        ("execute_phase", {**first, "wait_seconds": 40}),
        ("validate_results", {**first, "wait_seconds": 40}),
        ("execute_plan", {**plan, "wait_seconds": 40}),
        ("rollback_phase", {**plan, "phase": 2, "wait_seconds": 40}),
        ("list_plan_ledger", {**plan, "limit": 50}),
        ("replay_plan", {**plan, "wait_seconds": 40}),
        ("resume_plan", {**plan, "wait_seconds": 40}),
        ("cancel_plan", plan),
    ]


REFUSED = {"clone_repository", "get_work", "cancel_work", "decide_approval", "resume_plan"}
"""Calls of the sequence that fail, on both sides with the same words."""


async def filled_in(arguments: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """The arguments with the ids that each platform chose for itself."""
    filled = dict(arguments)
    for name, value in arguments.items():
        if isinstance(value, str) and value in _CHOSEN:
            filled[name] = await _CHOSEN[value](services)
    return filled


async def _last_run(services: Services) -> str:
    return (await services.pipelines.runs.list(Filter(), PageParams(limit=1))).items[0].id


async def _last_validation(services: Services) -> str:
    return (await services.quality.answers.reports(None, None, PageParams(limit=1))).items[0].id


async def _last_result(services: Services) -> str:
    page = await services.quality.answers.results(ResultFilter(), PageParams(limit=1))
    return page.items[0].id


async def _last_gate(services: Services) -> str:
    page = await services.quality.gates.list(GateFilter("pre_deploy"), PageParams(limit=1))
    return page.items[0].id


async def _last_plan(services: Services) -> str:
    return (await services.plans.plans.list(PlanFilter(), PageParams(limit=1))).items[0].id


_CHOSEN: Mapping[str, Callable[[Services], Awaitable[str]]] = {
    LAST_RUN: _last_run,
    LAST_VALIDATION: _last_validation,
    LAST_RESULT: _last_result,
    LAST_GATE: _last_gate,
    LAST_PLAN: _last_plan,
}
