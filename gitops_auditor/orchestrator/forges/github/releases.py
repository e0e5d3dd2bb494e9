"""Releases at GitHub."""

import json
from functools import partial

from gitops_auditor.errors import Conflict, JsonValue, NotFound, Unavailable
from gitops_auditor.orchestrator.forges.forge import NewRelease, Release
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import fields_of, text_of
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import (
    CREATE_RELEASE,
    READ_RELEASE,
    READ_TAG,
    READ_TAG_OBJECT,
)
from gitops_auditor.orchestrator.forges.github.repeating import repeated


class Releases:
    """Releases by their tag, which no two have."""

    def __init__(self, calls: GitHubCalls) -> None:
        self._calls = calls

    async def find(self, where: RepositoryName, tag: str) -> Release | None:
        """The release of a tag; drafts have none."""
        return await repeated(partial(self._find, where, tag))

    async def create(self, where: RepositoryName, new: NewRelease) -> Release:
        """Publish one on a commit; the tag is made with it.

        One that is there with this tag and commit is that one. Raises Conflict when the tag names
        something else, NotFound when GitHub lacks the commit.
        """
        return await repeated(partial(self._create, where, new))

    def request(self, where: RepositoryName, new: NewRelease) -> str:
        """The request that makes one, with its body as JSON."""
        call = CREATE_RELEASE
        body = json.dumps(_body(new), indent=2, ensure_ascii=False)
        return f"{call.method} {self._calls.rest.base}{where.path}{call.path} {body}"

    async def _create(self, where: RepositoryName, new: NewRelease) -> Release:
        tag = new.tag
        tagged = await self._tagged(where, tag)
        if tagged is not None and tagged != new.commit:
            raise Conflict(
                f"The tag {tag} of {where} names {tagged} already, not {new.commit}.",
                hint="Choose another tag.",
                details={"present": tagged},
            )
        found = await self._find(where, tag)
        if found is not None:
            return found
        await self._calls.ask(CREATE_RELEASE, where, **_body(new))
        made = await self._find(where, tag)
        if made is None:
            raise Unavailable(
                f"The release {tag} of {where} was made, but is not to be seen yet.",
                hint="Try again in a moment.",
            )
        return made

    async def _find(self, where: RepositoryName, tag: str) -> Release | None:
        try:
            data = await self._calls.ask(READ_RELEASE, where, tag=tag)
        except NotFound:
            return None
        return _release(data, await self._tagged(where, tag) or "")

    async def _tagged(self, where: RepositoryName, tag: str) -> str | None:
        try:
            found = await self._calls.ask(READ_TAG, where, tag=tag)
        except NotFound:
            return None
        named = fields_of(found).get("object")
        if text_of(named, "type") == "tag":
            annotated = await self._calls.ask(READ_TAG_OBJECT, where, sha=text_of(named, "sha"))
            named = fields_of(annotated).get("object")
        return text_of(named, "sha") or None


def _body(new: NewRelease) -> dict[str, JsonValue]:
    return {
        "tag_name": new.tag,
        "target_commitish": new.commit,
        "name": new.title,
        "body": new.notes,
    }


def _release(data: JsonValue, commit: str) -> Release:
    return Release(
        id=text_of(data, "id"),
        url=text_of(data, "html_url"),
        tag=text_of(data, "tag_name"),
        commit=commit,
        title=text_of(data, "name"),
    )
