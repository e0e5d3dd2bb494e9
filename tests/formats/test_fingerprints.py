"""Fingerprints of findings: what changes them, and what does not."""

import random

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.findings import Finding
from gitops_auditor.formats.fingerprints import LENGTH, ReadLine, fingerprinted

TEXTS = st.sampled_from(["x = 1", "y = 2", "  x = 1", "x\t=  1", "call(x)", "", "ключ = 1"])
FILES = st.lists(TEXTS, min_size=1, max_size=12)


def found(line: int | None = 1, **values: str | int | None) -> Finding:
    fields = {"tool": "ruff", "rule": "F401", "severity": "low", "message": "m", "file": "a.py"}
    return Finding.model_validate({**fields, "line": line, **values})


def lines_of(*texts: str) -> ReadLine:
    def read(file: str, line: int) -> str | None:
        return texts[line - 1] if file == "a.py" and line <= len(texts) else None

    return read


def marks(findings: list[Finding], read_line: ReadLine) -> list[str]:
    return [finding.fingerprint for finding in fingerprinted(findings, read_line)]


def test_a_fingerprint_is_short_hexadecimal_text_and_replaces_the_one_before() -> None:
    (made,) = fingerprinted([found(fingerprint="old")], lines_of("x"))
    assert len(made.fingerprint) == LENGTH
    assert int(made.fingerprint, 16) >= 0
    assert made == found(fingerprint=made.fingerprint)


def test_tool_rule_file_and_text_of_the_line_each_change_it() -> None:
    read = lines_of("x = 1", "y = 2")
    variants = [found(), found(tool="b"), found(rule="E1"), found(file="b.py"), found(2)]
    assert len(set(marks(variants, read))) == len(variants)


def test_message_severity_and_column_do_not_change_it() -> None:
    read = lines_of("x = 1")
    base = marks([found()], read)
    assert marks([found(message="n", severity="high", column=3, end_line=4)], read) == base


def test_white_space_in_the_line_makes_no_difference() -> None:
    assert marks([found()], lines_of("x = 1")) == marks([found()], lines_of("\tx  =\t1 "))


def test_two_findings_of_the_same_kind_on_equal_lines_differ() -> None:
    read = lines_of("x = 1", "x = 1")
    assert len(set(marks([found(1), found(2)], read))) == 2
    assert len(set(marks([found(1), found(1)], read))) == 2


def test_without_a_line_the_message_stands_for_the_text_without_its_digits() -> None:
    read = lines_of()
    assert marks([found(None, message="3 of 4")], read) == marks([found(9, message="5 of 6")], read)
    assert marks([found(None, message="a")], read) != marks([found(None, message="b")], read)


def test_a_message_is_not_mistaken_for_a_line() -> None:
    assert marks([found(None, message="x")], lines_of("x")) != marks([found(1)], lines_of("x"))


def test_fields_that_run_together_are_told_apart() -> None:
    read = lines_of("x")
    one, other = found(tool="a", rule='", "b'), found(tool='a", "', rule="b")
    assert marks([one], read) != marks([other], read)


def test_names_that_are_not_utf_8_are_no_obstacle() -> None:
    name = b"\xff.py".decode("utf-8", "surrogateescape")
    finding = found().model_copy(update={"file": name})
    assert len(marks([finding], lambda _file, _line: "\udcff")[0]) == LENGTH


@given(FILES, st.lists(st.integers(0, 12), max_size=5))
def test_inserted_blank_lines_keep_all_fingerprints(texts: list[str], places: list[int]) -> None:
    numbered = [(text, at) for at, text in enumerate(texts, start=1)]
    moved = list(numbered)
    for place in places:
        moved.insert(place, ("", 0))
    new = {old: at for at, (_, old) in enumerate(moved, start=1)}
    before = marks([found(at) for _, at in numbered], lines_of(*texts))
    after = marks([found(new[at]) for _, at in numbered], lines_of(*(text for text, _ in moved)))
    assert before == after


@given(FILES, st.randoms(use_true_random=False))
def test_lines_in_another_order_keep_the_fingerprints_that_there_are(
    texts: list[str], chance: random.Random
) -> None:
    moved = chance.sample(texts, len(texts))
    findings = [found(at) for at in range(1, len(texts) + 1)]
    assert set(marks(findings, lines_of(*texts))) == set(marks(findings, lines_of(*moved)))


@given(
    FILES,
    st.lists(st.tuples(st.integers(1, 14), st.integers(1, 3), st.sampled_from("ab")), max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_findings_makes_no_difference(
    texts: list[str], places: list[tuple[int, int, str]], chance: random.Random
) -> None:
    findings = [found(line, column=column, rule=rule) for line, column, rule in places]
    shuffled = chance.sample(findings, len(findings))
    read = lines_of(*texts)

    def mapping(given: list[Finding]) -> list[str]:
        return sorted(f"{one!r}" for one in fingerprinted(given, read))

    assert mapping(findings) == mapping(shuffled)
    assert len(set(marks(findings, read))) == len(findings)
