import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from typing_extensions import override

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.github_actions import Exported, ExportOptions, export_workflow
from gitops_auditor.pipelines.github_actions.actions import ALL

SAMPLES = Path(__file__).parent.parent
MANAGED = ExportOptions(shape="managed")


def export(text: str, options: ExportOptions | None = None) -> Exported:
    return export_workflow(parse_definition(text), options or ExportOptions())


def jobs_of(exported: Exported) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(exported.text)["jobs"]
    return jobs


def one_job(field: str, head: str = "") -> str:
    body = "" if "script:" in field else "        script: make\n"
    job = f"      - name: j\n{body}        {field}\n"
    return f"name: x\n{head}stages:\n  - name: s\n    jobs:\n{job}"


def the_job(field: str, head: str = "") -> dict[str, Any]:
    job: dict[str, Any] = jobs_of(export(one_job(field, head)))["s-j"]
    return job


def step(job: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in job["steps"] if one["name"] == name)


def reasons(exported: Exported) -> dict[str, str]:
    return {one.path: one.reason for one in exported.not_mapped}


def test_stages_follow_each_other_by_needs() -> None:
    text = (
        "name: x\nstages:\n"
        "  - {name: a, parallel: true, jobs: [{name: p, script: x}, {name: q, script: x}]}\n"
        "  - {name: b, jobs: [{name: r, script: x}, {name: s, script: x}]}\n"
    )
    found = {name: job.get("needs", []) for name, job in jobs_of(export(text)).items()}
    assert found == {"a-p": [], "a-q": [], "b-r": ["a-p", "a-q"], "b-s": ["b-r"]}


def test_the_prefix_names_the_file() -> None:
    options = ExportOptions(prefix="our-own")
    assert export(one_job("timeout: 60"), options).file_name == "our-own-x.yml"


def test_labels_of_the_runner_can_be_chosen() -> None:
    options = ExportOptions(runs_on=("self-hosted", "lan"))
    for given in (
        options,
        ExportOptions(shape="managed", runs_on=options.runs_on),
    ):
        job = next(iter(jobs_of(export(one_job("timeout: 60"), given)).values()))
        assert job["runs-on"] == ["self-hosted", "lan"]


def test_a_skipped_stage_does_not_keep_the_next_from_running() -> None:
    text = (
        "name: x\nstages:\n"
        "  - {name: a, condition: branch == 'main', jobs: [{name: p, script: x}]}\n"
        "  - {name: b, jobs: [{name: q, script: x}]}\n"
    )
    assert jobs_of(export(text))["b-q"]["if"] == "${{ !cancelled() && !failure() }}"


def test_a_job_is_skipped_with_a_job_that_it_needs() -> None:
    text = (
        "name: x\nstages:\n  - name: a\n    parallel: true\n    jobs:\n"
        "      - {name: p, script: x, condition: tag}\n      - {name: q, script: x, needs: p}\n"
    )
    assert "needs.a-p.result != 'skipped'" in jobs_of(export(text))["a-q"]["if"]


def test_rollback_runs_after_failures_and_always_in_any_case() -> None:
    text = (
        one_job("timeout: 60")
        + "rollback: [{name: undo, script: x}]\nalways: [{name: end, script: x}]\n"
    )
    found = jobs_of(export(text))
    assert found["rollback-undo"]["if"] == "${{ !cancelled() && failure() }}"
    assert found["always-end"]["if"] == "${{ !cancelled() }}"
    assert found["always-end"]["needs"] == ["s-j", "rollback-undo"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("tag =~ /^v/", "startsWith((github.ref_type == 'tag' && github.ref_name || ''), 'v')"),
        ("event == 'manual'", "github.event_name == 'workflow_dispatch'"),
        ("env.CI == 'yes'", "'yes' == 'yes'"),
        ("failure()", "failure()"),
        (r"base_branch == 'it\'s'", "github.base_ref == 'it''s'"),
    ],
)
def test_conditions_are_said_in_githubs_words(condition: str, expected: str) -> None:
    found = the_job(f"condition: {json.dumps(condition)}", "env: {CI: 'yes'}\n")
    assert expected in found["if"]


def test_a_branch_of_a_fork_is_never_taken_for_ours() -> None:
    assert "pull_request.head.label" in the_job("condition: branch == 'main'")["if"]


@pytest.mark.parametrize("condition", ["tag =~ /v[0-9]+/", "exists('a') && failure()"])
def test_a_condition_that_cannot_be_said_never_holds_and_is_listed(condition: str) -> None:
    exported = export(one_job(f"condition: {condition}"))
    assert "false" in jobs_of(exported)["s-j"]["if"]
    assert "stages.s.j.condition" in reasons(exported)


def test_files_and_the_matrix_are_asked_for_within_the_job() -> None:
    found = the_job("condition: exists('go.mod')")
    assert "if" not in found
    assert "hashFiles('go.mod') != ''" in step(found, "j")["if"]


@pytest.mark.parametrize("field", ["mcp: code-linter", "gate: pre_deploy"])
def test_what_github_cannot_do_fails_there_and_is_listed(field: str) -> None:
    text = f"name: x\nstages:\n  - {{name: s, jobs: [{{name: j, {field}}}]}}\n"
    exported = export(text)
    assert "exit 1" in jobs_of(exported)["s-j"]["steps"][0]["run"]
    assert f"stages.s.j.{field.partition(':')[0]}" in reasons(exported)


def test_a_failing_gate_holds_back_the_rest_of_a_stage_that_may_fail() -> None:
    text = (
        "name: x\nstages:\n  - name: s\n    allow_failure: true\n"
        "    jobs: [{name: g, gate: pre_deploy}, {name: j, script: x}]\n"
    )
    found = jobs_of(export(text))
    assert "continue-on-error" not in found["s-g"]
    assert found["s-j"]["continue-on-error"] is True


def test_an_approval_fails_where_nobody_set_it_up() -> None:
    text = "name: x\nstages:\n  - {name: s, jobs: [{name: ask, approval: Deploy?}]}\n"
    job = jobs_of(export(text))["s-ask"]
    assert job["environment"] == "approval-ask"
    script = job["steps"][0]["run"]
    for value, code in (("", 1), ("required", 0)):
        done = subprocess.run(
            ["bash", "-c", script], env={"APPROVAL": value}, timeout=20, check=False
        )
        assert done.returncode == code


def test_text_that_looks_like_an_expression_stays_text() -> None:
    found = the_job("script: 'echo ${{ github.actor }}'")
    assert step(found, "j")["run"] == "echo ${{ '${{' }} github.actor }}\n"


def test_secrets_reach_only_the_step_that_runs_the_script() -> None:
    found = the_job("secrets: {TOKEN: DEPLOY}")
    assert step(found, "j")["env"] == {"TOKEN": "${{ secrets.DEPLOY }}"}
    assert "env" not in found


def test_variables_that_a_script_names_are_set_from_githubs_contexts() -> None:
    text = (
        "name: x\nstages:\n"
        "  - {name: a, jobs: [{name: b c, script: x, outputs: version}]}\n"
        "  - name: d\n    jobs:\n      - name: e\n        matrix: {py: ['3.11']}\n"
        "        script: echo $MATRIX_PY $OUTPUT_B_C_VERSION $GITOPS_COMMIT $GITOPS_PIPELINE_ID\n"
    )
    exported = export(text)
    assert step(jobs_of(exported)["d-e"], "e")["env"] == {
        "MATRIX_PY": "${{ matrix.py }}",
        "OUTPUT_B_C_VERSION": "${{ needs.a-b-c.outputs.version }}",
        "GITOPS_COMMIT": "${{ github.sha }}",
    }
    assert "GITOPS_PIPELINE_ID" in reasons(exported)["stages.d.e.script"]


def test_a_cache_key_is_said_in_githubs_terms() -> None:
    found = the_job("""cache: {key: 'n-{{ os }}-{{ checksum "a.lock" }}', paths: [~/.npm, x]}""")
    settings = step(found, "Restore cache")["with"]
    assert settings == {
        "path": "~/.npm\nx",
        "key": "n-${{ runner.os }}-${{ hashFiles('a.lock') }}",
    }


def test_artifacts_of_a_matrix_have_names_that_differ() -> None:
    found = the_job(
        "artifacts: {paths: out, when: always, expire_in: 25h}\n        matrix: {a: [1]}"
    )
    kept = step(found, "Keep artifacts")
    assert kept["if"] == "${{ !cancelled() }}"
    assert kept["with"]["name"] == "s-j-${{ strategy.job-index }}"
    assert kept["with"]["retention-days"] == 2


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("coverage: 80%", "stages.s.j.coverage"),
        ("network: none", "stages.s.j.network"),
        ("timeout: 90", "stages.s.j.timeout"),
        ("retries: 1", "stages.s.j.retries.on"),
        ("description: words", "stages.s.j.description"),
        ("secrets: {A: GITHUB_X}", "stages.s.j.secrets.A"),
    ],
)
def test_what_github_does_differently_is_listed_with_its_path(field: str, path: str) -> None:
    assert path in reasons(export(one_job(field)))


def test_retries_repeat_the_script_as_often_as_allowed(tmp_path: Path) -> None:
    field = "retries: {limit: 2, delay: 0, on: failed}\n        script: echo run >> runs; false"
    found = step(the_job(field), "j")
    environment = {"PATH": os.environ["PATH"], "GITOPS_SCRIPT": found["env"]["GITOPS_SCRIPT"]}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", found["run"]],
        cwd=tmp_path, env=environment, timeout=20, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert (tmp_path / "runs").read_text(encoding="utf-8").split() == ["run"] * 3


def test_every_action_is_pinned_to_a_commit_and_says_its_release() -> None:
    sample = (SAMPLES / "document_example.yaml").read_text(encoding="utf-8")
    uses = re.findall(r"^ *uses: (.*)$", export(sample).text, re.MULTILINE)
    assert uses
    known = {f"{one.reference} # {one.release}" for one in ALL}
    assert set(uses) <= known
    assert all(re.fullmatch(r"[0-9a-f]{40}", one.commit) for one in ALL)


def test_a_managed_workflow_asks_for_the_pipeline_and_reports_start_and_end() -> None:
    read = yaml.safe_load(export(one_job("timeout: 60"), MANAGED).text)
    assert read["on"]["workflow_dispatch"]["inputs"]["pipeline_id"]["required"] is True
    assert read["permissions"] == {"contents": "read"}
    steps = read["jobs"]["execute"]["steps"]
    assert steps[0]["env"]["EVENT"] == "started"
    assert steps[-1]["if"] == "${{ always() }}"
    assert all("${{" not in one.get("run", "") for one in steps)


def test_a_managed_workflow_runs_the_pipeline_of_this_name() -> None:
    exported = export(one_job("timeout: 60"), MANAGED)
    assert step(jobs_of(exported)["execute"], "Execute pipeline")["env"]["PIPELINE"] == "x"


def test_a_managed_workflow_says_when_the_runner_cannot_find_the_definition() -> None:
    assert "commit" in reasons(export(one_job("timeout: 60"), MANAGED))["stages"]
    stored = ExportOptions(shape="managed", definition_path=".gitops/pipelines/x.yaml")
    assert export(one_job("timeout: 60"), stored).not_mapped == ()


_Request = tuple[str, str | None, str | None, bytes]


class _Callback(http.server.BaseHTTPRequestHandler):
    def __init__(self, received: list[_Request], *given: Any) -> None:
        self.received = received
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind, token = self.headers["Content-Type"], self.headers["Authorization"]
        self.received.append((self.path, kind, token, body))
        self.send_response(204)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the output of tests clean."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_report_step_calls_the_platform_with_its_token() -> None:
    run = jobs_of(export(one_job("timeout: 60"), MANAGED))["execute"]["steps"][0]["run"]
    received: list[_Request] = []
    with http.server.HTTPServer(("127.0.0.1", 0), partial(_Callback, received)) as server:
        thread = threading.Thread(target=server.handle_request)
        server.timeout = 20
        thread.start()
        environment = {
            "PATH": os.environ["PATH"],
            "GITOPS_URL": f"http://127.0.0.1:{server.server_port}/",
            "GITOPS_TOKEN": "t0ken",
            "PIPELINE_ID": "abc-1",
            "EVENT": "started",
            "GITHUB_RUN_ID": "77",
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", run], env=environment, timeout=30, check=False
        )
        thread.join(30)
    assert done.returncode == 0
    path, kind, token, body = received[0]
    assert (path, kind, token) == (
        "/api/pipelines/abc-1/webhook",
        "application/json",
        "Bearer t0ken",
    )
    assert json.loads(body) == {"event": "started", "run_id": "77"}


@pytest.mark.parametrize("identifier", ["", "../../tokens", "a b", "$(id)"])
def test_an_id_that_is_none_is_not_called(identifier: str) -> None:
    run = jobs_of(export(one_job("timeout: 60"), MANAGED))["execute"]["steps"][0]["run"]
    environment = {"PATH": os.environ["PATH"], "PIPELINE_ID": identifier, "GITOPS_TOKEN": "x"}
    done = subprocess.run(
        ["bash", "-c", run], env=environment, timeout=20, check=False, capture_output=True
    )
    assert done.returncode == 1
    assert b"not the id" in done.stderr
