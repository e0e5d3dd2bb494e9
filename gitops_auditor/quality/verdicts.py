"""From what checks say to what a gate amounts to, and from all gates of a phase to its verdict."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gitops_auditor.quality.evidence import Verdict
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.gate_files import DEFAULT_PATH
from gitops_auditor.quality.results import Enforcement, GateStatus, Override

_NAMED: Final = 3


class Standing(NamedTuple):
    """A gate by its name, and what it amounts to."""

    name: str
    status: GateStatus


class PhaseVerdict(NamedTuple):
    """The verdict of a phase. `passed` lets the commit go on; `reason` is a sentence."""

    status: GateStatus
    passed: bool
    reason: str


def is_required(required: bool | None, enforcement: Enforcement) -> bool:  # noqa: FBT001 - a gate's field as it is
    """Whether a gate can stop a commit: none can under `warn`, and under `strict` each can that
    does not say otherwise.
    """
    return enforcement == "strict" and required is not False


def gate_status(
    required: bool | None,  # noqa: FBT001 - a gate's field as it is
    enforcement: Enforcement,
    verdict: Verdict,
    override: Override | None = None,
) -> GateStatus:
    """What a gate amounts to. Under `off` nothing was looked at, so nothing passed either."""
    if enforcement == "off":
        return "skipped"
    if verdict in ("passed", "skipped"):
        return verdict
    stops = is_required(required, enforcement) and override is None
    return verdict if stops else "warning"


def phase_verdict(
    gate_type: GateType, gates: Sequence[Standing], enforcement: Enforcement
) -> PhaseVerdict:
    """What all gates of a phase amount to together; their order makes no difference.

    The worst counts: a gate that could not look, then one that failed, then a warning. Skipped
    gates make no phase pass.
    """
    if enforcement == "off":
        reason = f"Nothing was looked at in {gate_type}: QUALITY_GATE_ENFORCEMENT is off."
        return PhaseVerdict("skipped", False, reason)
    if not gates:
        reason = f"No gate is defined for {gate_type}; define one in {DEFAULT_PATH}."
        return PhaseVerdict("skipped", False, reason)
    told = {gate.status for gate in gates}
    status = next(one for one in _WORST_FIRST if one in told)
    return PhaseVerdict(status, status in ("passed", "warning"), _sentence(gates))


_WORST_FIRST: Final[tuple[GateStatus, ...]] = ("error", "failed", "warning", "passed", "skipped")
_SAID: Final[tuple[tuple[GateStatus, str], ...]] = (
    ("error", "could not look"),
    ("failed", "failed"),
    ("warning", "warned"),
    ("skipped", "had nothing to look at"),
    ("passed", "passed"),
)


def _sentence(gates: Sequence[Standing]) -> str:
    """How many gates amounted to what, worst first, with the names of those that did not pass."""
    parts = []
    for status, said in _SAID:
        names = sorted(gate.name for gate in gates if gate.status == status)
        if names:
            named = f" ({_listed(names)})" if status != "passed" else ""
            parts.append(f"{len(names)} {said}{named}")
    return f"Of {len(gates)} {'gate' if len(gates) == 1 else 'gates'} {', '.join(parts)}."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
