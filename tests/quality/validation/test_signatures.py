"""Where signatures are required, gates that nobody trusted signed stop every commit."""

from typing import Any

import pytest

from gitops_auditor.errors import Conflict
from gitops_auditor.quality.records import GateEnvelope
from gitops_auditor.quality.results import QualityReport
from gitops_auditor.quality.signing.canonical import EVERYWHERE, Target
from gitops_auditor.quality.signing.definition_files import (
    GATE_FILE,
    SIGNATURE_FILE,
    definition_of,
    write_envelope,
)
from gitops_auditor.quality.signing.keys import KeyFolder
from gitops_auditor.quality.signing.signer import Signer
from gitops_auditor.quality.signing.trust import TrustedKey, change_trust
from tests.factories.gates import ACTOR, GatedProject, recorded
from tests.factories.git import commit, git

GATE = {"name": "Readme", "check": "README.md exists"}


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"quality_gate_signatures": "required"}


@pytest.fixture
async def gated(gated: GatedProject) -> GatedProject:
    """Its gates hold, and are not signed; Ann's signatures count."""
    await gated.state(GATE, {"README.md": "hello\n"})
    key = KeyFolder.open(gated.services.settings).create("ann")
    trusted = TrustedKey(name="ann", key=key.text)
    change_trust(gated.services.settings, lambda trust: trust.with_key(trusted))
    return gated


def signer(gated: GatedProject) -> Signer:
    return Signer(KeyFolder.open(gated.services.settings).unlock("ann"))


async def signed(gated: GatedProject, version: int = 1) -> None:
    """Commit the signature of the gates as they are."""
    target = Target("gate-file", gated.repository_id, GATE_FILE)
    definition = definition_of((gated.path / GATE_FILE).read_bytes())
    envelope = signer(gated).sign(target, version, definition)
    write_envelope(gated.path / SIGNATURE_FILE, envelope)
    await commit(gated.path, {})


async def refused_as(gated: GatedProject, report: QualityReport) -> object:
    """The code with which the audit has the refusal of the only gate."""
    assert (report.status, report.passed, report.score) == ("error", False, None)
    facts: Any = (await recorded(gated.services, "validate_quality")).changes[0].after
    return facts["gates"][0]["refused"]


async def test_gates_that_nobody_signed_are_refused(gated: GatedProject) -> None:
    report = await gated.validate()
    assert await refused_as(gated, report) == "unsigned"
    assert "is not signed" in report.gates[0].reason


async def test_gates_that_a_trusted_key_signed_are_asked(gated: GatedProject) -> None:
    await signed(gated)
    report = await gated.validate()
    assert (report.status, report.passed) == ("passed", True)


async def test_gates_of_which_one_byte_changed_are_refused(gated: GatedProject) -> None:
    await signed(gated)
    text = (gated.path / GATE_FILE).read_text("utf-8")
    await commit(gated.path, {GATE_FILE: text.replace("README.md", "READMF.md")})
    assert await refused_as(gated, await gated.validate()) == "tampered"


async def test_a_signature_of_which_one_byte_changed_is_refused(gated: GatedProject) -> None:
    await signed(gated)
    text = (gated.path / SIGNATURE_FILE).read_text("utf-8")
    start = text.index('"sig": "') + len('"sig": "')
    flipped = text[:start] + ("B" if text[start] == "A" else "A") + text[start + 1 :]
    await commit(gated.path, {SIGNATURE_FILE: flipped})
    assert await refused_as(gated, await gated.validate()) == "bad_signature"


async def test_an_older_version_is_refused_once_a_newer_one_was_asked(gated: GatedProject) -> None:
    await signed(gated)
    old = await git(gated.path, "rev-parse", "HEAD")
    await gated.state({**GATE, "required": True})
    await signed(gated, version=2)
    assert (await gated.validate()).passed is True
    assert await refused_as(gated, await gated.validate(old)) == "rolled_back"


async def test_to_remove_signed_gates_is_refused_and_in_the_audit(gated: GatedProject) -> None:
    await signed(gated)
    await gated.validate()
    await git(gated.path, "rm", "--quiet", GATE_FILE, SIGNATURE_FILE)
    await commit(gated.path, {})
    report = await gated.validate()
    assert (report.status, report.passed) == ("error", False)
    assert "was signed and is gone" in report.reason
    facts: Any = (await recorded(gated.services, "validate_quality")).changes[0].after
    assert "was signed and is gone" in facts["notes"][0]


async def test_a_gate_of_the_platform_needs_a_signature_too(gated: GatedProject) -> None:
    await signed(gated)
    quality, audit = gated.services.quality, gated.services.audit
    async with audit.operation(ACTOR, "create_gate", {}):
        made = await quality.gates.create("pre_merge", {**GATE, "name": "Given"}, ACTOR)
    assert await refused_as(gated, await gated.validate()) == "unsigned"
    envelope = signer(gated).sign(
        Target("gate", EVERYWHERE, made.id), 1, made.definition.canonical()
    )
    async with audit.operation(ACTOR, "update_gate", {}):
        given = GateEnvelope.model_validate(envelope.to_json())
        await quality.gates.update(made.id, ACTOR, envelope=given)
    assert [one.status for one in (await gated.validate()).gates] == ["passed", "passed"]


async def test_nobody_lets_a_gate_pass_that_is_not_trusted(gated: GatedProject) -> None:
    result = (await gated.validate()).gates[0]
    with pytest.raises(Conflict, match="not to be trusted"):
        async with gated.services.audit.operation("ann", "override_gate", {}):
            await gated.services.quality.overrides.create(result.id, "It is all right.", "ann")


@pytest.mark.parametrize("changes", [{}])
async def test_what_was_let_pass_before_is_not_once_signatures_are_required(
    gated: GatedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gated.state({**GATE, "check": "LICENSE exists"})
    result = await gated.only()
    async with gated.services.audit.operation("ann", "override_gate", {}):
        await gated.services.quality.overrides.create(result.id, "It is all right.", "ann")
    assert (await gated.validate()).passed is True
    monkeypatch.setitem(vars(gated.services.settings), "quality_gate_signatures", "required")
    assert await refused_as(gated, await gated.validate()) == "unsigned"
