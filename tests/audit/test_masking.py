"""No secret reaches the audit log, and everything that does is canonical JSON."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.audit.masking import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT,
    is_secret_name,
    masked,
    masked_text,
)

SECRET = "Zx9Qw7Er5Ty3Ui1Op"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "db_password",
        "token",
        "GITHUB_TOKEN",
        "accessToken",
        "api_key",
        "apiKey",
        "x-api-key",
        "key",
        "private_key",
        "secret",
        "clientSecret",
        "client.secret",
        "Authorization",
        "credentials",
        "cookie",
        "passphrase",
    ],
)
def test_texts_under_secret_names_are_masked_at_any_depth(name: str) -> None:
    assert masked({name: SECRET}) == {name: "***"}
    nested = masked({"a": [{"b": {name: {"deep": [SECRET]}}}]})
    assert SECRET not in str(nested)


@pytest.mark.parametrize("name", ["name", "token_id", "keyboard", "monkey", "author", "path"])
def test_other_names_keep_their_texts(name: str) -> None:
    assert not is_secret_name(name)
    assert masked({name: "plain text"}) == {name: "plain text"}


def test_numbers_and_flags_under_secret_names_are_kept() -> None:
    assert masked({"token": True, "key": 3, "secret": None}) == {
        "token": True,
        "key": 3,
        "secret": None,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://ann:{SECRET}@host/x.git", "https://***@host/x.git"),
        (f"https://{SECRET}@host/x.git", "https://***@host/x.git"),
        (f"postgresql://u:{SECRET}@db/x", "postgresql://***@db/x"),
        ("ssh://git@host/x.git", "ssh://git@host/x.git"),
        ("git@host:owner/x.git", "git@host:owner/x.git"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        (f"curl -d password={SECRET}&x=1", "curl -d password=***&x=1"),
        (f"api_key: {SECRET}", "api_key: ***"),
        (f"used ghp_{SECRET}{SECRET} here", "used *** here"),
        (f"github_pat_{SECRET}", "***"),
        (f"glpat-{SECRET}", "***"),
        (f"goa_{SECRET}", "***"),
        ("AKIAIOSFODNN7EXAMPLE", "***"),
        (f"eyJhbGciOiJI.{SECRET}.{SECRET}", "***"),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----", "***"),
        (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}", "***"),
    ],
)
def test_texts_that_look_like_secrets_are_masked_whatever_their_name(
    text: str, expected: str
) -> None:
    assert masked_text(text) == expected
    assert masked({"note": text, "list": [text]}) == {"note": expected, "list": [expected]}
    assert SECRET not in str(masked({text: 1}))


def test_long_texts_lists_and_deep_nesting_are_bounded() -> None:
    kept = masked({"text": "x" * 10_000, "list": list(range(MAX_ITEMS + 5))})
    assert kept["text"] == "x" * MAX_TEXT + "... (10000 characters)"
    assert isinstance(kept["list"], list)
    assert kept["list"][-1] == "... 5 more"
    deep: dict[str, object] = {}
    for _ in range(MAX_DEPTH * 3):
        deep = {"in": deep}
    assert "..." in str(masked(deep))
    assert masked({str(number): 1 for number in range(MAX_ITEMS + 1)})["..."] == "1 more"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), values))
def test_any_parameters_have_a_canonical_form(parameters: dict[str, object]) -> None:
    assert rfc8785.dumps(masked(parameters)).decode("utf-8")
