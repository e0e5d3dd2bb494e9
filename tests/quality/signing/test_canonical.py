"""Canonical JSON: RFC 8785's own examples, and the traps of numbers and letters."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import JsonValue
from gitops_auditor.quality.signing.canonical import (
    MAX_VERSION,
    NotCanonical,
    Target,
    canonical,
    is_version,
    stated,
    statement,
)

TARGET = Target("gate", "*", "tests")
numbers = st.integers(-MAX_VERSION, MAX_VERSION) | st.floats(allow_nan=False, allow_infinity=False)
letters = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | numbers | letters,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(letters, inner, max_size=4),
)


def test_the_example_of_the_rfc_comes_out_as_it_says() -> None:
    value: JsonValue = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\nA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_in_the_order_of_their_utf_16_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    expected = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(keys, 0)))) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (0, -0.0),
        (80, 80.0),
        (10**15, 1e15),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_what_means_the_same_is_signed_as_the_same(one: JsonValue, other: JsonValue) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        (None, "null"),
        (None, ""),
        ([], {}),
        ([1, 2], [2, 1]),
        (0.1, 0.1 + 2**-55),
        (MAX_VERSION, MAX_VERSION - 1),
        ("\u00e9", "e\u0301"),
        ("\u212b", "\u00c5"),
        ({"\u00e9": 1}, {"e\u0301": 1}),
        ("a", "a\u200b"),
        ("a", "\u0430"),
        ({"a": None}, {}),
    ],
)
def test_what_means_something_else_is_signed_as_something_else(
    one: JsonValue, other: JsonValue
) -> None:
    assert canonical(one) != canonical(other)


def _nested() -> JsonValue:
    value: JsonValue = 0
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), 10**400, math.nan, math.inf, -math.inf, "\ud800", {"\ud800": 1}, _nested()],
    ids=["2^53", "-2^53", "10^400", "nan", "inf", "-inf", "half", "half-key", "deep"],
)
def test_what_json_cannot_hold_exactly_is_not_signed(value: JsonValue) -> None:
    with pytest.raises(NotCanonical):
        canonical({"value": [value]})


@given(values)
def test_reading_canonical_json_and_writing_it_again_changes_nothing(value: JsonValue) -> None:
    written = canonical(value)
    assert canonical(json.loads(written, parse_int=float)) == written


@given(values)
def test_no_two_values_are_the_same_bytes(value: JsonValue) -> None:
    # The numbers of the RFC are those of ECMAScript, where all are doubles.
    assert json.loads(canonical(value), parse_int=float) == value


@given(st.integers(1, MAX_VERSION), values)
def test_a_payload_says_what_it_is_for_and_its_version(version: int, definition: JsonValue) -> None:
    assert stated(statement(TARGET, version, definition)) == (TARGET, version)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"kind":"pipeline","name":"a","repository":"*","version":1}',
        b'{"kind":["gate"],"name":"a","repository":"*","version":1}',
        b'{"kind":"gate","name":"a","repository":1,"version":1}',
        b'{"kind":"gate","name":null,"repository":"*","version":1}',
        b'{"kind":"gate","name":"a","repository":"*"}',
        b'{"kind":"gate","name":"a","repository":"*","version":0}',
        b'{"kind":"gate","name":"a","repository":"*","version":true}',
        b'{"kind":"gate","name":"a","repository":"*","version":1.0}',
        b'{"kind":"gate","name":"a","repository":"*","version":9007199254740992}',
    ],
)
def test_a_payload_of_something_else_is_refused(payload: bytes) -> None:
    with pytest.raises(NotCanonical):
        stated(payload)


def test_versions_are_whole_numbers_from_one() -> None:
    assert is_version(1)
    assert is_version(MAX_VERSION)
    assert not any(is_version(value) for value in (0, -1, MAX_VERSION + 1, True, 1.0, "1", None))
