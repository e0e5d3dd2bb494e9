from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.findings import Finding, Severity, ToolReport
from gitops_auditor.formats.fingerprints import fingerprinted
from gitops_auditor.quality.evidence import Evidence
from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.novelty import moved, new_findings, only_new

GATE = Gate.model_validate({"name": "Lint", "mcp": "code-linter", "new_issues_only": True})
Content = Mapping[str, list[str]]


def finding(
    fingerprint: str = "", file: str = "a.py", severity: Severity = "medium", line: int = 1
) -> Finding:
    return Finding(
        tool="ruff",
        rule="F401",
        severity=severity,
        message="unused",
        file=file,
        line=line,
        fingerprint=fingerprint,
    )


def line_of(files: Content, path: str, line: int) -> str | None:
    lines = files.get(path, [])
    return lines[line - 1] if 0 < line <= len(lines) else None


def scanned(files: Content) -> list[Finding]:
    """A finding for each line with `x`, as a tool reports them."""
    raw = [
        finding(file=path, line=number)
        for path, lines in files.items()
        for number, line in enumerate(lines, 1)
        if "x" in line
    ]
    return fingerprinted(raw, lambda path, line: line_of(files, path, line))


def test_findings_are_compared_as_often_as_they_occur() -> None:
    head = [finding("a"), finding("b"), finding("a"), finding("a")]
    assert new_findings(head, [finding("a"), finding("a"), finding("c")]) == [head[1], head[3]]


def test_findings_without_a_fingerprint_are_compared_by_what_they_say() -> None:
    assert new_findings([finding(line=9)], [finding(line=2)]) == []
    assert new_findings([finding(file="b.py")], [finding(file="a.py")]) != []


_FINDINGS = st.lists(st.builds(finding, st.sampled_from(["a", "b", "c"])), max_size=8)


@given(_FINDINGS, _FINDINGS)
def test_what_is_new_is_the_difference_of_multisets(
    head: list[Finding], base: list[Finding]
) -> None:
    def count(findings: list[Finding]) -> Counter[str]:
        return Counter(one.fingerprint for one in findings)

    new = new_findings(head, base)
    assert count(new) == count(head) - count(base)
    assert new_findings(head, head) == []
    assert new_findings(head, []) == head
    assert count(new_findings(head[::-1], base)) == count(new)


_FILES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(st.sampled_from(["x1", "x2", "ok"]), max_size=5)
)


@given(_FILES, st.integers(0, 3))
def test_nothing_is_new_because_lines_moved(files: Content, above: int) -> None:
    shifted = {path: ["ok"] * above + lines for path, lines in files.items()}
    assert new_findings(scanned(shifted), scanned(files)) == []


@given(_FILES, st.permutations(["a", "b", "c"]))
def test_nothing_is_new_because_files_were_renamed(files: Content, names: list[str]) -> None:
    renamed = dict(zip("abc", names, strict=True))
    head = {renamed[path]: lines for path, lines in files.items()}
    base = moved(scanned(files), renamed, lambda path, line: line_of(files, path, line))
    assert new_findings(scanned(head), base) == []
    assert new_findings(base, scanned(head)) == []


def test_a_file_that_another_one_replaced_does_not_hide_what_that_one_brings() -> None:
    before = {"a": ["x1"], "b": ["ok"]}
    base = moved(scanned(before), {"b": "a"}, lambda path, line: line_of(before, path, line))
    assert len(new_findings(scanned({"a": ["x1"]}), base)) == 1


def test_without_renames_the_base_stays_as_it_is() -> None:
    base = scanned({"a": ["x1"]})
    assert moved(base, {}, lambda _path, _line: None) == base


def evidence(*findings: Finding, total: int | None = None) -> Evidence:
    count = len(findings) if total is None else total
    counts: dict[Severity, int] = {"medium": count} if count else {}
    tool = ToolReport(tool="ruff", status="failed", findings=findings, counts=counts)
    return Evidence("failed", "", findings, (tool,))


def test_old_findings_alone_let_the_gate_pass() -> None:
    found, new = only_new(GATE, evidence(finding("a")), [finding("a")])
    assert (found.verdict, found.findings, new) == ("passed", (), 0)
    assert found.reason == "Nothing new; 1 that the base has too."


def test_a_new_finding_at_the_threshold_fails_the_gate() -> None:
    found, new = only_new(GATE, evidence(finding("a"), finding("b")), [finding("a")])
    assert (found.verdict, found.findings, new) == ("failed", (finding("b"),), 1)
    assert (
        found.reason == "1 new (1 medium), 1 of them at or above medium; 1 that the base has too."
    )


def test_a_new_finding_below_the_threshold_does_not() -> None:
    low = finding("b", severity="low")
    found, new = only_new(GATE, evidence(finding("a"), low), [finding("a")])
    assert (found.verdict, found.findings, new) == ("passed", (low,), 1)
    assert found.reason == "1 new (1 low), 0 of them at or above medium; 1 that the base has too."


def test_what_is_new_is_unknown_when_findings_were_left_out() -> None:
    found, new = only_new(GATE, evidence(finding("a"), total=9), [finding("a")])
    assert (found.verdict, new) == ("error", None)
    assert "8 findings more than are kept" in found.reason


def test_a_new_finding_among_those_that_were_kept_is_enough_to_fail() -> None:
    found, _ = only_new(GATE, evidence(finding("a"), finding("b"), total=9), [finding("a")])
    assert found.verdict == "failed"


def test_a_failure_for_another_reason_is_not_excused_by_the_base() -> None:
    low = finding("a", severity="low")
    failed = Evidence("failed", "The server said so.", (low,))
    assert only_new(GATE, failed, [low]) == (failed, 0)


def test_a_check_that_did_not_look_stays_as_it_is() -> None:
    broken = Evidence("error", "It broke.")
    assert only_new(GATE, broken, [finding("a")]) == (broken, None)
