import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.starting.github_events import (
    MOST_COMMITS,
    MOST_PATHS,
    Notice,
    is_genuine,
    read_event,
)
from gitops_auditor.pipelines.trigger_models import Event
from tests.repositories.test_injection import PAYLOADS

OLD, NEW = "a" * 40, "b" * 40
REPOSITORY = {
    "full_name": "acme/tool",
    "clone_url": "https://github.com/acme/tool.git",
    "html_url": "https://github.com/acme/tool",
}
NAME_CHARACTERS = set(string.ascii_letters + string.digits + "_@+./#=-:")


def push(**fields: Any) -> dict[str, Any]:
    commit = {"id": NEW, "added": ["a.py"], "removed": [], "modified": ["docs/b.md"]}
    return {
        "repository": REPOSITORY,
        "ref": "refs/heads/main",
        "before": OLD,
        "after": NEW,
        "created": False,
        "deleted": False,
        "forced": False,
        "commits": [commit],
        **fields,
    }


def pull_request(source: dict[str, Any] | None, branch: str = "feature/x") -> dict[str, Any]:
    head = {"ref": branch, "sha": NEW, "repo": source, "user": {"login": "mallory"}}
    base = {"ref": "main", "sha": OLD, "repo": REPOSITORY}
    return {
        "action": "opened",
        "number": 7,
        "repository": REPOSITORY,
        "pull_request": {"head": head, "base": base},
    }


def event_of(name: str, payload: dict[str, Any]) -> Event:
    event = read_event(name, payload).event
    assert event is not None
    return event


class TestSignature:
    SECRET = "It's a Secret to Everybody"
    BODY = b"Hello, World!"
    # The example of GitHub's "Validating webhook deliveries".
    SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    def test_the_example_that_github_documents_is_genuine(self) -> None:
        assert is_genuine(self.BODY, self.SIGNATURE, self.SECRET)

    @pytest.mark.parametrize(
        "signature",
        [
            "",
            "sha256=",
            SIGNATURE[:-1],
            SIGNATURE + "0",
            SIGNATURE[7:],
            "é" * 71,
            "sha1=" + "0" * 40,
        ],
    )
    def test_any_other_signature_is_refused_whatever_its_length(self, signature: str) -> None:
        assert not is_genuine(self.BODY, signature, self.SECRET)

    def test_another_body_or_secret_is_refused(self) -> None:
        assert not is_genuine(self.BODY + b" ", self.SIGNATURE, self.SECRET)
        assert not is_genuine(self.BODY, self.SIGNATURE, self.SECRET + " ")

    def test_without_a_secret_nothing_is_genuine(self) -> None:
        signed_with_nothing = (
            "sha256=2bbcfa9524f3218c7a34b30e6936f8b1a4516cb097f1a85a1c7d98b5977ec769"
        )
        assert not is_genuine(self.BODY, signed_with_nothing, "")


class TestPush:
    def test_a_branch_with_its_commit_and_changed_paths(self) -> None:
        notice = read_event("push", push())
        assert notice.event == Event(
            type="push", branch="main", changed_paths=("a.py", "docs/b.md")
        )
        assert (notice.repository, notice.commit) == ("acme/tool", NEW)

    def test_a_tag_is_no_branch(self) -> None:
        event = event_of("push", push(ref="refs/tags/v1", created=True))
        assert (event.branch, event.tag, event.changed_paths) == ("", "v1", None)

    @pytest.mark.parametrize("fields", [{"deleted": True}, {"ref": "refs/pull/7/head"}])
    def test_what_is_no_push_of_a_branch_or_tag_is_ignored(self, fields: dict[str, Any]) -> None:
        notice = read_event("push", push(**fields))
        assert notice.event is None
        assert notice.ignored

    @pytest.mark.parametrize(
        "fields",
        [
            {"created": True},
            {"forced": True},
            {"commits": []},
            {"commits": [{"id": OLD, "added": ["a"]}]},
            {"commits": [{"id": NEW, "added": ["a"]}] * MOST_COMMITS},
            {"commits": [{"id": NEW, "added": [str(number) for number in range(MOST_PATHS + 1)]}]},
        ],
    )
    def test_changed_paths_that_may_be_incomplete_count_as_not_known(
        self, fields: dict[str, Any]
    ) -> None:
        assert event_of("push", push(**fields)).changed_paths is None

    def test_nothing_of_the_payload_is_kept_but_what_a_trigger_needs(self) -> None:
        kept = read_event("push", push(pusher={"email": "ada@example.org"})).model_dump_json()
        assert "example.org" not in kept


class TestPullRequest:
    def test_from_within_it_has_the_plain_branch(self) -> None:
        event = event_of("pull_request", pull_request({**REPOSITORY, "full_name": "Acme/Tool"}))
        assert (event.branch, event.base_branch, event.action) == ("feature/x", "main", "opened")
        assert not event.is_from_fork

    @pytest.mark.parametrize(
        ("source", "branch"),
        [
            ({"full_name": "mallory/tool"}, "mallory:main"),
            ({"full_name": "acme/tool-fork"}, "acme:main"),
            (None, "mallory:main"),
        ],
    )
    def test_from_a_fork_its_branch_is_never_taken_for_ours(
        self, source: dict[str, Any] | None, branch: str
    ) -> None:
        event = event_of("pull_request", pull_request(source, "main"))
        assert event.branch == branch
        assert event.is_from_fork

    def test_a_fork_whose_owner_is_gone_too_is_still_a_fork(self) -> None:
        payload = pull_request(None, "main")
        payload["pull_request"]["head"]["user"] = None
        assert event_of("pull_request", payload).is_from_fork


@pytest.mark.parametrize("name", ["ping", "issues", "star", "workflow_run"])
def test_other_events_start_nothing_and_say_so(name: str) -> None:
    notice = read_event(name, {"zen": "Keep it logically awesome.", "repository": REPOSITORY})
    assert notice == Notice(
        repository="acme/tool",
        urls=("https://github.com/acme/tool.git", "https://github.com/acme/tool"),
        ignored=f"The event {name} starts no pipeline.",
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_that_something_could_run_starts_nothing(payload: str) -> None:
    for name in (payload, f"x{payload}", f"feature/{payload}"):
        for kind, notified in (
            ("push", push(ref=f"refs/heads/{name}"[:1000])),
            ("push", push(ref=f"refs/tags/{name}"[:1000])),
            ("pull_request", pull_request(None, name[:1000])),
        ):
            try:
                event = read_event(kind, notified).event
            except InvalidRequest:
                continue
            named = f"{event.branch}{event.tag}{event.base_branch}" if event else ""
            assert set(named) <= NAME_CHARACTERS
            assert ".." not in named
            assert not named.startswith(("-", "/"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_repository_with_such_a_name_is_refused(payload: str) -> None:
    for name in (payload, f"acme/{payload}", f"{payload}/tool", f"acme/x{payload}"):
        repository = {**REPOSITORY, "full_name": name}
        try:
            found = read_event("push", push(repository=repository)).repository
        except InvalidRequest:
            continue
        assert set(found) <= NAME_CHARACTERS
        assert found.count("/") == 1


@pytest.mark.parametrize("commit", ["", "main", "a" * 39, "A" * 40, "0" * 40 + "\n", "--help", 1])
def test_what_is_no_commit_is_refused_by_the_name_of_its_field(commit: object) -> None:
    with pytest.raises(InvalidRequest, match="after"):
        read_event("push", push(after=commit))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.sampled_from(["push", "pull_request", "ping"]), st.data())
def test_any_payload_is_read_or_refused(name: str, data: st.DataObject) -> None:
    payload = push() if name == "push" else pull_request(REPOSITORY)
    field = data.draw(st.sampled_from(sorted(payload)))
    payload[field] = data.draw(JSON)
    try:
        notice = read_event(name, payload)
    except InvalidRequest as refused:
        assert refused.hint
    else:
        assert (notice.event is None) == bool(notice.ignored)
