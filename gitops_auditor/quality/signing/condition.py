"""What the signing of gates says of its own condition."""

from datetime import UTC, datetime

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.health import ComponentHealth
from gitops_auditor.quality.signing.trust import Trust, load_trust

NAME = "gate_signatures"


def signing_condition(settings: Settings) -> ComponentHealth:
    """Whether gates can be verified: absent when signatures are off. It reads a file.

    Degraded means that every gate is refused until the reason is gone.
    """
    if settings.quality_gate_signatures == "off":
        return ComponentHealth(name=NAME, status="absent")
    try:
        trust = load_trust(settings)
    except GitOpsError as failure:
        return ComponentHealth(name=NAME, status="degraded", reasons=[str(failure)])
    usable = _usable(trust)
    return ComponentHealth(
        name=NAME,
        status="healthy" if usable >= trust.threshold else "degraded",
        reasons=_reasons(trust, usable),
        figures={"keys": len(trust.keys), "usable": usable, "threshold": trust.threshold},
    )


def _usable(trust: Trust) -> int:
    today = datetime.now(UTC).date()
    return sum(not key.expired(today) for key in trust.keys)


def _reasons(trust: Trust, usable: int) -> list[str]:
    if usable >= trust.threshold:
        return []
    count = f"{trust.threshold} trusted keys have to sign, and {usable} can"
    return [f"Every gate is refused: {count}. `gitops-auditor gates keys trust` trusts one."]
