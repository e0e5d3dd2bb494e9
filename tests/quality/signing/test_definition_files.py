"""The file of gates: layout may change, values not, and nothing is ambiguous."""

import json
import stat
from pathlib import Path

import pytest

from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.quality.signing.definition_files import (
    GATE_FILE,
    SIGNATURE_FILE,
    definition_of,
    signature_path,
    write_envelope,
)
from gitops_auditor.quality.signing.envelopes import parse_envelope
from tests.quality.signing.conftest import Office


def test_comments_and_layout_do_not_count() -> None:
    plain = b"quality_gates:\n  pre_merge:\n    - name: Tests\n      minimum: 80\n"
    other = b"# why\nquality_gates: {pre_merge: [{minimum: 80, 'name': \"Tests\"}]} # so\r\n"
    assert definition_of(plain) == definition_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"a: 80", b"a: '80'"),
        (b"a: true", b"a: 'true'"),
        (b"a: 1.5", b"a: 1.50"),
        (b"a:", b"a: ''"),
        (b"a: \xc3\xa9", b"a: e\xcc\x81"),
        (b"a: [x]", b"a: x"),
    ],
)
def test_values_count(one: bytes, other: bytes) -> None:
    assert definition_of(one) != definition_of(other)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\na: 2\n", "'a' occurs twice"),
        (b"a: {b: 1, b: 1}", "'b' occurs twice"),
        (b"a: 1\n---\na: 2\n", "2 documents"),
        (b"", "0 documents"),
        (b"a: [", "Not YAML"),
        (b"a: \xff", "UTF-8"),
        (b"\xff\xfea\x00", "UTF-8"),
        (b"[" * 1000, "deeper"),
    ],
)
def test_what_readers_understand_differently_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(MalformedDocument, match=said):
        definition_of(content)


def test_the_envelope_is_a_file_beside_the_definition(office: Office, tmp_path: Path) -> None:
    assert signature_path(Path(GATE_FILE)) == Path(SIGNATURE_FILE)
    path = tmp_path / "gates.sig.json"
    envelope = office.sign("alice")
    write_envelope(path, envelope)
    content = path.read_bytes()
    assert parse_envelope(content) == envelope
    assert content.endswith(b"}\n")
    assert list(json.loads(content)) == ["payloadType", "payload", "signatures"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
