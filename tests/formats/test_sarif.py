"""SARIF 2.1.0: what real tools write, and what the standard allows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.formats.sarif import SarifResult, read_sarif
from tests.formats.sarif_documents import ROOT, at, document, found, one, read, result

PROGRAMS = Path(sys.executable).parent

BIOME = {
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "Biome", "rules": [{"id": "format"}]}},
            "results": [
                {
                    "ruleId": "format",
                    "level": "error",
                    "message": {"text": "Formatter would have changed it"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": f"{ROOT}/w x.js"}}}
                    ],
                }
            ],
        }
    ],
}


def printed(folder: Path, *argv: str) -> bytes:
    command = [str(PROGRAMS / argv[0]), *argv[1:]]
    ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return ended.stdout


# What tools write.


def test_ruff_is_read_also_for_names_that_it_has_to_encode(tmp_path: Path) -> None:
    (tmp_path / "a b%41#é.py").write_text("import os\n", "utf-8")
    content = printed(
        tmp_path, "ruff", "check", "--isolated", "--no-cache", "--output-format=sarif", "."
    )
    (run,) = read_sarif(content, root=tmp_path)
    assert run.tool == "ruff"
    assert run.version
    assert run.successful
    assert "F401" in run.rules
    assert run.rules["F401"].help
    assert [(one.rule, one.file, one.line, one.column) for one in run.results] == [
        ("F401", "a b%41#é.py", 1, 8)
    ]


def test_hadolint_is_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\n", "utf-8")
    (run,) = read_sarif(printed(tmp_path, "hadolint", "-f", "sarif", "Dockerfile"), root=tmp_path)
    assert run.tool == "Hadolint"
    assert [(one.rule, one.level, one.file) for one in run.results] == [
        ("DL3006", "warning", "Dockerfile")
    ]


def test_zizmor_is_read(tmp_path: Path) -> None:
    workflow = tmp_path / ".github/workflows/ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        "    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n",
        "utf-8",
    )
    content = printed(tmp_path, "zizmor", "--offline", "--format=sarif", ".")
    (run,) = read_sarif(content, root=tmp_path)
    assert run.successful
    injected = [one for one in run.results if one.rule == "zizmor/template-injection"]
    assert [(one.file, one.line) for one in injected] == [(".github/workflows/ci.yml", 6)]


def test_gitleaks_is_read_and_the_secret_is_not(tmp_path: Path) -> None:
    secret = "ghp_" + "9aB3dE5fG7hJ2kL4mN6pQ8rS1tU3vW5xY7zA"
    (tmp_path / "se#cret x.txt").write_text(f'key = "{secret}"\n', "utf-8")
    arguments = ["--report-format=sarif", "--report-path=-", "--no-banner"]
    (run,) = read_sarif(printed(tmp_path, "gitleaks", "dir", ".", *arguments), root=tmp_path)
    assert [(one.rule, one.file, one.line) for one in run.results] == [
        ("github-pat", "se#cret x.txt", 1)
    ]
    assert secret not in repr(run)


def test_biome_is_read_with_its_plain_absolute_paths_and_without_a_version() -> None:
    assert one(BIOME).results == (
        SarifResult("format", "error", "Formatter would have changed it", "w x.js"),
    )
    assert one(BIOME).version == ""


# What the standard says.


def test_a_result_has_rule_level_message_file_and_place() -> None:
    assert found(result()) == SarifResult("R1", "error", "bad", "src/a.py", 3, 5, 4)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    content = b"\xef\xbb\xbf" + json.dumps(document(result())).encode()
    assert len(read_sarif(content, root=ROOT)[0].results) == 1


def test_all_runs_are_read() -> None:
    both = {"version": "2.1.0", "runs": document(result())["runs"] + document()["runs"]}
    assert [len(run.results) for run in read(both)] == [1, 0]


def test_a_result_without_a_location_has_no_file() -> None:
    assert found(result(locations=None)).file == ""
    assert found(result(locations=[{"logicalLocations": [{"name": "main"}]}])).file == ""


def test_the_level_is_that_of_the_rule_when_the_result_has_none() -> None:
    rules = [{"id": "R1", "defaultConfiguration": {"level": "note"}}]
    assert found(result(level=None), driver={"name": "T", "rules": rules}).level == "note"
    assert found(result(level=None)).level == "warning"
    assert found(result(level=None, kind="review")).level == "none"


def test_rules_tell_their_help_and_severity() -> None:
    rules = [
        {"id": "R1", "help": {"text": "do"}, "properties": {"security-severity": "9.8"}},
        {"id": "R2", "fullDescription": {"text": "full"}, "helpUri": "https://example.org/R2"},
        {"id": "R3", "properties": {"security-severity": "bad"}, "shortDescription": {"text": "s"}},
    ]
    read_rules = one(document(driver={"name": "T", "rules": rules})).rules
    assert [(rule.id, rule.help, rule.security_severity) for rule in read_rules.values()] == [
        ("R3", "s", None),
        ("R2", "full", None),
        ("R1", "do", 9.8),
    ]
    assert read_rules["R2"].help_uri == "https://example.org/R2"


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ({"ruleId": "R2"}, "R2"),
        ({"ruleIndex": 1}, "R2"),
        ({"ruleIndex": -1, "ruleId": "R9"}, "R9"),
        ({"ruleId": "R2/part", "ruleIndex": 1}, "R2/part"),
        ({"rule": {"id": "R2"}}, "R2"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "X1"),
        ({"rule": {"index": 0, "toolComponent": {"name": "ext"}}}, "X1"),
        ({"rule": {"id": "X1", "toolComponent": {"guid": "0"}}, "ruleId": "X1"}, "X1"),
    ],
)
def test_a_rule_is_named_or_given_by_its_index(reference: dict[str, Any], rule: str) -> None:
    tool = {
        "driver": {"name": "T", "rules": [{"id": "R1"}, {"id": "R2"}]},
        "extensions": [{"name": "ext", "rules": [{"id": "X1"}]}],
    }
    assert found(result(**{"ruleId": None, **reference}), tool=tool).rule == rule


def test_messages_are_found_by_their_ids_and_filled() -> None:
    rules = [{"id": "R1", "messageStrings": {"m": {"text": "{1} {{0}} {0} {7}"}}}]
    driver = {"name": "T", "rules": rules, "globalMessageStrings": {"g": {"text": "global"}}}
    told = found(result(message={"id": "m", "arguments": ["a", "b"]}), driver=driver)
    assert told.message == "b {0} a {7}"
    assert found(result(message={"id": "g"}), driver=driver).message == "global"
    assert found(result(message={"text": "{0}", "arguments": ["x"]})).message == "x"
    assert found(result(message={"text": "{0} {{"})).message == "{0} {{"


def test_files_are_found_by_bases_and_by_indexes() -> None:
    bases = {
        "HERE": {"uri": f"file://{ROOT}/"},
        "SRC": {"uri": "src/", "uriBaseId": "HERE"},
        "OPEN": {"description": {"text": "somewhere"}},
    }
    artifacts = [{"location": {"uri": "b.py", "uriBaseId": "SRC"}}]
    for location, file in (
        ({"uri": "a%20b.py", "uriBaseId": "SRC"}, "src/a b.py"),
        ({"uri": "a.py", "uriBaseId": "OPEN"}, "a.py"),
        ({"uri": "a.py", "uriBaseId": "%SRCROOT%"}, "a.py"),
        ({"index": 0}, "src/b.py"),
        ({"uri": "c.py", "index": 0}, "c.py"),
    ):
        run = {"originalUriBaseIds": bases, "artifacts": artifacts}
        assert found(result(locations=at(location)), **run).file == file


def test_suppressed_gone_and_harmless_results_are_counted_apart() -> None:
    run = one(
        document(
            result(suppressions=[{"kind": "inSource"}]),
            result(suppressions=[{"kind": "external", "status": "accepted"}]),
            result(suppressions=[{"kind": "inSource"}, {"kind": "external", "status": "rejected"}]),
            result(suppressions=[{"kind": "external", "status": "underReview"}]),
            result(suppressions=[]),
            result(baselineState="absent"),
            result(baselineState="unchanged"),
            result(kind="pass", level="none"),
            result(kind="notApplicable", level=None),
            result(kind="open", level=None),
        )
    )
    assert (len(run.results), run.suppressed, run.gone, run.harmless) == (5, 2, 1, 2)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"results": None}, "results are null"),
        ({"invocations": [{"executionSuccessful": False}]}, "not successful"),
        (
            {"invocations": [{"executionSuccessful": False, "exitCodeDescription": "no room"}]},
            "no room",
        ),
        (
            {
                "invocations": [
                    {"executionSuccessful": True},
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": "lost a file"}}
                        ],
                    },
                ]
            },
            "lost a file",
        ),
        (
            {
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolConfigurationNotifications": [{"level": "error"}],
                    }
                ]
            },
            "an error happened",
        ),
    ],
)
def test_a_run_that_says_it_failed_is_not_successful(run: dict[str, Any], reason: str) -> None:
    made = one(document(**run))
    assert not made.successful
    assert reason in made.failures[0]


def test_warnings_of_the_tool_are_no_failure() -> None:
    notices = [{"message": {"text": "m"}}, {"level": "note", "message": {"text": "m"}}]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": notices}
    assert one(document(invocations=[invocation])).successful


def test_files_that_were_looked_at_are_told_when_the_tool_says_them() -> None:
    assert one(document()).artifacts is None
    assert one(document(artifacts=[])).artifacts == frozenset()
    files = [
        {"location": {"uri": "a.py"}},
        {"location": {"uri": f"file://{ROOT}/b%20c.py", "index": 1}},
        {"location": {"uri": "/etc/tool.conf"}},
        {"parentIndex": 0, "contents": {"text": "inner"}},
    ]
    assert one(document(artifacts=files)).artifacts == frozenset({"a.py", "b c.py"})
    targets = [*files, {"location": {"uri": "t.py"}, "roles": ["analysisTarget"]}]
    assert one(document(artifacts=targets)).artifacts == frozenset({"t.py"})
