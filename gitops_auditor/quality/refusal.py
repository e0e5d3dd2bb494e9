"""Why a definition of gates may not be used."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """A sentence, and a code for programs and the audit."""

    reason: str
    code: str
