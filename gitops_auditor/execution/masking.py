"""Replaces secrets in what leaves the process, however they are encoded and cut into pieces."""

import base64
import bisect
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_from_bytes, quote_plus

from ahocorasick_rs import BytesAhoCorasick

MASK = b"***"
_SHORTEST_PART = 6
"""Parts of a secret (one of its lines, its middle in Base64) are masked from this length on."""

Span = tuple[int, int]


def encodings(secret: str) -> set[bytes]:
    """The forms in which a secret may show up.

    As it is, each of its longer lines, percent-encoded, escaped for JSON, and in Base64 (RFC 4648,
    both alphabets) at each of the three places where it can begin in a longer text.
    """
    raw = secret.encode()
    forms = {raw, raw.strip()}
    forms |= {line for line in raw.splitlines() if len(line) >= _SHORTEST_PART}
    forms |= {quote(secret, safe="").encode(), quote_plus(secret).encode()}
    forms |= {quote(secret).encode(), quote_from_bytes(raw, safe="").lower().encode()}
    forms |= {
        json.dumps(secret, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (False, True)
    }
    for offset in range(3):
        forms |= _base64(raw, offset)
    return forms - {b""}


def _base64(raw: bytes, offset: int) -> set[bytes]:
    # Characters that also carry bits of what stands before or after the secret are left out.
    first = -(-offset * 8 // 6)
    end = (offset + len(raw)) * 8 // 6
    padded = bytes(offset) + raw
    made = {base64.b64encode(padded)[first:end], base64.urlsafe_b64encode(padded)[first:end]}
    return {form for form in made if len(form) >= _SHORTEST_PART}


class Masker:
    """Masks a set of secrets; empty ones are ignored. Immutable, so it can be shared."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._patterns = sorted({form for secret in secrets for form in encodings(secret)})
        self._automaton = BytesAhoCorasick(self._patterns) if self._patterns else None
        self._longest = max(map(len, self._patterns), default=0)
        self._beginnings = {pattern[:3] for pattern in self._patterns}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to mask."""
        return self._automaton is None

    def mask(self, text: str) -> str:
        """The text with every secret replaced by `***`."""
        encoded = text.encode()
        if self.is_empty:
            return text
        stream = self.stream()
        return (stream.feed(encoded) + stream.finish()).decode()

    def stream(self) -> "MaskedStream":
        """Masks one stream of bytes that comes in pieces."""
        return MaskedStream(self)

    def spans(self, content: bytes) -> list[Span]:
        """Where secrets stand, from start to end, overlapping ones as one."""
        if self._automaton is None:
            return []
        found = self._automaton.find_matches_as_indexes(content, overlapping=True)
        return merged((start, end) for _, start, end in found)

    def settled(self, content: bytes) -> int:
        """How many first bytes cannot belong to a secret that more bytes would complete."""
        length = len(content)
        for start in range(max(0, length - self._longest + 1), length):
            if self._may_begin(content, start):
                return start
        return length

    def _may_begin(self, content: bytes, start: int) -> bool:
        beginning = content[start : start + 3]
        if len(beginning) == 3 and beginning not in self._beginnings:
            return False
        rest = content[start:]
        place = bisect.bisect_right(self._patterns, rest)
        return place < len(self._patterns) and self._patterns[place].startswith(rest)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, with those that overlap joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


class MaskedStream:
    """One stream. It holds back only what may be the beginning of a secret."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""
        self._covered = 0
        """First bytes of what is held that a mask already given out stands for."""

    def feed(self, chunk: bytes) -> bytes:
        """What can be given out after this piece came."""
        if self._masker.is_empty:
            return chunk
        content = self._held + chunk
        return self._give(content, self._masker.settled(content))

    def finish(self) -> bytes:
        """What was held back, now that nothing more comes."""
        return self._give(self._held, len(self._held)) if self._held else b""

    def _give(self, content: bytes, settled: int) -> bytes:
        given: list[bytes] = []
        place = self._covered
        for start, end in merged([(0, self._covered), *self._masker.spans(content)]):
            if start >= settled:
                break
            given.append(content[place:start])
            if start >= place:
                given.append(MASK if end > start else b"")
            place = max(place, end)
        given.append(content[place:settled])
        self._covered = max(0, place - settled)
        self._held = content[settled:]
        return b"".join(given)
