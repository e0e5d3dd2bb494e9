"""Secrets never come through, whatever their encoding and wherever the stream is cut."""

import base64
import itertools
import json
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.execution.masking import MASK, Masker

SECRET = 'p@ss wörd/"+?&'
secrets = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=8, max_size=40
)


def fed(masker: Masker, content: bytes, cuts: list[int]) -> bytes:
    stream = masker.stream()
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    pieces = [content[start:end] for start, end in itertools.pairwise(places)]
    return b"".join([*map(stream.feed, pieces), stream.finish()])


def test_each_encoding_of_a_secret_is_masked() -> None:
    masker = Masker([SECRET])
    for form in (
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
    ):
        assert masker.mask(f"before {form} after") == "before *** after"


@given(secret=secrets, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_base64_of_a_text_that_contains_the_secret_does_not_reveal_it(
    secret: str, before: bytes, after: bytes
) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(before + secret.encode() + after)
        masked = fed(Masker([secret]), encoded, [])
        assert MASK in masked
        assert len(masked.replace(MASK, b"")) <= len(encode(before + after)) + 6


@given(
    secret=secrets,
    before=st.binary(max_size=60),
    after=st.binary(max_size=60),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_it_does_not_matter_where_a_stream_is_cut(
    secret: str, before: bytes, after: bytes, cuts: list[int]
) -> None:
    masker = Masker([secret])
    content = before + secret.encode() + after
    whole = fed(masker, content, [])
    assert secret.encode() not in whole
    assert fed(masker, content, cuts) == whole


@given(text=st.text(alphabet="ab", max_size=60), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_overlapping_secrets_are_masked_wherever_the_stream_is_cut(
    text: str, cuts: list[int]
) -> None:
    masker = Masker(["aab", "abba", "bab"])
    whole = fed(masker, text.encode(), [])
    assert fed(masker, text.encode(), cuts) == whole
    for secret in (b"aab", b"abba", b"bab"):
        assert secret not in whole.replace(MASK, b"*")


def test_a_line_is_given_out_at_once_when_it_cannot_be_part_of_a_secret() -> None:
    stream = Masker(["a-very-long-secret-of-many-characters"]).stream()
    assert stream.feed(b"plain line\n") == b"plain line\n"
    assert stream.feed(b"a-very-long") == b""
    assert stream.feed(b"-walk\n") == b"a-very-long-walk\n"


def test_the_lines_of_a_key_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n"
    assert Masker([key]).mask("log: kqhkiG9w0BAQ") == "log: ***"


def test_without_secrets_everything_passes_unchanged() -> None:
    assert Masker([""]).mask("text") == "text"


def test_an_endless_repetition_is_not_held_in_memory() -> None:
    stream = Masker(["aaaa"]).stream()
    for _ in range(100):
        stream.feed(b"a" * 1000)
        assert len(stream._held) < 4
    assert b"a" not in stream.finish()
