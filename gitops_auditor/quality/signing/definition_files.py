"""A repository's file of gates and the file of its signatures beside it.

What is signed is what the file says, read as YAML: comments and layout may change, values not.
"""

import json
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from gitops_auditor.execution.secret_files import replace_private
from gitops_auditor.formats.model_findings import plain
from gitops_auditor.formats.nodes import MalformedDocument
from gitops_auditor.quality.signing.envelopes import Envelope

GATE_FILE: Final = ".gitops/quality-gates.yaml"
SIGNATURE_FILE: Final = ".gitops/quality-gates.sig.json"


def definition_of(content: bytes) -> JsonValue:
    """What a YAML file says.

    Raises MalformedDocument for what is not one document of YAML in UTF-8, and for keys that occur
    twice: readers differ in which value they take.
    """
    # Most processes read no YAML, and start without its library.
    from gitops_auditor.formats.yaml_positions import parse_yaml  # noqa: PLC0415 - see above

    try:
        documents = parse_yaml(content.decode())
    except UnicodeDecodeError:
        raise MalformedDocument("The file is not UTF-8 text.") from None
    if len(documents) != 1:
        raise MalformedDocument(f"The file has {len(documents)} documents instead of one.")
    for finding in documents[0].findings:
        message = finding.message.replace("; the last one is used", "")
        raise MalformedDocument(message, finding.line, finding.column)
    return plain(documents[0].root)


def signature_path(definition: Path) -> Path:
    """Where the envelope of a file is."""
    return definition.with_suffix(".sig.json")


def write_envelope(path: Path, envelope: Envelope) -> None:
    """Write an envelope as a file for people and version control; it is replaced as a whole."""
    text = json.dumps(envelope.to_json(), indent=2) + "\n"
    replace_private(path, text.encode(), 0o644)
