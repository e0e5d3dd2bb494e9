"""The base score of a CVSS 3.0 or 3.1 vector (FIRST, "CVSS v3.1 Specification", section 7.1)."""

from typing import Final

from gitops_auditor.formats.findings import Severity

_WEIGHTS: Final = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES: Final = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}
_RATINGS: Final[tuple[tuple[float, Severity], ...]] = (
    (9.0, "critical"),
    (7.0, "high"),
    (4.0, "medium"),
    (0.0, "low"),
)


def base_score(vector: str) -> float | None:
    """From 0 to 10; None for a vector of another version, or one that lacks a base metric."""
    head, *parts = vector.split("/")
    if head not in ("CVSS:3.0", "CVSS:3.1"):
        return None
    metrics = dict(part.split(":", 1) for part in parts if ":" in part)
    try:
        weights = {name: values[metrics[name]] for name, values in _WEIGHTS.items()}
        scope = metrics["S"]
        privileges = _PRIVILEGES[scope][metrics["PR"]]
    except KeyError:
        return None
    impact = _impact(weights["C"], weights["I"], weights["A"], scope)
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * weights["AV"] * weights["AC"] * privileges * weights["UI"]
    total = (impact + exploitability) * (1.08 if scope == "C" else 1.0)
    return _round_up(min(total, 10.0))


def _impact(confidentiality: float, integrity: float, availability: float, scope: str) -> float:
    sub_score = 1 - (1 - confidentiality) * (1 - integrity) * (1 - availability)
    if scope == "U":
        return 6.42 * sub_score
    return float(7.52 * (sub_score - 0.029) - 3.25 * (sub_score - 0.02) ** 15)


def _round_up(value: float) -> float:
    """To one decimal, upwards, without what binary fractions add (appendix A)."""
    scaled = round(value * 100_000)
    if scaled % 10_000 == 0:
        return scaled / 100_000
    return (scaled // 10_000 + 1) / 10


def rating(score: float) -> Severity:
    """The qualitative rating of a score (section 5); "none" counts as low."""
    return next(severity for least, severity in _RATINGS if score >= least)
