"""Names for files and folders that belong to a job."""

import hashlib
import re
from typing import Final

_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SLUG: Final = 60


def file_name(job: str) -> str:
    """Readable, and different for every id whatever it contains."""
    slug = _OTHER.sub("-", job).strip("-._")[:_SLUG]
    return f"{slug}-{hashlib.sha256(job.encode()).hexdigest()[:16]}".lstrip("-")
