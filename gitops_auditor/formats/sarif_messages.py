"""The text of SARIF messages, with what is put into them (3.11)."""

import re
from collections.abc import Sequence

from gitops_auditor.formats.sarif_nodes import (
    Object,
    UnreadableSarif,
    optional_object,
    text,
    values,
)

_PLACE = re.compile(r"\{\{|\}\}|\{([0-9]{1,4})\}")


def message_text(message: Object, rule: Object, driver: Object) -> str:
    """The text of a message, which may be one of those that its rule or the tool has by ids.

    Raises UnreadableSarif without a text.
    """
    found = text(message, "text") or _known(message, rule, driver)
    if not found:
        raise UnreadableSarif("A result has no message.")
    arguments = values(message, "arguments")
    return _filled(found, arguments) if arguments else found


def _known(message: Object, rule: Object, driver: Object) -> str:
    """3.11.7."""
    name = text(message, "id")
    for owner, key in ((rule, "messageStrings"), (driver, "globalMessageStrings")):
        known = optional_object(owner, key)
        if name and name in known:
            return text(optional_object(known, name), "text")
    return ""


def _filled(template: str, arguments: Sequence[object]) -> str:
    """3.11.5: `{0}` is the first argument; doubled braces are braces."""

    def put(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        at = int(found[1])
        return str(arguments[at]) if at < len(arguments) else found[0]

    return _PLACE.sub(put, template)
