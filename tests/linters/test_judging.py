"""Whether a tool's word is taken: whatever becomes of its output, no fault turns into a pass."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_auditor.execution.results import FailureKind, JobResult
from gitops_auditor.execution.supervision.orders import Isolation, Limit
from gitops_auditor.formats.findings import MOST_FINDINGS, Finding, ToolReport
from gitops_auditor.linters.judging import Broken, Start, judged, looked_at, outcome_of
from gitops_auditor.linters.tool import Ended, Reading, Request
from gitops_auditor.linters.tools.ruff import RUFF
from tests.linters.recorded import RECORDINGS, Recording, ended, request_of

Corruption = Callable[[Ended], Ended]
EXAMPLES: Final = 300
"""For each tool."""

every_tool = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.tool.name)


def report_of(recording: Recording, end: Ended) -> ToolReport:
    return judged(recording.tool, [Start(recording.request, end)])


def _on(stream: str, change: Callable[[bytes], bytes]) -> Corruption:
    if stream == "stdout":
        return lambda end: replace(end, stdout=change(end.stdout))
    return lambda end: replace(end, stderr=change(end.stderr))


def _cut(at: float) -> Callable[[bytes], bytes]:
    return lambda text: text[: int(len(text) * at)]


def _drop(place: float, length: int) -> Callable[[bytes], bytes]:
    def change(text: bytes) -> bytes:
        begin = int(len(text) * place)
        return text[:begin] + text[begin + length :]

    return change


def _drop_line(number: int) -> Callable[[bytes], bytes]:
    def change(text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        if lines:
            del lines[number % len(lines)]
        return b"".join(lines)

    return change


def _between(opening: bytes, closing: bytes) -> Callable[[bytes], bytes]:
    """Without what is between the first and the last of two marks, such as all findings."""

    def change(text: bytes) -> bytes:
        begin, end = text.find(opening), text.rfind(closing)
        return text[: begin + len(opening)] + text[end:] if 0 <= begin < end else text

    return change


def _spoken(by: Recording, *, is_clean: bool) -> Corruption:
    return lambda _: by.clean if is_clean else by.faulty


streams = st.sampled_from(["stdout", "stdout", "stderr"])
shares = st.floats(0, 1)
NAMES: Final = (b"a.py", b"b.py", b"a.sh", b"b.sh", b"Dockerfile", b"a.yaml", b"b.yaml", b"a.yml")
texts: st.SearchStrategy[Callable[[bytes], bytes]] = st.one_of(
    st.builds(_cut, shares),
    st.builds(_drop, shares, st.integers(1, 400)),
    st.builds(_drop_line, st.integers(0, 40)),
    st.sampled_from(
        [_between(b"[", b"]"), _between(b"'b.sh' >", b"</file>"), _between(b"{", b"}")]
    ),
    st.sampled_from(
        [b"", b"[]", b"{}", b"null", b"\n", b"[null]", b"[[]]", b'{"results": []}']
    ).map(lambda text: lambda _: text),
    st.tuples(st.sampled_from(NAMES), st.sampled_from([*NAMES, b"c.py", b"../a.py", b""])).map(
        lambda names: lambda text: text.replace(*names)
    ),
    st.sampled_from([b"true", b"null", b"0", b"-1", b"1e999"]).map(
        lambda value: lambda text: text.replace(b"1", value)
    ),
    st.binary(max_size=20).map(lambda more: lambda text: text + more),
    st.just(lambda text: text + text),
    st.just(lambda text: text.replace(b"2 files", b"1 file")),
)
corruptions: st.SearchStrategy[Corruption] = st.one_of(
    st.builds(_on, streams, texts),
    st.builds(_on, streams, texts),
    st.sampled_from([0, 0, 0, 1, 2, 3, 14, 101, 120, 127, 255]).map(
        lambda code: lambda end: replace(end, exit_code=code)
    ),
    st.builds(_spoken, st.sampled_from(RECORDINGS), is_clean=st.booleans()),
)


@every_tool
def test_what_the_tools_really_print_is_understood(recording: Recording) -> None:
    clean, faulty = report_of(recording, recording.clean), report_of(recording, recording.faulty)
    assert (clean.status, clean.files, clean.reason) == ("passed", 2, "")
    assert (faulty.status, faulty.total) == ("failed", 1)
    assert faulty.findings[0].file == recording.request.files[1]


@every_tool
@settings(max_examples=EXAMPLES)
@given(st.booleans(), st.lists(corruptions, min_size=1, max_size=4))
def test_nothing_passes_but_the_whole_report_of_files_without_faults(
    recording: Recording, is_clean: bool, corrupted: list[Corruption]
) -> None:
    end = recording.clean if is_clean else recording.faulty
    for corrupt in corrupted:
        end = corrupt(end)
    report = report_of(recording, end)
    assert report.status != "passed" or recording.is_clean(end), end
    assert report.status in {"passed", "failed"} or report.reason


@every_tool
@pytest.mark.parametrize("code", [1, 2, 3, 101, 120, 127, 255])
def test_no_tool_passes_with_an_exit_code_that_it_has_not_when_it_finds_nothing(
    recording: Recording, code: int
) -> None:
    end = replace(recording.clean, exit_code=code)
    is_usual = code == recording.clean.exit_code
    assert (report_of(recording, end).status == "passed") is is_usual


@every_tool
def test_no_tool_passes_with_files_that_its_report_is_not_about(recording: Recording) -> None:
    files = (*recording.request.files, "c" + recording.request.files[0].rpartition("/")[2])
    more = replace(recording, request=replace(recording.request, files=files))
    # Those that plant a fault or an end go through all that they are given.
    is_told = recording.tool.name not in {"mypy", "yamllint"}
    assert (report_of(more, recording.clean).status == "error") is is_told


@every_tool
def test_an_empty_output_is_an_error_whatever_the_exit_code(recording: Recording) -> None:
    for code in range(256):
        assert report_of(recording, ended(code, "")).status == "error"


class Reads:
    """A tool that reads what the test says."""

    name = "reads"
    purpose = RUFF.purpose
    languages = ("text",)
    programs = ("true",)
    install = "install it"
    takes = RUFF.takes
    is_wanted = RUFF.is_wanted
    command = RUFF.command

    def __init__(self, reading: Reading | Exception) -> None:
        self._reading = reading

    def read(self, _ended: Ended, _request: Request) -> Reading:
        if isinstance(self._reading, Exception):
            raise self._reading
        return self._reading


def finding(file: str = "a.py") -> Finding:
    return Finding(tool="reads", rule="r", severity="high", message="m", file=file)


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading([], None), "did not say what it looked at"),
        (Reading([], 1), "looked at 1 of 2"),
        (Reading([], 3), "looked at 3 of 2"),
        (Reading([], 2, ignored=1), "looked at 2 of 2"),
        (Reading([finding("c.py")], 2), "spoke of c.py"),
        (KeyError("results"), "not its report"),
        (RecursionError(), "not its report"),
    ],
)
def test_a_reading_that_does_not_fit_the_request_is_an_error(
    reading: Reading | Exception, reason: str
) -> None:
    start = Start(request_of("a.py", "b.py"), ended(0, ""))
    report = judged(Reads(reading), [start])
    assert report.status == "error"
    assert reason in report.reason


def test_files_that_its_configuration_leaves_out_are_no_pass_when_they_are_all() -> None:
    start = Start(request_of("a.py", "b.py"), ended(0, ""))
    assert judged(Reads(Reading([], 0, ignored=2)), [start]).status == "skipped"
    some = judged(Reads(Reading([], 1, ignored=1)), [start], left_out=2)
    assert (some.status, some.files) == ("passed", 1)
    assert some.reason == "It leaves out 3 of the files."


def test_one_broken_start_of_several_is_an_error() -> None:
    fine = Start(request_of("a.py"), ended(0, ""))
    late = Start(request_of("b.py"), Broken("It ran longer than its 5 seconds."))
    report = judged(Reads(Reading([], 1)), [fine, late])
    assert (report.status, report.reason) == ("error", "It ran longer than its 5 seconds.")


def test_findings_beyond_the_most_that_are_kept_are_counted() -> None:
    reading = Reading([finding()] * (MOST_FINDINGS + 7), 1)
    report = judged(Reads(reading), [Start(request_of("a.py"), ended(1, ""))])
    assert (len(report.findings), report.counts) == (MOST_FINDINGS, {"high": MOST_FINDINGS + 7})


@pytest.mark.parametrize(
    ("code", "failure", "exceeded", "all_gone"),
    [
        (0, "timeout", None, True),
        (0, "cancelled", None, True),
        (0, "failed", "output", True),
        (0, "failed", "memory", True),
        (None, "lost", None, False),
        (None, "errored", None, True),
        (137, "failed", None, True),
        (139, "failed", None, True),
        (0, None, None, False),
    ],
)
def test_a_process_that_did_not_end_by_itself_is_not_listened_to(
    code: int | None, failure: FailureKind | None, exceeded: Limit | None, all_gone: bool
) -> None:
    result = JobResult(code, failure, "Why.", Isolation.NONE, exceeded=exceeded, all_gone=all_gone)
    assert isinstance(outcome_of(result, b"[]", b""), Broken)


@pytest.mark.parametrize("code", [0, 1, 2, 255])
def test_an_exit_code_alone_is_the_tools_own_to_explain(code: int) -> None:
    result = JobResult(code, "failed" if code else None, "", Isolation.NONE, seconds=2.0)
    assert outcome_of(result, b"out", b"err") == Ended(code, b"out", b"err", 2.0)


def test_a_survey_that_names_other_files_or_none_at_all_is_not_taken() -> None:
    checked = RECORDINGS[0].clean
    assert looked_at(RUFF, Start(request_of("a.py", "b.py"), checked)) == ("a.py", "b.py")
    for end in (replace(checked, stderr=b""), replace(checked, exit_code=2), ended(0, "")):
        assert isinstance(looked_at(RUFF, Start(request_of("a.py", "b.py"), end)), str)
    assert isinstance(looked_at(RUFF, Start(request_of("a.py"), checked)), str)
    assert isinstance(looked_at(RUFF, Start(Request(Path("/x"), ("a.py", "b.py")), checked)), str)
