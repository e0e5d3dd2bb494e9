"""Makes of what a handler reports what every database takes. Pure.

PostgreSQL keeps no NUL in text and no NaN in JSON, and neither database a surrogate without its
other half.
"""

import math
from dataclasses import replace

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.handlers import Outcome


def clean_text(text: str) -> str:
    """The text with U+FFFD where a character cannot be kept."""
    if "\0" not in text and text.isascii():
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def clean_json(value: JsonValue) -> JsonValue:
    """The value with clean texts, and null for what is no number."""
    match value:
        case str():
            return clean_text(value)
        case float():
            return value if math.isfinite(value) else None
        case list():
            return [clean_json(one) for one in value]
        case dict():
            return {clean_text(name): clean_json(one) for name, one in value.items()}
        case _:
            return value


def clean(outcome: Outcome) -> Outcome:
    """The outcome as it can be kept."""
    return replace(
        outcome,
        reason=clean_text(outcome.reason),
        outputs={clean_text(name): clean_text(text) for name, text in outcome.outputs.items()},
        metrics={clean_text(name): clean_json(one) for name, one in outcome.metrics.items()},
    )
