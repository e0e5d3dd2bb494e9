"""Carries out the jobs that ask GitHub for a release, for which its MCP servers have no tool."""

from typing import Final, NamedTuple, Protocol

import anyio

from gitops_auditor.errors import Conflict, InvalidRequest, TimedOut
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.pipelines.models import Job

SERVER: Final = "github"
ACTIONS: Final = ("create-release", "create_release")
TAG_INPUTS: Final = ("version", "tag")
"""Inputs that a run without a tag is asked for one, in this order."""

_TITLE, _NOTES, _TAG = "name", "body", "tag_name"
_MOST_REASON: Final = 500


class ReleaseOrder(NamedTuple):
    """A release of a repository's commit to publish; the tag is made unless it is there."""

    run_id: str
    repository_id: str
    tag: str
    commit: str
    title: str
    notes: str


class MadeRelease(NamedTuple):
    """A published release."""

    id: str
    url: str
    tag: str
    commit: str


class ReleaseMaker(Protocol):
    """Publishes releases of repositories."""

    @property
    def usable(self) -> bool:
        """Whether it has what it takes to publish any."""
        ...

    async def request(self, order: ReleaseOrder) -> str:
        """What `make` sends, for people to read; nothing is sent.

        Raises InvalidRequest for a repository that is elsewhere.
        """
        ...

    async def make(self, order: ReleaseOrder) -> MadeRelease:
        """Publish it; one that is there with this tag and commit is that one.

        Raises InvalidRequest for a repository that is elsewhere, Conflict when the tag names
        another commit, Refused when the rights are missing, Unavailable.
        """
        ...


def asks_for_release(job: Job) -> bool:
    """Whether the job asks GitHub for a release, whoever makes it."""
    return job.mcp == SERVER and job.action in ACTIONS


class Releases:
    """Makes the release of a run's commit, once however often it is asked."""

    def __init__(self, maker: ReleaseMaker, *, sends: bool) -> None:
        """Without `sends` requests are only shown."""
        self._maker = maker
        self._sends = sends

    async def carry_out(self, attempt: Attempt) -> Outcome:
        """The outcome of the attempt; it hands on `id`, `url`, `tag` and `commit`.

        Raises InvalidRequest when there is no tag, or for a pull request of a stranger, TimedOut,
        and as `ReleaseMaker.make`.
        """
        _require_own(attempt)
        order = order_of(attempt)
        attempt.log.write(f"{await self._maker.request(order)}\n".encode())
        if not self._sends:
            attempt.log.write(b"It is not sent: the platform runs in dry-run mode.\n")
            return Outcome(metrics={"dry_run": True})
        try:
            made = await self._made(order, attempt.timeout)
        except Conflict as refused:
            attempt.log.write(f"{refused}\n".encode())
            return Outcome("failed", refused.message[:_MOST_REASON])
        attempt.log.write(f"Release {made.tag} of {made.commit}: {made.url}\n".encode())
        return _handed_on(made, attempt.job.job)

    async def _made(self, order: ReleaseOrder, seconds: float) -> MadeRelease:
        try:
            with anyio.fail_after(seconds):
                return await self._maker.make(order)
        except TimeoutError:
            raise TimedOut(
                f"The release {order.tag} was not made within {seconds:g} seconds.",
                hint="Run the job again: a release that was made meanwhile is found.",
            ) from None


def order_of(attempt: Attempt) -> ReleaseOrder:
    """The release that a job asks for. Its arguments are called as GitHub calls them.

    Raises InvalidRequest when no tag is given, or an argument that is not known.
    """
    given = {**attempt.job.job.arguments}
    tag = _text(given.pop(_TAG, None), _TAG) or _tag_of(attempt)
    title = _text(given.pop(_TITLE, None), _TITLE) or tag
    notes = _text(given.pop(_NOTES, None), _NOTES)
    if given:
        raise InvalidRequest(
            f"A release takes no argument {min(given)}.",
            hint=f"Known are {_TAG}, {_TITLE} and {_NOTES}.",
        )
    commit = attempt.workspace.commit
    return ReleaseOrder(attempt.run_id, attempt.repository_id, tag, commit, title, notes)


def _require_own(attempt: Attempt) -> None:
    if attempt.event.is_from_fork:
        raise InvalidRequest(
            "The pull request comes from a fork: nothing is released for it.",
            hint="Merge it, then release the branch that it went into.",
        )


def _tag_of(attempt: Attempt) -> str:
    inputs = (_text(attempt.inputs.get(name), name) for name in TAG_INPUTS)
    found = attempt.event.tag or next((text for text in inputs if text), "")
    if not found:
        raise InvalidRequest(
            "A release needs a tag, and the run has none.",
            hint="Start it for a tag, or with an input `version`, or give the job the argument"
            f" `{_TAG}`.",
        )
    return found


def _text(value: object, name: str) -> str:
    if value is None:
        return ""
    # A number says no more how it was written: 1.10 and 1.1 are one.
    is_exact = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    if not is_exact:
        raise InvalidRequest(f"`{name}` of a release has to be text.", hint="Put it into quotes.")
    return str(value).strip()


def _handed_on(made: MadeRelease, job: Job) -> Outcome:
    outputs = made._asdict()
    if missing := [name for name in job.outputs if name not in outputs]:
        reason = f"A release has no {', '.join(missing)} to hand on."
        return Outcome("failed", reason, outputs=outputs)
    return Outcome(outputs=outputs, metrics={"release": made.url})
