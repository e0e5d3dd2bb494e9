import time

import pytest

from gitops_auditor.dependencies.manifests.git_names import (
    is_shorthand,
    repository_name,
    revision_kind,
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/Acme/Api.git", "github.com/acme/api"),
        ("https://github.com/acme/api/tree/main/pkg", "github.com/acme/api"),
        ("git+ssh://git@github.com/acme/api.git#v1", "github.com/acme/api"),
        ("git@gitlab.com:group/sub/project.git", "gitlab.com/group/sub/project"),
        ("https://gitlab.com/group/sub/project/-/raw/main/ci.yml", "gitlab.com/group/sub/project"),
        ("ssh://git@git.acme.io:2222/team/api", "git.acme.io/team/api"),
        ("github:acme/api", "github.com/acme/api"),
        ("https://token@github.com/acme/my.repo", "github.com/acme/my.repo"),
        ("https://www.github.com/acme/api/", "github.com/acme/api"),
        ("https://github.com/acme", ""),
        ("https://github.com/${OWNER}/api", ""),
        ("../api.git", ""),
        ("acme/api", ""),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_an_address_names_its_repository(address: str, name: str) -> None:
    assert repository_name(address) == name


@pytest.mark.parametrize(
    ("text", "answer"),
    [("acme/api", True), ("acme/my.api", True), ("acme", False), ("@a/b", False), ("a/b/c", False)],
)
def test_only_owner_and_name_are_a_shorthand(text: str, answer: object) -> None:
    assert is_shorthand(text) is answer


@pytest.mark.parametrize(
    ("revision", "kind"),
    [
        ("", "none"),
        ("v1.2.3", "exact"),
        ("1.2.3-rc.1", "exact"),
        ("release/v1.2.3", "exact"),
        ("v4", "tag"),
        ("v4.1", "tag"),
        ("main", "tag"),
        ("a" * 40, "commit"),
        ("a" * 39, "tag"),
        ("${{ inputs.ref }}", "dynamic"),
    ],
)
def test_a_revision_binds_by_its_form(revision: str, kind: str) -> None:
    assert revision_kind(revision) == kind


@pytest.mark.parametrize("piece", ["a-1.1.1", "a@", "1.", "git@", "a/", "."])
def test_a_hostile_name_costs_little(piece: str) -> None:
    started = time.process_time()
    for text in (piece * 50_000, f"https://{piece * 50_000}"):
        revision_kind(f"{text}!")
        repository_name(f"{text}!")
        is_shorthand(f"{text}!")
    assert time.process_time() - started < 2
