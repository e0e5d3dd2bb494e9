"""Gates as they are kept, the figures they are compared with, and what is told of both."""

from datetime import datetime

from gitops_auditor.quality.gate import Gate, GateType
from gitops_auditor.quality.gate_rules import GateKind
from gitops_auditor.quality.results import Record

EVERY_REPOSITORY = ""
"""In place of a repository's id: the gate is asked of all."""


class StoredGate(Record):
    """A gate that is known. `version` grows with every change and is what If-Match compares.

    `repository_id` is empty for a gate of every repository. `path` is the file of the repository
    that states it, None for one that was given to the platform. `digest` is that of the
    definition.
    """

    id: str
    name: str
    gate_type: GateType
    kind: GateKind
    repository_id: str = EVERY_REPOSITORY
    path: str | None = None
    active: bool = True
    version: int = 1
    digest: str
    created_at: datetime
    updated_at: datetime
    created_by: str = ""


class GateSignature(Record):
    """A signature (DSSE 1.0): the id of its key, and the signature in Base64."""

    keyid: str = ""
    sig: str


class GateEnvelope(Record):
    """The DSSE envelope that signs a definition; `payload` is in Base64."""

    payload: str
    payloadType: str  # noqa: N815 - the name that DSSE gives it
    signatures: list[GateSignature]


class GateDetails(StoredGate):
    """A gate with its definition, and its signature."""

    definition: Gate
    envelope: GateEnvelope | None = None


class Baseline(Record):
    """Figures of a release that later ones are compared with, by the name of each figure."""

    repository_id: str
    name: str
    commit: str
    metrics: dict[str, float]
    recorded_at: datetime
    recorded_by: str
