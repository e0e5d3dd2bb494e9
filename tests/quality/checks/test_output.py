"""Of output, however long, the beginning and the end are kept."""

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.quality.checks.output import FIRST_BYTES, LAST_BYTES, KeptOutput, tail


def kept(*chunks: bytes) -> str:
    output = KeptOutput()
    for chunk in chunks:
        output.take("stdout", chunk)
    return output.text


def test_short_output_is_kept_as_it_is() -> None:
    assert kept(b"a\n", b"b\n") == "a\nb\n"
    assert kept(b"x" * FIRST_BYTES, b"y" * LAST_BYTES) == "x" * FIRST_BYTES + "y" * LAST_BYTES


@given(st.lists(st.integers(1, 40_000), max_size=12))
def test_long_output_loses_only_its_middle(sizes: list[int]) -> None:
    whole = "".join(f"{number:07d}\n" for number in range(sum(sizes) // 8 + 1)).encode()
    chunks, at = [], 0
    for size in sizes:
        chunks.append(whole[at : at + size])
        at += size
    text, written = kept(*chunks), whole[:at].decode()
    assert text[:FIRST_BYTES] == written[:FIRST_BYTES]
    if at > FIRST_BYTES:
        last = min(at - FIRST_BYTES, LAST_BYTES)
        assert text[-last:] == written[-last:]
    lost = at - FIRST_BYTES - LAST_BYTES
    assert (f"[{lost} bytes left out]" in text) == (lost > 0)
    assert len(text) <= FIRST_BYTES + LAST_BYTES + 40


def test_colours_and_links_are_removed() -> None:
    assert kept(b"\x1b[1m\x1b[93mwarning\x1b[0m \x1b]8;;http://a\x07b\x1b]8;;\x07\r\n") == (
        "warning b\n"
    )


def test_the_tail_is_the_last_lines() -> None:
    assert tail("a\n" * 50).count("a") == 20
    assert len(tail("a" * 10_000)) == 4_000
