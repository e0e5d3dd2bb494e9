"""A condition that goes to GitHub and comes back decides the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_auditor.pipelines.conditions import Scope, evaluate, parse_condition
from gitops_auditor.pipelines.github_actions.condition_import import condition_of
from gitops_auditor.pipelines.github_actions.expressions import Facts, said
from gitops_auditor.pipelines.scope import Names
from gitops_auditor.pipelines.trigger_models import Input

_FACTS = st.sampled_from(
    [
        "branch == 'main'",
        "branch != 'main'",
        "branch",
        "tag =~ /^v/",
        "tag =~ /\\.0$/",
        "tag =~ /^v1\\.0$/",
        "branch =~ /ai/",
        "tag",
        "event == 'manual'",
        "event != 'push'",
        "'webhook' == event",
        "event == 'schedule'",
        "base_branch == 'it\\'s'",
        "env.CI",
        "env.CI == 'yes'",
        "env.NONE",
        "inputs.target == 'x'",
        "inputs.target",
        "status == 'failed'",
        "failure()",
        "success()",
        "always()",
        "true",
        "null == ''",
    ]
)
_CONDITIONS = st.recursive(
    _FACTS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
    ),
    max_leaves=5,
)
_ENV = {"CI": "yes"}


@given(
    text=_CONDITIONS,
    branch=st.sampled_from(["main", "owner:main", "", "dev"]),
    tag=st.sampled_from(["", "v1.0", "1.0"]),
    event=st.sampled_from(["push", "manual", "pull_request", "schedule", "webhook"]),
    target=st.sampled_from(["", "x", "false"]),
    has_failed=st.booleans(),
)
@settings(deadline=None)
def test_a_condition_decides_the_same_after_the_way_to_github_and_back(
    text: str, branch: str, tag: str, event: str, target: str, *, has_failed: bool
) -> None:
    there = said(parse_condition(text), Facts(_ENV, {"target": Input()}))
    back = condition_of(there, (), lambda _reason: None)
    names: Names = {
        "branch": branch,
        "tag": tag,
        "event": event,
        "base_branch": "it's",
        "env": _ENV,
        "inputs": {"target": target},
    }
    scope = Scope(names, "failed" if has_failed else "success")
    assert evaluate(parse_condition(back), scope) is evaluate(parse_condition(text), scope)
