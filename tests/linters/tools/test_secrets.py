"""Scanners find planted secrets, and say where they are without saying what they are."""

import json
import string
from pathlib import Path
from random import Random

import pytest

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.linters import judging, programs
from gitops_auditor.linters.judging import Start
from gitops_auditor.linters.tool import Ended, Request, Tool
from gitops_auditor.linters.tools.detect_secrets import DETECT_SECRETS
from gitops_auditor.linters.tools.gitleaks import GITLEAKS
from tests.linters.tools.direct import ended, report_of, request_for

_LETTERS = string.ascii_letters + string.digits


def _random(count: int, letters: str = _LETTERS) -> str:
    """The same each time, and secret to nobody."""
    return "".join(Random(count).choices(letters, k=count))  # noqa: S311 - has to be repeatable


# In pieces, so that no scanner finds them in this file.
SECRETS = {
    "aws.env": "AKIA" + _random(16, string.ascii_uppercase + "234567"),
    "deep/er/github.txt": "gh" + "p_" + _random(36),
    "server.pem": _random(64 * 8),
    "settings.py": _random(32),
}
TEXTS = {
    "aws.env": "aws_access_key_id = {}\n",
    "deep/er/github.txt": "one\ntwo {} three\n",
    "server.pem": "-----BEGIN RSA " + "PRIVATE KEY-----\n{}\n-----END RSA " + "PRIVATE KEY-----\n",
    "settings.py": "api_" + 'key = "{}"\n',
}
CORPUS = {name: text.format(SECRETS[name]) for name, text in TEXTS.items()}
SCANNERS = [GITLEAKS, DETECT_SECRETS]


@pytest.mark.parametrize("tool", SCANNERS)
def test_each_of_four_kinds_of_secrets_is_found_and_not_shown(tool: Tool, tmp_path: Path) -> None:
    report = report_of(tool, request_for(tmp_path, {**CORPUS, "clean.py": "x = 1\n"}))
    assert report.status == "failed"
    assert {one.file for one in report.findings} == set(CORPUS)
    assert _shown(report) == []


@pytest.mark.parametrize("tool", SCANNERS)
def test_only_the_named_files_are_scanned(tool: Tool, tmp_path: Path) -> None:
    request = request_for(tmp_path, CORPUS, given="aws.env settings.py")
    report = report_of(tool, request)
    assert report.files == 2
    assert {one.file for one in report.findings} == {"aws.env", "settings.py"}


@pytest.mark.parametrize("tool", SCANNERS)
def test_what_the_program_prints_has_no_secret_in_it(tool: Tool, tmp_path: Path) -> None:
    said = ended(tool, request_for(tmp_path, CORPUS))
    printed = (said.stdout + said.stderr).decode()
    assert [name for name, secret in SECRETS.items() if secret in printed] == []


def test_the_severity_says_whether_a_secret_is_known_or_guessed(tmp_path: Path) -> None:
    report = report_of(GITLEAKS, request_for(tmp_path, CORPUS))
    told = {one.file: (one.rule, one.severity, one.line) for one in report.findings}
    assert told == {
        "aws.env": ("aws-access-token", "critical", 1),
        "deep/er/github.txt": ("github-pat", "critical", 2),
        "server.pem": ("private-key", "critical", 1),
        "settings.py": ("generic-api-key", "high", 1),
    }
    assert all("Revoke" in one.fix for one in report.findings)


def test_a_false_alarm_is_marked_in_the_repository(tmp_path: Path) -> None:
    allowed = CORPUS["aws.env"].rstrip() + " # gitleaks:" + "allow\n"
    files = {"aws.env": allowed, "deep/er/github.txt": CORPUS["deep/er/github.txt"]}
    ignored = {".gitleaksignore": "deep/er/github.txt:github-pat:2\n"}
    request = request_for(tmp_path, {**files, **ignored})
    assert report_of(GITLEAKS, request).status == "passed"


def test_a_report_that_shows_a_secret_is_refused(tmp_path: Path) -> None:
    request = request_for(tmp_path, CORPUS, given="aws.env")
    said = ended(GITLEAKS, request)
    scan = json.loads(said.stdout)
    scan["report"] = scan["report"].replace("REDACTED", SECRETS["aws.env"])
    lying = Ended(0, json.dumps(scan).encode(), b"", 0.0)
    report = judging.judged(GITLEAKS, [Start(request, lying)])
    assert report.status == "error"
    assert _shown(report) == []


def test_detect_secrets_is_for_machines_without_gitleaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitleaks").write_text("#!/bin/sh\n")
    (tmp_path / "gitleaks").chmod(0o755)
    monkeypatch.setattr(programs, "search_folders", lambda: [tmp_path])
    assert not DETECT_SECRETS.is_wanted(Request(tmp_path, ()))
    (tmp_path / "gitleaks").unlink()
    assert DETECT_SECRETS.is_wanted(Request(tmp_path, ()))


def _shown(report: ToolReport) -> list[str]:
    told = report.model_dump_json()
    return [name for name, secret in SECRETS.items() if secret[:12] in told]
