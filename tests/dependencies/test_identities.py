from gitops_auditor.dependencies.identities import Found, RepositoryIndex, split_host
from tests.dependencies.factories import offer, repository, requirement


def test_a_clone_answers_to_its_origin() -> None:
    index = RepositoryIndex([repository("unjs/ufo")])
    assert index.find("github.com/unjs/ufo") == Found("unjs/ufo", 1.0)


def test_a_name_without_host_means_any_host() -> None:
    index = RepositoryIndex([repository("team/app", origin="git.example.org/team/app")])
    assert index.find("team/app") == Found("team/app", 1.0)


def test_another_host_is_another_repository() -> None:
    index = RepositoryIndex([repository("unjs/ufo")])
    assert index.find("gitlab.com/unjs/ufo") is None


def test_a_folder_without_origin_answers_to_its_id_on_any_host() -> None:
    index = RepositoryIndex([repository("unjs/ufo", origin="-")])
    assert index.find("github.com/unjs/ufo") == Found("unjs/ufo", 1.0)


def test_a_repository_answers_to_what_its_manifest_calls_it() -> None:
    fork = repository("me/ufo", offer("repository:github.com/unjs/ufo"))
    assert RepositoryIndex([fork]).find("github.com/unjs/ufo") == Found("me/ufo", 0.95)


def test_an_origin_counts_more_than_the_claim_of_a_fork() -> None:
    fork = repository("me/ufo", offer("repository:github.com/unjs/ufo"))
    found = RepositoryIndex([fork, repository("unjs/ufo")]).find("github.com/unjs/ufo")
    assert found == Found("unjs/ufo", 1.0)


def test_a_manifest_copied_from_elsewhere_is_not_believed() -> None:
    copy = repository("me/app", offer("repository:github.com/unjs/template"))
    assert RepositoryIndex([copy]).find("github.com/unjs/template") is None


def test_of_two_clones_of_one_origin_the_first_by_id_answers() -> None:
    clones = [repository(name, origin="github.com/a/x") for name in ("w/two", "w/one")]
    assert RepositoryIndex(clones).find("github.com/a/x") == Found("w/one", 1.0)


def test_a_folder_is_known_by_its_owners_name_spelt_otherwise() -> None:
    workspace = [
        repository("homeassistant/docker", origin="-"),
        repository("app", requirement("repository:home-assistant/docker")),
    ]
    assert RepositoryIndex(workspace).find("home-assistant/docker") == Found(
        "homeassistant/docker", 0.9
    )


def test_a_neighbours_manifest_tells_the_owner_of_a_folder() -> None:
    workspace = [
        repository("w/h3", offer("repository:github.com/unjs/h3"), origin="-"),
        repository("w/ufo", origin="-"),
        repository("w/app", requirement("repository:github.com/unjs/ufo"), origin="-"),
    ]
    assert RepositoryIndex(workspace).find("github.com/unjs/ufo") == Found("w/ufo", 0.9)


def test_two_names_of_one_owner_side_by_side_are_no_coincidence() -> None:
    workspace = [
        repository("builder"),
        repository("actions"),
        repository(
            "supervisor",
            requirement("repository:home-assistant/builder"),
            requirement("repository:home-assistant/actions"),
        ),
    ]
    assert RepositoryIndex(workspace).find("home-assistant/actions") == Found("actions", 0.9)


def test_a_folder_that_only_happens_to_bear_a_name_is_not_meant() -> None:
    workspace = [
        repository("cache"),
        repository("app", requirement("repository:actions/cache")),
    ]
    assert RepositoryIndex(workspace).find("actions/cache") is None


def test_a_path_means_the_repository_that_it_leads_into() -> None:
    index = RepositoryIndex([repository("shared", path="/srv/work/shared")])
    assert index.find("/srv/work/shared/eslint/base.json") == Found("shared", 1.0)
    assert index.find("/srv/work/other") is None


def test_a_host_is_told_from_an_owner() -> None:
    assert split_host("github.com/unjs/ufo") == ("github.com", "unjs/ufo")
    assert split_host("unjs/ufo") == ("", "unjs/ufo")
    assert split_host("my.org/ufo") == ("", "my.org/ufo")
