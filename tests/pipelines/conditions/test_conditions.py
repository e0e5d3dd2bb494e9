import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.pipelines.conditions import (
    UNKNOWN,
    ConditionError,
    Scope,
    evaluate,
    facts_used,
    parse_condition,
)

FILES = {"package.json", "src/app.ts"}
KNOWN = Scope(
    names={
        "branch": "main",
        "tag": "",
        "event": "push",
        "base_branch": "",
        "env": {"CI": "true", "OFF": "false", "NODE": "20", "WITH-DASH": "x"},
        "inputs": {"deploy": True, "count": 3},
        "matrix": {"python": "3.11"},
    },
    status="success",
    exists=FILES.__contains__,
)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("branch == 'main'", True),
        ('branch == "develop"', False),
        ("branch != 'main'", False),
        ("tag =~ /^v/", False),
        ("branch =~ /^ma/", True),
        ("branch =~ /^MA/i", True),
        ("'a/b' =~ /a\\/b/", True),
        ("tag", False),
        ("!tag", True),
        ("!tag == ''", False),
        ("event == 'push' && branch == 'main'", True),
        ("event == 'x' || branch == 'main' && tag == ''", True),
        ("(event == 'x' || branch == 'main') && tag", False),
        ("true || true && false", True),
        ("exists('package.json')", True),
        ("exists('setup.py')", False),
        ("status == 'success'", True),
        ("success()", True),
        ("failure()", False),
        ("always()", True),
        ("env.CI", True),
        ("env.OFF", False),
        ("env.MISSING == ''", True),
        ("env.WITH-DASH == 'x'", True),
        ("env.NODE == 20", True),
        ("inputs.deploy", True),
        ("inputs.deploy == true", True),
        ("inputs.count == '3'", True),
        ("matrix.python == '3.11'", True),
        ("null == ''", True),
        (r"'it\'s' == " + '"it\'s"', True),
        ("1.5 == '1.5'", True),
        ("-1 == '-1'", True),
    ],
)
def test_a_condition_holds_or_not(text: str, truth: bool) -> None:
    assert evaluate(parse_condition(text), KNOWN) is truth


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("branch == 'main'", UNKNOWN),
        ("!branch", UNKNOWN),
        ("branch =~ /x/", UNKNOWN),
        ("exists('a')", UNKNOWN),
        ("success()", UNKNOWN),
        ("status == 'failed'", UNKNOWN),
        ("always()", True),
        ("env.X", UNKNOWN),
        ("branch == 'main' && false", False),
        ("false && branch == 'main'", False),
        ("branch == 'main' || true", True),
        ("branch == 'main' || false", UNKNOWN),
    ],
)
def test_what_is_not_known_yet_stays_unknown_unless_the_rest_decides(
    text: str, truth: object
) -> None:
    assert evaluate(parse_condition(text), Scope()) is truth


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty"),
        ("branch = 'main'", 8, "=="),
        ("branch == 'main", 11, "not closed"),
        ("branch == main", 11, "Texts stand in quotes"),
        ("brnch == 'main'", 1, "did you mean `branch`"),
        ("branch == 'a' branch", 15, "left over"),
        ("(branch == 'a'", 1, "not closed"),
        ("branch ==", 10, "ends"),
        ("tag =~ '^v'", 8, "slashes"),
        ("tag =~ /(/", 9, "not closed"),
        ("tag =~ /a/x", 11, "flag"),
        ("exist('a')", 1, "did you mean `exists`"),
        ("exists(branch)", 8, "in quotes"),
        ("env == ''", 1, "env.NAME"),
        ("branch.x == ''", 1, "no parts"),
        ("${branch}", 1, "without `$`"),
        ("branch & tag", 8, "&&"),
        ("success('x')", 8, "not closed"),
        ("(" * 60 + "tag" + ")" * 60, 51, "deep"),
        ("!" * 60 + "tag", 51, "deep"),
        ("a" * 1001, 1000, "more than"),
    ],
)
def test_a_mistake_is_named_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text)
    assert caught.value.column == column
    assert words in caught.value.message


def test_a_condition_tells_what_it_looks_at() -> None:
    condition = parse_condition(
        "exists('a') && !exists('b') || branch == 'x' && status != 'failed'"
    )
    assert condition.paths == {"a", "b"}
    assert [one.text for one in condition.names] == ["branch", "status"]
    assert condition.asks_status
    assert not parse_condition("branch == 'x'").asks_status


def test_the_facts_are_named_without_values_of_the_environment() -> None:
    condition = parse_condition("branch == 'x' && !tag && env.CI && exists('setup.py')")
    facts = facts_used(condition, KNOWN)
    assert facts == ("branch is 'main'", "there is no tag", "setup.py does not exist")


def test_a_text_too_long_for_a_pattern_is_not_decided() -> None:
    scope = Scope(names={"env": {"X": "a" * 5000}})
    assert evaluate(parse_condition("env.X =~ /a/"), scope) is UNKNOWN


_OPERANDS = st.sampled_from(["branch", "tag", "exists('p')", "success()", "true", "'x'", "env.A"])
_TEXTS = st.recursive(
    _OPERANDS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, st.sampled_from(["&&", "||", "==", "!="]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
    ),
    max_leaves=8,
)


@given(
    text=_TEXTS,
    branch=st.sampled_from(["", "main", "x"]),
    found=st.booleans(),
    failed=st.booleans(),
)
def test_learning_more_never_contradicts_what_was_decided(
    text: str, branch: str, found: bool, failed: bool
) -> None:
    condition = parse_condition(text)
    early = evaluate(condition, Scope())
    late = evaluate(
        condition,
        Scope(
            names={"branch": branch, "tag": "", "env": {}},
            status="failed" if failed else "success",
            exists=lambda _path: found,
        ),
    )
    assert late is not UNKNOWN
    assert early in (UNKNOWN, late)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_column(text: str) -> None:
    try:
        parse_condition(text)
    except ConditionError as error:
        assert 1 <= error.column <= len(text) + 1
