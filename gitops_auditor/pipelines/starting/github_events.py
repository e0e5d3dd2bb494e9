"""GitHub's webhooks: whether one is genuine, and what it means to pipelines.

Fields as in GitHub's "Webhook events and payloads"; only those that are used are read.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.naming import check_branch

MOST_PATHS: Final = 3000
"""Changed paths kept of one push; of a larger one they count as not known."""
MOST_COMMITS: Final = 2048
"""GitHub lists no more commits of one push."""

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_FullName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")
]
_Commit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
_Name = Annotated[str, StringConstraints(max_length=1000)]
_Url = Annotated[str, StringConstraints(max_length=2048)]


class Notice(BaseModel, defer_build=True):
    """What is kept of a webhook: the repository's names, the commit, and the event to fire.

    Without an event, `ignored` says why it starts nothing.
    """

    model_config = ConfigDict(frozen=True)

    repository: str = ""
    urls: tuple[str, ...] = ()
    commit: str = ""
    event: Event | None = None
    ignored: str = ""


class _Payload(BaseModel, defer_build=True):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Repository(_Payload):
    full_name: _FullName
    clone_url: _Url = ""
    html_url: _Url = ""


class _PushedCommit(_Payload):
    id: _Commit
    added: list[str] = []
    removed: list[str] = []
    modified: list[str] = []


class _Push(_Payload):
    repository: _Repository
    ref: _Name
    after: _Commit
    created: bool = False
    deleted: bool = False
    forced: bool = False
    commits: list[_PushedCommit] = []


class _Account(_Payload):
    login: _Name


class _Side(_Payload):
    ref: _Name
    sha: _Commit
    repo: _Repository | None = None
    user: _Account | None = None


class _Proposal(_Payload):
    head: _Side
    base: _Side


class _PullRequest(_Payload):
    repository: _Repository
    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,50}$")]
    pull_request: _Proposal


class _Other(_Payload):
    repository: _Repository | None = Field(None)


def is_genuine(body: bytes, signature: str, secret: str) -> bool:
    """Whether the `X-Hub-Signature-256` of a body was made with the secret; never without one."""
    if not secret:
        return False
    expected = "sha256=" + hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8", "replace"))


def read_event(name: str, payload: Mapping[str, object]) -> Notice:
    """What the payload of the event `name` means. Raises InvalidRequest, naming the field."""
    try:
        if name == "push":
            return _of_push(_Push.model_validate(payload))
        if name == "pull_request":
            return _of_pull_request(_PullRequest.model_validate(payload))
        repository = _Other.model_validate(payload).repository
    except ValidationError as invalid:
        raise _unreadable(name, invalid) from None
    return _ignored(repository, f"The event {name} starts no pipeline.")


def is_plain(name: str) -> bool:
    """Whether a branch or tag has a name that no program takes for something else."""
    try:
        check_branch(name)
    except InvalidRequest:
        return False
    return True


def _of_push(push: _Push) -> Notice:
    kind, name = split_ref(push.ref)
    if not kind:
        return _ignored(push.repository, "Only branches and tags start pipelines.")
    if push.deleted:
        return _ignored(push.repository, f"The {kind} was deleted.")
    if not is_plain(name):
        return _ignored(push.repository, f"The {kind} {name[:80]!r} has a name that is refused.")
    return _notice(push.repository, push.after, push_event(kind, name, _changed_paths(push)))


def split_ref(ref: str) -> tuple[str, str]:
    """`branch` or `tag` and its name, of a full ref; empty for any other."""
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if ref.startswith(prefix):
            return kind, ref.removeprefix(prefix)
    return "", ""


def push_event(kind: str, name: str, changed_paths: tuple[str, ...] | None) -> Event:
    """The push of a branch or tag."""
    branch, tag = (name, "") if kind == "branch" else ("", name)
    return Event(type="push", branch=branch, tag=tag, changed_paths=changed_paths)


def _changed_paths(push: _Push) -> tuple[str, ...] | None:
    commits = push.commits
    if push.created or push.forced or not 0 < len(commits) < MOST_COMMITS:
        return None
    if commits[-1].id != push.after:
        return None
    paths = {path for one in commits for path in (*one.added, *one.removed, *one.modified)}
    return tuple(sorted(paths)) if len(paths) <= MOST_PATHS else None


def _of_pull_request(notified: _PullRequest) -> Notice:
    head, base = notified.pull_request.head, notified.pull_request.base
    owner = _stranger(head, notified.repository)
    if not is_plain(head.ref) or not is_plain(base.ref):
        reason = f"The pull request's branch {head.ref[:80]!r} or base has a name that is refused."
        return _ignored(notified.repository, reason)
    event = Event(
        type="pull_request",
        branch=f"{owner}:{head.ref}" if owner else head.ref,
        base_branch=base.ref,
        action=notified.action,
    )
    return _notice(notified.repository, head.sha, event)


def _stranger(head: _Side, repository: _Repository) -> str:
    """The owner of the fork that a pull request comes from; empty when it comes from within."""
    source = head.repo.full_name if head.repo is not None else ""
    if source.lower() == repository.full_name.lower():
        return ""
    owner = source.partition("/")[0] or (head.user.login if head.user is not None else "")
    # A fork may be gone, and its owner with it.
    return owner if _OWNER.fullmatch(owner) else "unknown"


def _notice(repository: _Repository, commit: str, event: Event) -> Notice:
    return Notice(
        repository=repository.full_name, urls=_urls(repository), commit=commit, event=event
    )


def _ignored(repository: _Repository | None, reason: str) -> Notice:
    if repository is None:
        return Notice(ignored=reason)
    return Notice(repository=repository.full_name, urls=_urls(repository), ignored=reason)


def _urls(repository: _Repository) -> tuple[str, ...]:
    return tuple(url for url in (repository.clone_url, repository.html_url) if url)


def _unreadable(name: str, invalid: ValidationError) -> InvalidRequest:
    first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "payload"
    return InvalidRequest(
        f"{where}: {first['msg']}.",
        hint=f"Send the payload of a {name} event as GitHub documents it.",
    )
