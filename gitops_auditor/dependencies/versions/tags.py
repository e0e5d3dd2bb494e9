"""Version tags of images and git repositories: numbers, perhaps a pre-release and a flavour.

A tag with fewer numbers moves over all versions that begin with them: `3.12` admits 3.12.4 and
`v4` admits v4.2.0. The flavour (`-slim`, `-alpine`) says how it was built, not which version it is.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from gitops_auditor.dependencies.versions.scheme import Reading, Scheme


class Tag(NamedTuple):
    """A version tag taken apart. A final release sorts after its pre-releases."""

    numbers: tuple[int, ...]
    is_final: bool = True
    stage: str = ""
    stage_number: int = 0
    flavour: str = ""
    digits: str = ""
    """The numbers as written: 22.04 is not 22.4."""

    @property
    def text(self) -> str:
        """The tag without its flavour."""
        stage = f"-{self.stage}{self.stage_number or ''}"
        return self.digits if self.is_final else f"{self.digits}{stage}"


_TAG: Final = re.compile(
    r"[vV]?(\d{1,18}(?:\.\d{1,18})*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|dev|a|b)[-_.]?(\d{0,9})(?![A-Za-z]))?"
    r"([-_+.][\w.+-]*)?",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)
def parse_tag(text: str) -> Tag | None:
    """A tag that begins with numbers, with or without `v` before and a digest behind; else None."""
    found = _TAG.fullmatch(text.partition("@")[0].strip())
    if found is None:
        return None
    numbers = tuple(int(number) for number in found[1].split("."))
    stage = (found[2] or "").lower()
    return Tag(numbers, not stage, stage, int(found[3] or 0), found[4] or "", found[1])


def read_tag(text: str) -> Reading | None:
    """A version tag; None for a moving name such as `latest`."""
    wanted = parse_tag(text)
    if wanted is None:
        return None

    def allows(written: str) -> bool | None:
        tag = parse_tag(written)
        return None if tag is None else _covers(wanted, tag)

    return Reading(allows, (wanted.text,))


def order(text: str) -> tuple[tuple[int, ...], bool, str, int] | None:
    """The key by which tags are ordered; flavours of one version are equal."""
    tag = parse_tag(text)
    return tag[:4] if tag else None


def release(text: str) -> str:
    """The numbers of a tag, without pre-release and flavour."""
    tag = parse_tag(text)
    return tag.digits if tag else text


TAGS: Final = Scheme("tags", read_tag, order, release, first="0")


def _covers(wanted: Tag, tag: Tag) -> bool | None:
    if (wanted.is_final, wanted.stage, wanted.stage_number) != tag[1:4]:
        return False
    shared = min(len(wanted.numbers), len(tag.numbers))
    if wanted.numbers[:shared] != tag.numbers[:shared]:
        return False
    return True if len(wanted.numbers) == shared else None
