"""Gates as they are asked, and a check that needs no tool."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitops_auditor.formats.findings import Finding
from gitops_auditor.formats.fingerprints import fingerprinted
from gitops_auditor.linters.lines import line_reader
from gitops_auditor.quality.evidence import Evidence, Subject
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.records import GateDetails
from gitops_auditor.quality.refusal import Refusal
from gitops_auditor.quality.requests import AskedGate
from tests.factories.git import write_files

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = "acme/it"


def details(gate: Gate | None = None, **facts: Any) -> GateDetails:
    """A gate as it is known; one of `lint`, unless another is given."""
    definition = gate or lint()
    known = {
        "id": f"id of {definition.name}",
        "name": definition.name,
        "gate_type": "pre_merge",
        "kind": definition.kind,
        "repository_id": REPOSITORY,
        "digest": definition.digest,
        "created_at": NOW,
        "updated_at": NOW,
        "created_by": "somebody",
        **facts,
    }
    return GateDetails(definition=definition, **known)


def lint(**fields: Any) -> Gate:
    """A gate that a linter answers."""
    stated = {"name": "Lint", "mcp": "code-linter", "new_issues_only": True}
    return Gate.model_validate({**stated, **fields})


def asked(gate: Gate | None = None, refused: Refusal | None = None) -> AskedGate:
    """The gate in a selection."""
    stored = details(gate)
    return AskedGate(stored, stored.definition, refused)


def subject(folder: Path, content: Mapping[str, str], **facts: Any) -> Subject:
    """A checkout that holds these files; its tree is named after the folder."""
    folder.mkdir()
    write_files(folder, content)
    return Subject(REPOSITORY, "pre_merge", "c0ffee", folder.name, folder, folder, **facts)


class LineCheck:
    """Finds the lines that say `bad`, as a linter finds what it looks for.

    `looked` are the folders that it looked at. `failure` is raised instead of looking, and without
    a `tool` no answer is one to keep.
    """

    def __init__(self, failure: Exception | None = None, tool: str | None = "1.0") -> None:
        self.looked: list[Path] = []
        self.tool = tool
        self._failure = failure

    async def look(self, _gate: Gate, subject: Subject, _seconds: float) -> Evidence:
        """All findings, in the files that the subject names or in all."""
        self.looked.append(subject.root)
        if self._failure is not None:
            raise self._failure
        there = [path for path in subject.root.rglob("*.py") if path.is_file()]
        names = sorted(path.relative_to(subject.root).as_posix() for path in there)
        if subject.files is not None:
            names = [name for name in names if name in subject.files]
        if not names:
            return Evidence("skipped", "No file is concerned.")
        found = [one for name in names for one in _found(subject.root, name)]
        fingerprints = fingerprinted(found, line_reader(subject.root))
        return Evidence("failed" if found else "passed", "", tuple(fingerprints))

    async def identity(self, _gate: Gate) -> str | None:
        """The version of the tool."""
        return self.tool


def _found(root: Path, name: str) -> list[Finding]:
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    return [
        Finding(tool="t", rule="bad", severity="high", message="It is bad.", file=name, line=line)
        for line, text in enumerate(lines, start=1)
        if "bad" in text
    ]
