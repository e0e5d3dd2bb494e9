"""Names on GitHub's side: ids of jobs, file names, and texts that are to stay what they are."""

import hashlib
import math
import re
from collections.abc import Collection
from typing import Final

MAX_ID: Final = 90
_OTHER = re.compile(r"[^a-z0-9]+")
_SECRET = re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*", re.IGNORECASE)


def slug(text: str) -> str:
    """The text in lower case letters, digits and dashes; a digest where nothing else is left."""
    found = _OTHER.sub("-", text.lower()).strip("-")[:MAX_ID].strip("-")
    return found or hashlib.sha256(text.encode()).hexdigest()[:8]


def job_id(stage: str, job: str, taken: Collection[str]) -> str:
    """An id for the job that is not taken; it begins with a letter as GitHub demands."""
    wanted = slug(f"{stage}-{job}")
    base = wanted if wanted[0].isalpha() else f"job-{wanted}"
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    return found


def literal(text: str) -> str:
    """The text so that GitHub takes it as it is where it would look for expressions."""
    return text.replace("${{", "${{ '${{' }}")


def quoted(text: str) -> str:
    """The text as a string within an expression."""
    return "'" + text.replace("'", "''") + "'"


def is_secret_name(text: str) -> bool:
    """Whether GitHub can have a secret of this name."""
    return _SECRET.fullmatch(text) is not None


def minutes(seconds: int) -> int:
    """Whole minutes that last at least as long."""
    return math.ceil(seconds / 60)
