import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.changes import RunPipeline, RunScript
from gitops_auditor.orchestrator.planning.hashing import digest_of, plan_hash, request_digest
from gitops_auditor.orchestrator.records import Inputs
from gitops_auditor.orchestrator.requests import PlanRequest

hexadecimal = st.text("0123456789abcdef", min_size=4, max_size=4)
digests = st.dictionaries(st.sampled_from("abcdef"), hexadecimal, max_size=4)
inputs = st.builds(
    Inputs,
    request=hexadecimal,
    commits=digests,
    trees=digests,
    graph=hexadecimal,
    gates=digests,
    links=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cd")), max_size=3),
    pipelines=digests,
    templates=digests,
)


@given(inputs, inputs)
def test_equal_inputs_and_no_others_have_equal_hashes(one: Inputs, other: Inputs) -> None:
    assert (plan_hash(one) == plan_hash(other)) == (one == other)


@given(inputs, st.sampled_from(["commits", "trees", "gates", "pipelines", "templates"]))
def test_one_changed_digest_changes_the_hash(one: Inputs, name: str) -> None:
    changed = {**getattr(one, name), "a": "changed"}
    assert plan_hash(one.model_copy(update={name: changed})) != plan_hash(one)


@given(inputs)
def test_the_order_of_keys_does_not_count(one: Inputs) -> None:
    turned = {
        name: dict(reversed(value.items())) if isinstance(value, dict) else value
        for name, value in reversed(one.model_dump().items())
    }
    assert plan_hash(Inputs.model_validate(turned)) == plan_hash(one)
    assert digest_of(json.loads(json.dumps(turned))) == plan_hash(one)


def test_one_byte_of_a_script_changes_the_digest_of_the_request() -> None:
    one = PlanRequest(change=RunScript(script="date > now"))
    other = PlanRequest(change=RunScript(script="date > Now"))
    assert request_digest(one) != request_digest(other)


def test_a_number_that_json_cannot_hold_is_refused() -> None:
    change = RunPipeline(pipeline="deploy", inputs={"number": 2**60})
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        request_digest(PlanRequest(change=change))
