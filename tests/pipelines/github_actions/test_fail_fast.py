"""Whether one failed combination of a matrix ends the others, on both sides of the bridge."""

import pytest
import yaml

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.github_actions import ExportOptions, export_workflow, import_workflow

DEFINITION = """\
name: Matrix
stages:
  - name: test
    jobs:
      - name: unit
        matrix: {python: ["3.11", "3.12"], fail_fast: %s}
        script: echo "version=1" >> "$GITOPS_OUTPUT"
        outputs: [version]
  - name: release
    jobs:
      - name: tag
        condition: outputs.unit.version == '1'
        script: echo released
"""
WORKFLOW = """\
on: push
jobs:
  unit:
    runs-on: ubuntu-latest
    strategy:
      %s
      matrix: {python: ["3.11", "3.12"]}
    steps: [{run: make test}]
"""


@pytest.mark.parametrize("fails_fast", [True, False])
def test_a_workflow_states_what_the_definition_means(fails_fast: bool) -> None:
    text = (DEFINITION % str(fails_fast).lower()).split("  - name: release", maxsplit=1)[0]
    exported = export_workflow(parse_definition(text), ExportOptions())
    job = yaml.safe_load(exported.text)["jobs"]["test-unit"]
    assert job["strategy"]["fail-fast"] is fails_fast


@pytest.mark.parametrize(
    ("said", "meant"), [("", True), ("fail-fast: true", True), ("fail-fast: false", False)]
)
def test_a_matrix_without_a_word_on_it_fails_fast_as_on_github(said: str, meant: bool) -> None:
    imported = import_workflow(WORKFLOW % said)
    matrix = parse_definition(imported.definition_text).stages[0].jobs[0].matrix
    assert matrix is not None
    assert matrix.fail_fast is meant


def test_a_condition_on_an_output_is_listed_and_never_holds_there() -> None:
    text = (
        DEFINITION.replace("matrix: {python", "condition: tag == ''\n        env: {A: b}  # ") % ""
    )
    exported = export_workflow(parse_definition(text), ExportOptions())
    assert "false" in yaml.safe_load(exported.text)["jobs"]["release-tag"]["if"]
    assert "stages.release.tag.condition" in {one.path for one in exported.not_mapped}
