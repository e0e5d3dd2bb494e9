"""SARIF 2.1.0: what is refused, and what no damage to a document can do."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.sarif import MAX_BYTES, UnreadableSarif, read_sarif
from tests.formats.sarif_documents import ROOT, at, document, one, read, result


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"[]", "no object"),
        (b"{}", "not of version"),
        (b'{"version": "2.0.0", "runs": []}', "not of version"),
        (b'{"version": "2.1.0"}', "no runs"),
        (b'{"version": "2.1.0", "runs": []}', "no runs"),
        (b'{"version": "2.1.0", "runs": null}', "no array"),
        (b'{"version": "2.1.0", "runs": [1]}', "no object"),
        (b'{"version": "2.1.0", "version": "2.1.0"}', "same key twice"),
        (b'{"version": NaN}', "no number"),
        (b'{"version": "\xff"}', "not JSON"),
        ("{}".encode("utf-16"), "not JSON"),
        (b'{"version": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"version": ' + b"1" * 10_000 + b"}", "not JSON"),
    ],
)
def test_what_is_no_document_of_the_version_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSarif, match=reason):
        read_sarif(content, root=ROOT)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(UnreadableSarif, match=str(MAX_BYTES)):
        read_sarif(b" " * (MAX_BYTES + 1), root=ROOT)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"tool": {}}, "which tool"),
        ({"tool": {"driver": {"name": ""}}}, "which tool"),
        ({"tool": []}, "tool is no object"),
        ({"results": {}}, "results is no array"),
        ({"results": [None]}, "An item of results"),
        ({"invocations": [{}]}, "executionSuccessful"),
        ({"invocations": [{"executionSuccessful": "true"}]}, "executionSuccessful"),
        ({"artifacts": {}}, "artifacts is no array"),
        ({"externalPropertyFileReferences": {"results": [{}]}}, "elsewhere"),
        ({"tool": {"driver": {"name": "T", "rules": [{}]}}}, "A rule has no id"),
    ],
)
def test_a_run_that_does_not_say_what_it_did_is_refused(run: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableSarif, match=reason):
        read(document(**run))


def test_results_that_are_missing_or_kept_elsewhere_are_refused() -> None:
    silent = document()
    del silent["runs"][0]["results"]
    with pytest.raises(UnreadableSarif, match="does not say what it found"):
        read(silent)
    with pytest.raises(UnreadableSarif, match="elsewhere"):
        read({**document(), "inlineExternalProperties": [{"results": [result()]}]})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ruleId": None}, "which rule"),
        ({"ruleIndex": 7}, "index 7"),
        ({"ruleIndex": 0}, "two rules"),
        ({"rule": {"id": "R2"}}, "two rules"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "extension of index 0"),
        ({"ruleIndex": "0"}, "ruleIndex"),
        ({"message": {}}, "no message"),
        ({"message": {"id": "unknown"}}, "no message"),
        ({"message": "text"}, "message is no object"),
        ({"level": "fatal"}, "level is 'fatal'"),
        ({"kind": "fine"}, "kind is 'fine'"),
        ({"baselineState": "gone"}, "baselineState"),
        ({"suppressions": [{"status": "ok"}]}, "status"),
        ({"suppressions": {}}, "suppressions is no array"),
        ({"locations": [{"physicalLocation": {"region": {"startLine": 1}}}]}, "no file"),
        ({"locations": at({})}, "without a name"),
        ({"locations": at({"index": 4})}, "index 4"),
        ({"locations": at("../a.py")}, "not below"),
        ({"locations": at("file:///etc/passwd")}, "not below"),
        ({"locations": at("https://example.org/a.py")}, "no file here"),
        ({"locations": at({"uri": "a.py", "uriBaseId": "LOOP"})}, "defined by itself"),
        ({"locations": at({"uri": "a.py", "uriBaseId": "OUT"})}, "not below"),
        ({"locations": at("a.py", startLine=0)}, "startLine"),
        ({"locations": at("a.py", startLine=True)}, "startLine"),
        ({"locations": at("a.py", startLine=1.5)}, "startLine"),
        ({"locations": at("a.py", startLine=2, endLine=1)}, "begins at line 2"),
    ],
)
def test_a_result_that_contradicts_the_standard_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    bases = {
        "LOOP": {"uriBaseId": "POOL"},
        "POOL": {"uriBaseId": "LOOP"},
        "OUT": {"uri": "file:///other/"},
    }
    driver = {"name": "T", "rules": [{"id": "R9"}]}
    with pytest.raises(UnreadableSarif, match=reason):
        read(document(result(**changes), driver=driver, originalUriBaseIds=bases))


# What damage cannot do.

WHOLE: dict[str, Any] = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "T",
                    "rules": [
                        {"id": "R1", "messageStrings": {"m": {"text": "{0}"}}},
                        {"id": "R2", "defaultConfiguration": {"level": "error"}},
                    ],
                },
                "extensions": [{"name": "ext", "rules": [{"id": "X1"}]}],
            },
            "originalUriBaseIds": {"SRC": {"uri": f"file://{ROOT}/src/"}},
            "artifacts": [{"location": {"uri": "b.py", "uriBaseId": "SRC"}}],
            "invocations": [{"executionSuccessful": True}],
            "results": [
                result(message={"id": "m", "arguments": ["x"]}),
                result(ruleId="R2", ruleIndex=1, locations=at({"index": 0}, startLine=1)),
                result(ruleId=None, rule={"index": 0, "toolComponent": {"index": 0}}),
                result(locations=None, kind="fail", baselineState="new", suppressions=[]),
            ],
        }
    ],
}


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Of every value inside of a value."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = [*value.items()]
    elif isinstance(value, list):
        inner = [*enumerate(value)]
    below = [(*path, key) for key, _ in inner]
    return [*below, *(deep for key, one in inner for deep in paths(one, (*path, key)))]


def damaged(path: tuple[str | int, ...], change: list[object]) -> dict[str, Any]:
    """The whole document with one value dropped, or replaced by what `change` holds."""
    copied = copy.deepcopy(WHOLE)
    owner: Any = copied
    for key in path[:-1]:
        owner = owner[key]
    if change:
        owner[path[-1]] = change[0]
    else:
        del owner[path[-1]]
    return copied


def holds(value: dict[str, Any]) -> int:
    return sum(len(run["results"] or ()) for run in value["runs"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
WORDS = st.sampled_from(["R1", "error", "absent", "pass", "accepted", "m", "src/a.py", [], {}, -1])


@given(st.sampled_from(paths(WHOLE)), st.lists(VALUES | WORDS, max_size=1))
def test_damage_never_makes_results_disappear_unseen(
    path: tuple[str | int, ...], change: list[object]
) -> None:
    value = damaged(path, change)
    try:
        runs = read(value)
    except UnreadableSarif:
        return
    kept = sum(len(run.results) + run.suppressed + run.gone + run.harmless for run in runs)
    assert kept == holds(value)
    lost = holds(WHOLE) - kept
    is_gone_itself = path[:2] == ("runs", 0) and path[2:3] in ((), ("results",)) and len(path) <= 4
    assert not lost or is_gone_itself or path == ("runs",)
    assert runs


@given(st.integers(0, len(json.dumps(WHOLE)) - 1))
def test_a_document_that_was_cut_off_is_never_read(end: int) -> None:
    content = json.dumps(WHOLE).encode()
    assert sum(len(run.results) for run in read_sarif(content, root=ROOT)) == 4
    with pytest.raises(UnreadableSarif):
        read_sarif(content[:end], root=ROOT)


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(UnreadableSarif, match=r"\.$"):
        read_sarif(content, root=ROOT)


def test_the_values_that_say_that_all_is_there_cannot_be_left_out() -> None:
    for key in ("version", "runs"):
        with pytest.raises(UnreadableSarif):
            read(damaged((key,), []))
    with pytest.raises(UnreadableSarif):
        read(damaged(("runs", 0, "results"), []))
    with pytest.raises(UnreadableSarif):
        read(damaged(("runs", 0, "invocations", 0, "executionSuccessful"), []))
    assert not one(damaged(("runs", 0, "results"), [None])).successful
