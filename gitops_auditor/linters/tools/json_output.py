"""Reads the JSON that tools print."""

import json
from typing import Any

from gitops_auditor.linters.tool import UnreadableOutput


def list_in(output: bytes) -> list[dict[str, Any]]:
    """The one list of objects that an output is; raises UnreadableOutput for anything else."""
    try:
        read = json.loads(output)
    except (ValueError, RecursionError):
        raise UnreadableOutput("It did not print the JSON that it was asked for.") from None
    if not isinstance(read, list) or not all(isinstance(item, dict) for item in read):
        raise UnreadableOutput("It printed JSON that is no list of findings.")
    return read
