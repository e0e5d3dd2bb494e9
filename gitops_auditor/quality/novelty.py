"""Which findings are new: those of a commit that its base does not have.

Findings are compared by their fingerprints, as many as there are of each: three equal ones against
two leave one. Nothing is new only because lines moved.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gitops_auditor.formats.findings import Finding, at_least, counted
from gitops_auditor.formats.fingerprints import ReadLine, fingerprinted
from gitops_auditor.quality.evidence import Evidence, Verdict
from gitops_auditor.quality.gate import Gate


def new_findings(head: Iterable[Finding], base: Iterable[Finding]) -> list[Finding]:
    """The findings of `head` beyond those of `base`, in the order of `head`."""
    known = Counter(map(_identity, base))
    new = []
    for finding in head:
        identity = _identity(finding)
        if known[identity] > 0:
            known[identity] -= 1
        else:
            new.append(finding)
    return new


def moved(
    base: Iterable[Finding], renamed: Mapping[str, str], read_base_line: ReadLine
) -> list[Finding]:
    """The findings of the base as if its files had the names that they have now.

    `renamed` gives the new path by the old one. Fingerprints are made again, with the lines of the
    base by their old paths. A file whose name another one took over is gone, and so are its
    findings, which must not hide those of the other one.
    """
    taken = set(renamed.values()) - set(renamed)
    old = {new: path for path, new in renamed.items()}
    kept = [finding for finding in base if finding.file not in taken]
    there = [
        finding.model_copy(update={"file": renamed.get(finding.file, finding.file)})
        for finding in kept
    ]
    again = iter(
        fingerprinted(
            (new for new, was in zip(there, kept, strict=True) if new.file != was.file),
            lambda file, line: read_base_line(old[file], line),
        )
    )
    return [
        next(again) if new.file != was.file else was for new, was in zip(there, kept, strict=True)
    ]


def only_new(
    gate: Gate, evidence: Evidence, base: Sequence[Finding]
) -> tuple[Evidence, int | None]:
    """The evidence without the findings that the base has too, and how many are new.

    The verdict follows from the new ones alone, unless something else than findings failed the
    gate. When not all findings were kept and none of those that were fails the gate, what is new is
    not known: an error, and None. Evidence of a check that did not look stays as it is.
    """
    if evidence.verdict not in ("passed", "failed"):
        return evidence, None
    new = new_findings(evidence.findings, base)
    if evidence.verdict == "failed" and not _worst(evidence.findings, gate):
        return evidence, len(new)  # something else failed it, which no base excuses
    failing = _worst(new, gate)
    left_out = sum(tool.total for tool in evidence.tools) - sum(
        len(tool.findings) for tool in evidence.tools
    )
    if left_out > 0 and not failing:
        reason = f"What is new cannot be told: {left_out} findings more than are kept were found."
        fix = "Correct some of the old findings, or narrow the gate with `files`."
        return replace(evidence, verdict="error", reason=reason, fix=fix), None
    told = _sentence(gate, new, len(failing), len(evidence.findings) - len(new))
    verdict: Verdict = "failed" if failing else "passed"
    return replace(evidence, verdict=verdict, reason=told, findings=tuple(new)), len(new)


def _worst(findings: Iterable[Finding], gate: Gate) -> list[Finding]:
    """Those that fail the gate."""
    return [finding for finding in findings if at_least(finding.severity, gate.threshold)]


def _sentence(gate: Gate, new: Sequence[Finding], failing: int, old: int) -> str:
    counts = ", ".join(f"{count} {severity}" for severity, count in counted(new).items())
    found = f"{len(new)} new ({counts})" if new else "Nothing new"
    worse = f", {failing} of them at or above {gate.threshold}" if new else ""
    return f"{found}{worse}; {old} that the base has too." if old else f"{found}{worse}."


def _identity(finding: Finding) -> str:
    own = finding.fingerprint
    return own or json.dumps([finding.tool, finding.rule, finding.file, finding.message])
