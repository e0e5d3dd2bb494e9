"""What a name may mean among the references of a repository."""

import difflib
import re
from collections.abc import Sequence
from typing import Final

from gitops_auditor.repositories.git_directory import OBJECT_ID

BRANCH: Final = "refs/heads/"
TAG: Final = "refs/tags/"
REMOTE: Final = "refs/remotes/origin/"

_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")


def candidates(ref: str) -> list[str]:
    """What a name may be, in the order in which it is looked for."""
    if ref.startswith("refs/"):
        return [ref]
    names = [BRANCH + ref, TAG + ref, REMOTE + ref]
    return [ref, *names] if OBJECT_ID.fullmatch(ref) else [*names, *_as_id(ref)]


def _as_id(ref: str) -> list[str]:
    return [ref] if _ABBREVIATED.fullmatch(ref) else []


def alike(wanted: str, names: Sequence[str]) -> list[str]:
    """Up to three of these references whose names come near, by full name."""
    short = {name.removeprefix(BRANCH).removeprefix(TAG): name for name in names}
    close = difflib.get_close_matches(wanted, [*short][:2000], 3, cutoff=0.5)
    return [name for name in close if name.isprintable()]
