"""The file of trusted keys: read strictly, changed whole, and by its owner only."""

import stat
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import GitOpsError, InvalidRequest, InvalidSetting, Refused
from gitops_auditor.quality.signing.keys import NAME_PATTERN, PublicKey
from gitops_auditor.quality.signing.trust import (
    MAX_KEYS,
    Trust,
    TrustedKey,
    _parsed,
    _written,
    change_trust,
    load_trust,
)
from tests.quality.signing.conftest import Office

KEY = PublicKey(bytes(range(32))).text
OTHER = PublicKey(bytes(range(1, 33))).text

names = st.from_regex(NAME_PATTERN, fullmatch=True)
trusted_keys = st.builds(
    TrustedKey,
    name=names,
    key=st.binary(min_size=32, max_size=32).map(lambda raw: PublicKey(raw).text),
    expires=st.none() | st.dates(),
    repositories=st.lists(st.text(st.characters(codec="ascii", min_codepoint=33))).map(tuple),
)
trusts = st.builds(
    Trust,
    threshold=st.integers(1, MAX_KEYS),
    keys=st.lists(
        trusted_keys, max_size=4, unique_by=(lambda key: key.name, lambda key: key.key)
    ).map(tuple),
)


def _write(settings: Settings, text: str) -> Path:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / "gate-trust.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return path


@given(trusts)
def test_what_is_written_reads_as_the_same(trust: Trust) -> None:
    assert _parsed(Path("trust.yaml"), _written(trust)) == trust


def test_a_file_written_by_hand_is_read(settings: Settings, office: Office) -> None:
    pem = office.trusted("bob").public.to_pem().decode().replace("\n", "\n      ")
    _write(
        settings,
        f"threshold: 2\nkeys:\n  - name: alice\n    key: {KEY}\n    expires: 2030-12-31\n"
        f"    repositories: [acme/*]\n  - name: bob\n    key: |\n      {pem}\n",
    )
    trust = load_trust(settings)
    assert trust == Trust(
        threshold=2,
        keys=(
            TrustedKey(name="alice", key=KEY, expires=date(2030, 12, 31), repositories=("acme/*",)),
            office.trusted("bob"),
        ),
    )


def test_without_a_file_nobody_is_trusted(settings: Settings) -> None:
    assert load_trust(settings) == Trust(threshold=1, keys=())


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    settings = load_settings({"QUALITY_GATE_TRUST": str(tmp_path / "missing.yaml")})
    with pytest.raises(InvalidSetting, match="no such file"):
        load_trust(settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keys: [", "line"),
        ("", "documents"),
        ("a", "dictionary"),
        ("--- {}\n--- {}\n", "2 documents"),
        ("threshold: 1\nthreshold: 2\n", "twice"),
        ("threshold: 0", "threshold"),
        ("threshold: 99", "threshold"),
        ("threshold: 1.0", "threshold"),
        ("threshold: true", "threshold"),
        ('threshold: "1"', "threshold"),
        ("treshold: 1", "treshold"),
        ("keys: [{name: alice}]", "keys.0.key"),
        (f"keys: [{{name: ../alice, key: {KEY}}}]", "keys.0.name"),
        ("keys: [{name: alice, key: AAAA}]", "no Ed25519 public key"),
        (f"keys: [{{name: a, key: {KEY}}}, {{name: b, key: {KEY}}}]", "twice"),
        (f"keys: [{{name: a, key: {KEY}}}, {{name: a, key: {OTHER}}}]", "twice"),
        (f"keys: [{{name: a, key: {KEY}, expires: 20301231}}]", "write a day"),
        (f"keys: [{{name: a, key: {KEY}, expires: soon}}]", "expires"),
        (f"keys: [{{name: a, key: {KEY}, expire: 2030-01-01}}]", "expire"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(settings: Settings, text: str, said: str) -> None:
    _write(settings, text)
    with pytest.raises(InvalidSetting) as refused:
        load_trust(settings)
    assert said in refused.value.message


def test_a_private_key_in_the_file_is_not_repeated(settings: Settings, office: Office) -> None:
    office.keys.create("alice")
    pem = (office.keys.path / "alice.pem").read_text(encoding="utf-8")
    _write(settings, yaml.safe_dump({"keys": [{"name": "alice", "key": pem}]}))
    with pytest.raises(InvalidSetting, match="private key") as refused:
        load_trust(settings)
    assert pem.splitlines()[1] not in str(refused.value)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_change_is_refused(settings: Settings, mode: int) -> None:
    _write(settings, "threshold: 1").chmod(mode)
    with pytest.raises(Refused, match="Others can change"):
        load_trust(settings)


def test_a_file_in_a_folder_that_others_can_change_is_refused(settings: Settings) -> None:
    _write(settings, "threshold: 1")
    settings.data_dir.chmod(0o777)
    with pytest.raises(Refused, match="Others can change"):
        load_trust(settings)


def test_a_folder_in_place_of_the_file_is_refused(settings: Settings) -> None:
    (settings.data_dir / "gate-trust.yaml").mkdir(parents=True)
    with pytest.raises(InvalidSetting, match="not a plain file"):
        load_trust(settings)


def test_a_key_is_added_changed_and_removed(settings: Settings) -> None:
    alice = TrustedKey(name="alice", key=KEY)
    limited = TrustedKey(name="alice", key=KEY, repositories=("acme/*",))
    assert change_trust(settings, lambda trust: trust.with_key(alice)).keys == (alice,)
    assert change_trust(settings, lambda trust: trust.with_key(limited)).keys == (limited,)
    assert load_trust(settings).keys == (limited,)
    path = settings.data_dir / "gate-trust.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert change_trust(settings, lambda trust: trust.without("alice")).keys == ()
    with pytest.raises(InvalidRequest, match="alice"):
        change_trust(settings, lambda trust: trust.without("alice"))


@pytest.mark.parametrize(("name", "key"), [("alice", OTHER), ("alina", KEY)])
def test_neither_a_name_nor_a_key_is_there_twice(settings: Settings, name: str, key: str) -> None:
    change_trust(settings, lambda trust: trust.with_key(TrustedKey(name="alice", key=KEY)))
    with pytest.raises(InvalidRequest, match="twice"):
        change_trust(settings, lambda trust: trust.with_key(TrustedKey(name=name, key=key)))
    assert [each.name for each in load_trust(settings).keys] == ["alice"]


def test_a_change_of_a_file_that_is_broken_is_refused_and_keeps_it(settings: Settings) -> None:
    path = _write(settings, "treshold: 3\n")
    with pytest.raises(GitOpsError):
        change_trust(settings, lambda trust: trust.with_threshold(2))
    assert path.read_text(encoding="utf-8") == "treshold: 3\n"


@pytest.mark.parametrize("threshold", [0, -1, MAX_KEYS + 1])
def test_a_threshold_out_of_range_is_refused(threshold: int) -> None:
    with pytest.raises(InvalidRequest):
        Trust().with_threshold(threshold)


@pytest.mark.parametrize(
    ("patterns", "repository", "covered"),
    [
        ((), "acme/shop", True),
        ((), "*", True),
        (("*",), "acme/shop", True),
        (("*",), "*", True),
        (("acme/*",), "acme/shop", True),
        (("acme/*",), "acmes/shop", False),
        (("acme/*",), "*", False),
        (("?",), "*", False),
        (("[*]",), "*", False),
        (("acme/shop",), "acme/shop-2", False),
        (("acme/shop",), "evil/acme/shop", False),
        (("ui/*", "acme/s*"), "acme/shop", True),
    ],
)
def test_a_key_signs_for_the_repositories_of_its_patterns(
    patterns: tuple[str, ...], repository: str, covered: bool
) -> None:
    key = TrustedKey(name="alice", key=KEY, repositories=patterns)
    assert key.covers(repository) is covered


def test_a_key_counts_through_its_last_day() -> None:
    key = TrustedKey(name="alice", key=KEY, expires=date(2026, 7, 1))
    assert [key.expired(date(2026, *day)) for day in ((6, 30), (7, 1), (7, 2))] == [
        False,
        False,
        True,
    ]
