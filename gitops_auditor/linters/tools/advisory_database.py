"""Where a local database of advisories is, for machines that reach none on the network."""

import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "GITOPS_ADVISORY_DATABASE"
HOW_TO_SET: Final = (
    f"Without a network, {VARIABLE} names a file or folder of advisories in the OSV format."
)


def is_set() -> bool:
    """Whether the operator names a database."""
    return bool(os.environ.get(VARIABLE))


def location() -> Path | None:
    """The absolute path that the operator names, whether there is something or not."""
    named = os.environ.get(VARIABLE)
    return Path(named).absolute() if named else None
