"""Matching and filling in URIs of resources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.resources.uris import UriTemplate

REPOSITORY = UriTemplate("gitops://repositories/{repository_id}")


@pytest.mark.parametrize(
    "uri", ["gitops://repositories/acme/api", "gitops://repositories/acme%2Fapi"]
)
def test_an_id_with_a_slash_matches_plain_and_percent_encoded(uri: str) -> None:
    assert REPOSITORY.match(uri) == {"repository_id": "acme/api"}


@pytest.mark.parametrize(
    "uri",
    [
        "gitops://repositories",
        "gitops://repositories/",
        "gitops://repositories/a?b=c",
        "gitops://repositories/a#b",
        "http://repositories/a",
        "gitops://repositories/%FF",
        "",
    ],
)
def test_a_uri_of_another_form_does_not_match(uri: str) -> None:
    assert REPOSITORY.match(uri) is None


def test_a_template_without_variables_matches_only_itself() -> None:
    health = UriTemplate("gitops://health")
    assert health.match("gitops://health") == {}
    assert health.match("gitops://health/more") is None


def test_both_spellings_of_an_id_with_a_slash_are_named_once_each() -> None:
    assert REPOSITORY.spellings({"repository_id": "acme/api"}) == (
        "gitops://repositories/acme%2Fapi",
        "gitops://repositories/acme/api",
    )
    assert REPOSITORY.spellings({"repository_id": "api"}) == ("gitops://repositories/api",)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_every_spelling_of_any_value_matches_back_to_it(value: str) -> None:
    for uri in REPOSITORY.spellings({"repository_id": value}):
        assert REPOSITORY.match(uri) == {"repository_id": value}
