import pytest

from gitops_auditor.formats.purl import purl


@pytest.mark.parametrize(
    ("type_", "name", "version", "expected"),
    [
        ("npm", "@unjs/h3", "1.0.0", "pkg:npm/%40unjs/h3@1.0.0"),
        ("pypi", "Typing_Extensions", None, "pkg:pypi/typing-extensions"),
        ("maven", "com.squareup.okio:okio", "3.0", "pkg:maven/com.squareup.okio/okio@3.0"),
        ("github", "Actions/Checkout", "v4", "pkg:github/actions/checkout@v4"),
        ("golang", "github.com/fluxcd/pkg", "v1.2.3", "pkg:golang/github.com/fluxcd/pkg@v1.2.3"),
        ("generic", "a b", "1/2", "pkg:generic/a%20b@1%2F2"),
        ("npm", "h3", "", "pkg:npm/h3"),
    ],
)
def test_a_package_url_is_written_in_its_canonical_form(
    type_: str, name: str, version: str | None, expected: str
) -> None:
    assert purl(type_, name, version) == expected
