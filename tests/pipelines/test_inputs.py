import pytest

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.inputs import resolve_inputs
from gitops_auditor.pipelines.trigger_models import Event

DEFINITION = parse_definition("""\
name: x
triggers:
  - manual:
      inputs:
        target: {type: choice, options: [staging, production]}
        count: {type: number, required: true}
        loud: {type: boolean, default: true}
        note: {}
stages: [{name: s, jobs: [{name: j, script: x}]}]
""")


def test_what_is_not_given_has_its_default() -> None:
    found = resolve_inputs(DEFINITION, Event(inputs={"count": 2}))
    assert found == {"target": "staging", "count": 2, "loud": True, "note": ""}


def test_a_push_does_not_have_to_give_what_is_required() -> None:
    assert resolve_inputs(DEFINITION, Event(type="push"))["count"] == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "'count' is required"),
        ({"count": "2"}, "Give a number"),
        ({"count": True}, "Give a number"),
        ({"count": 1, "loud": "yes"}, "Give a boolean"),
        ({"count": 1, "target": "moon"}, "out of staging, production"),
        ({"count": 1, "note": 3}, "Give a string"),
        ({"cuont": 1}, "Did you mean 'count'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(given: dict[str, Written], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        resolve_inputs(DEFINITION, Event(inputs=given))
