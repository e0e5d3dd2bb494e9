"""pip-audit and npm audit, the real programs: they ask a service of the test, or reach none."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.linters import judging
from gitops_auditor.linters.judging import Start
from gitops_auditor.linters.tool import Ended, Invocation, Request
from gitops_auditor.linters.tools.npm_audit import NPM_AUDIT
from gitops_auditor.linters.tools.pip_audit import PIP_AUDIT
from tests.linters.tools.direct import program_of, report_of, request_for, started

WEAKNESS = {
    "id": "TEST-2026-1",
    "modified": "2026-01-02T00:00:00Z",
    "summary": "Invented",
    "details": "Invented for a test.",
    "aliases": ["CVE-0000-0001"],
    "affected": [
        {
            "package": {"name": "weak", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
        }
    ],
}
ADVISORY = {
    "id": 1,
    "url": "https://example.test/advisories/TEST-aaaa",
    "title": "Invented",
    "severity": "moderate",
    "vulnerable_versions": "<2.0.0",
    "cwe": [],
    "cvss": {"score": 0, "vectorString": None},
}
LOCK = {
    "name": "x",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {"name": "x", "version": "1.0.0", "dependencies": {"weak": "1.0.0", "fine": "1.0.0"}},
        "node_modules/weak": {"version": "1.0.0"},
        "node_modules/fine": {"version": "1.0.0"},
    },
}
MANIFEST = {"name": "x", "version": "1.0.0", "dependencies": {"weak": "1.0.0", "fine": "1.0.0"}}
NPM_FILES = {"web/package-lock.json": json.dumps(LOCK), "web/package.json": json.dumps(MANIFEST)}


@contextmanager
def _service(answers: dict[str, object], status: int = 200) -> Iterator[str]:
    """Answers a POST with the first of `answers` whose key is in the body, else with nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = _unpacked(body)
            answer = next((told for key, told in answers.items() if key in asked), {})
            self._answer(json.dumps(answer).encode())

        def do_GET(self) -> None:
            name = self.path.strip("/")
            versions = {one: {"name": name, "version": one} for one in ("1.0.0", "2.0.0")}
            self._answer(json.dumps({"name": name, "versions": versions}).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Tests need no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _unpacked(body: bytes) -> str:
    import gzip

    return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()


def _pip_audited(request: Request, service: str) -> ToolReport:
    """The same program over the same files, but asking a service whose address can be given."""
    usual = PIP_AUDIT.command(program_of(PIP_AUDIT), request)
    asked = ("--vulnerability-service=osv", f"--osv-url={service}")
    said = started(Invocation((*usual.argv, *asked)), request)
    return judging.judged(PIP_AUDIT, [Start(request, said)])


def test_pip_audit_names_the_package_its_line_and_what_to_update_to(tmp_path: Path) -> None:
    request = request_for(tmp_path, {"requirements.txt": "fine==1.0\nWeak==1.0\n"})
    with _service({'"weak"': {"vulns": [WEAKNESS]}}) as service:
        report = _pip_audited(request, service)
    (finding,) = report.findings
    assert report.status == "failed"
    assert (finding.rule, finding.file, finding.line) == ("CVE-0000-0001", "requirements.txt", 2)
    assert finding.fix == "Update weak to 2.0."


def test_pip_audit_passes_what_nothing_is_known_of(tmp_path: Path) -> None:
    request = request_for(tmp_path, {"requirements.txt": "fine==1.0\n"})
    with _service({}) as service:
        assert _pip_audited(request, service).status == "passed"


def test_pip_audit_is_an_error_where_no_advisories_can_be_reached(tmp_path: Path) -> None:
    request = request_for(tmp_path, {"requirements.txt": "fine==1.0\n"})
    report = _pip_audited(request, "http://127.0.0.1:9/")
    assert report.status == "error"
    assert "GITOPS_ADVISORY_DATABASE" in report.reason


@pytest.mark.parametrize(
    ("packages", "says"),
    [
        ([], "did not look at fine"),
        ([{"name": "fine", "skip_reason": "not on PyPI"}], "skipped fine: not on PyPI"),
        ([{"name": "fine", "version": "1.0"}], "skipped fine"),
        ([{"name": "other", "version": "1.0", "vulns": []}], "did not look at fine"),
    ],
)
def test_pip_audit_passes_nothing_that_it_did_not_audit(
    packages: list[object], says: str, tmp_path: Path
) -> None:
    request = request_for(tmp_path, {"requirements.txt": "fine==1.0\n"})
    said = json.dumps({"dependencies": packages, "fixes": []}).encode()
    report = judging.judged(PIP_AUDIT, [Start(request, Ended(0, said, b"", 0.0))])
    assert (report.status, says in report.reason) == ("error", True), report


def test_only_pinned_requirements_are_taken_as_they_are(tmp_path: Path) -> None:
    program = program_of(PIP_AUDIT)
    pinned = request_for(tmp_path, {"requirements.txt": "-r other.txt\nfine==1.0 --hash=sha256:0"})
    loose = request_for(tmp_path, {"requirements/dev.txt": "fine>=1.0\n"})
    assert "--disable-pip" in PIP_AUDIT.command(program, pinned).argv
    assert "--disable-pip" not in PIP_AUDIT.command(program, loose).argv
    assert PIP_AUDIT.command(program, loose).network


def test_npm_audit_names_the_package_the_advisory_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _service({'"weak"': {"weak": [ADVISORY]}}) as service:
        monkeypatch.setenv("npm_config_registry", service)
        report = report_of(
            NPM_AUDIT, request_for(tmp_path, NPM_FILES, given="web/package-lock.json")
        )
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("TEST-aaaa", "medium")
    assert (finding.file, finding.message) == (
        "web/package-lock.json",
        "weak <2.0.0: Invented",
    )
    assert finding.line == 1
    assert finding.fix


def test_npm_audit_passes_what_nothing_is_known_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _service({}) as service:
        monkeypatch.setenv("npm_config_registry", service)
        report = report_of(
            NPM_AUDIT, request_for(tmp_path, NPM_FILES, given="web/package-lock.json")
        )
    assert report.status == "passed", report


def test_npm_audit_is_an_error_where_the_registry_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _service({}, status=405) as service:
        monkeypatch.setenv("npm_config_registry", service)
        report = report_of(
            NPM_AUDIT, request_for(tmp_path, NPM_FILES, given="web/package-lock.json")
        )
    assert report.status == "error"
    assert "405" in report.reason
    assert "GITOPS_ADVISORY_DATABASE" in report.reason


@pytest.mark.parametrize("lock", ["", "{", '{"lockfileVersion": 3}', '{"packages": 1}'])
def test_npm_audit_passes_no_lock_file_that_is_broken(
    lock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _service({}) as service:
        monkeypatch.setenv("npm_config_registry", service)
        report = report_of(NPM_AUDIT, request_for(tmp_path, {"package-lock.json": lock}))
    assert report.status == "error", report


def test_the_audits_over_the_network_step_back_for_a_local_database(tmp_path: Path) -> None:
    online, local = Request(tmp_path, ()), Request(tmp_path, (), advisories=tmp_path)
    assert PIP_AUDIT.is_wanted(online)
    assert NPM_AUDIT.is_wanted(online)
    assert not PIP_AUDIT.is_wanted(local)
    assert not NPM_AUDIT.is_wanted(local)
