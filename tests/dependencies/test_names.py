import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import Reference
from gitops_auditor.dependencies.names import (
    canonical,
    guesses,
    repository_guess,
    repository_identity,
    squashed,
    terms,
    wildcard,
)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("https://github.com/UnJS/ufo.git", "github.com/unjs/ufo"),
        ("https://github.com/unjs/ufo/", "github.com/unjs/ufo"),
        ("https://github.com/unjs/ufo/tree/main/src", "github.com/unjs/ufo"),
        ("https://user:secret@github.com/unjs/ufo", "github.com/unjs/ufo"),
        ("https://www.github.com/unjs/ufo?tab=readme#top", "github.com/unjs/ufo"),
        ("git+https://github.com/unjs/ufo.git", "github.com/unjs/ufo"),
        ("git+ssh://git@github.com/unjs/ufo.git", "github.com/unjs/ufo"),
        ("ssh://git@git.example.org:2222/team/app.git", "git.example.org/team/app"),
        ("git@github.com:unjs/ufo.git", "github.com/unjs/ufo"),
        ("git@gitlab.example.org:group/sub/app.git", "gitlab.example.org/group/sub/app"),
        ("homelab:infra/dns.git", "homelab/infra/dns"),
        ("https://gitlab.com/group/sub/app", "gitlab.com/group/sub/app"),
        ("unjs/ufo", "unjs/ufo"),
        ("github.com/unjs/ufo", "github.com/unjs/ufo"),
        ("file:///srv/git/ufo.git", ""),
        ("/srv/git/ufo.git", ""),
        ("../ufo.git", ""),
        ("ufo", ""),
        ("https://github.com/unjs", ""),
        ("https://github.com/", ""),
        ("", ""),
    ],
)
def test_an_address_names_host_owner_and_name(text: str, identity: str) -> None:
    assert repository_identity(text) == identity


@given(st.text(max_size=60))
def test_any_text_is_taken_and_the_answer_names_itself(text: str) -> None:
    identity = repository_identity(text)
    assert identity == identity.lower()
    assert identity == "" or "/" in identity


@pytest.mark.parametrize(
    ("namespace", "first", "second"),
    [
        ("pypi", "Ruamel.YAML", "ruamel-yaml"),
        ("pypi", "jupyter_server__proxy", "jupyter-server-proxy"),
        ("crate", "serde_json", "serde-json"),
        ("image", "python", "docker.io/library/python"),
        ("image", "index.docker.io/grafana/loki", "grafana/loki"),
        ("terraform", "registry.terraform.io/a/b/aws", "A/b/aws//modules/x"),
        ("repository", "https://github.com/A/B.git", "github.com/a/b"),
    ],
)
def test_two_spellings_of_one_name_are_equal(namespace: str, first: str, second: str) -> None:
    assert canonical(Reference(namespace, first)) == canonical(Reference(namespace, second))


@pytest.mark.parametrize(
    ("namespace", "first", "second"),
    [
        ("go", "github.com/Masterminds/semver", "github.com/masterminds/semver"),
        ("image", "registry.local:5000/app", "docker.io/library/app"),
        ("npm", "left-pad", "left_pad"),
    ],
)
def test_names_that_differ_stay_different(namespace: str, first: str, second: str) -> None:
    assert canonical(Reference(namespace, first)) != canonical(Reference(namespace, second))


@pytest.mark.parametrize(
    ("namespace", "name", "identity"),
    [
        ("repository", "github.com/unjs/ufo", "github.com/unjs/ufo"),
        ("go", "github.com/fluxcd/pkg/apis/meta", "github.com/fluxcd/pkg"),
        ("go", "github.com/Owner/App/v2", "github.com/owner/app"),
        ("terraform", "terraform-aws-modules/vpc/aws", "terraform-aws-modules/terraform-aws-vpc"),
        ("image", "ghcr.io/home-assistant/builder", "github.com/home-assistant/builder"),
        ("image", "registry.gitlab.com/g/app/worker", "gitlab.com/g/app"),
        ("image", "quay.io/jupyterhub/jupyterhub", "jupyterhub/jupyterhub"),
        ("data", "https://version.home-assistant.io/x.json", "home-assistant/version"),
        ("api", "status.acme.dev/v1", "acme/status"),
    ],
)
def test_a_name_implies_the_repository_that_customs_say(
    namespace: str, name: str, identity: str
) -> None:
    guess = repository_guess(Reference(namespace, name))
    assert guess is not None
    assert guess.identity == identity


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("npm", "ufo"),
        ("image", "docker.io/library/python"),
        ("go", "gopkg.in"),
        ("terraform", "hashicorp/aws"),
        ("chart", "redis"),
    ],
)
def test_a_bare_name_implies_no_repository(namespace: str, name: str) -> None:
    assert list(guesses(Reference(namespace, name))) == []


def test_a_chart_on_github_pages_implies_the_repositories_of_its_address() -> None:
    found = guesses(Reference("chart", "https://hub.github.io/helm-chart/binder"))
    assert [guess.identity for guess in found] == [
        "github.com/hub/binder",
        "github.com/hub/helm-chart",
    ]


def test_a_placeholder_stands_for_one_part_of_an_image_name() -> None:
    pattern = wildcard("ghcr.io/home-assistant/{arch}-base")
    assert pattern is not None
    assert pattern.fullmatch("ghcr.io/home-assistant/amd64-base")
    assert not pattern.fullmatch("ghcr.io/home-assistant/amd64-base-python")
    assert not pattern.fullmatch("ghcr.io/home-assistant/x/amd64-base")


@pytest.mark.parametrize("name", ["docker.io/{owner}/{image}", "ghcr.io/x/{a}-{b}", "plain/name"])
def test_a_name_that_says_next_to_nothing_is_no_pattern(name: str) -> None:
    assert wildcard(name) is None


def test_words_and_letters_of_names_are_compared_without_punctuation() -> None:
    assert squashed("Home-Assistant") == squashed("homeassistant")
    assert terms("open-telemetry/opentelemetry-js") == {"open", "telemetry", "opentelemetry"}
