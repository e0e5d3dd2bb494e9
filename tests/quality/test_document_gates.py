"""The example of the design document is shipped as it stands there, and it is read."""

import hashlib

from gitops_auditor.quality.definition import parse_gates
from tests.factories.terminal import ROOT

EXAMPLE = ROOT / "examples" / "quality-gates.yaml"
DOCUMENT_SHA256 = "754f4c6acc25df08c6e64b7c8bfe50c8720f64c5c9b5672553241670689a8ba4"


def test_the_example_is_the_block_of_the_design_document_to_the_byte() -> None:
    assert hashlib.sha256(EXAMPLE.read_bytes()).hexdigest() == DOCUMENT_SHA256


def test_each_gate_of_the_document_is_of_the_kind_that_it_means() -> None:
    file = parse_gates(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name)
    found = [(gate_type, gate.name, gate.kind, gate.required) for gate_type, gate in file.gates]
    assert found == [
        ("pre_commit", "Code Linting", "mcp", True),
        ("pre_commit", "Format Check", "command", True),
        ("pre_merge", "Test Coverage", "coverage", True),
        ("pre_merge", "Security Scan", "scan", None),
        ("pre_merge", "Documentation", "check", True),
        ("pre_deploy", "Performance Test", "benchmark", None),
        ("pre_deploy", "Integration Tests", "pipeline", True),
    ]


def test_the_values_of_the_document_are_read_as_they_are_meant() -> None:
    file = parse_gates(EXAMPLE.read_text(encoding="utf-8"))
    lint, prettier, coverage, scan, readme, benchmark, integration = (
        one.gate for one in file.gates
    )
    assert (lint.mcp, lint.threshold) == ("code-linter", "high")
    assert prettier.command == "prettier --check"
    assert coverage.minimum == 80
    assert (scan.mcp, scan.threshold) == ("security-scanner", "medium")
    assert [one.path for one in readme.conditions] == ["README.md"]
    assert (benchmark.baseline, benchmark.tolerance) == ("previous_release", 10)
    assert (integration.pipeline_name, integration.timeout) == ("Integration Tests", 300)
